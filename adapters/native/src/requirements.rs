//! What no host on an operating system may do for a request.

use azid_core::effect::{HttpRequest, Refusal, Requirement};

/// Says which requirement of a request cannot be honoured anywhere, if there is one. Every host
/// asks this before it does anything else with a request.
///
/// # Errors
///
/// The URL's scheme is neither `https` nor an allowed `http`; or it is `http`, and the server is
/// to prove who it is, which it cannot in clear.
pub fn check(request: &HttpRequest) -> Result<(), Refusal> {
    let unmet = match request.url.scheme() {
        "https" => None,
        "http" if request.requirements.plain_http => {
            request.requirements.tls.special_requirements().next()
        }
        _ => Some(Requirement::Https),
    };
    unmet.map_or(Ok(()), |unmet| Err(Refusal::Requirement(unmet)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use azid_core::effect::{Requirements, Roots, Thumbprint, Tls};

    fn checked(url: &str, requirements: Requirements) -> Result<(), Refusal> {
        let url = url.parse().expect("the URLs of the tests are valid");
        check(&HttpRequest::get(url).requirements(requirements))
    }

    #[test]
    fn a_request_in_clear_needs_leave() {
        let refused = Err(Refusal::Requirement(Requirement::Https));
        let plain = Requirements {
            plain_http: true,
            ..Requirements::default()
        };
        assert_eq!(checked("http://a/", Requirements::default()), refused);
        assert_eq!(checked("ftp://a/", plain.clone()), refused);
        assert_eq!(checked("http://a/", plain), Ok(()));
        assert_eq!(checked("https://a/", Requirements::default()), Ok(()));
    }

    #[test]
    fn no_server_can_prove_in_clear_who_it_is() {
        let pin = Tls {
            pin: Some(Thumbprint([7; 20])),
            ..Tls::default()
        };
        let roots = Tls {
            roots: Roots::Exclusive(String::new()),
            ..Tls::default()
        };
        let server_name = Tls {
            server_name: Some("other".into()),
            ..Tls::default()
        };
        for (tls, name) in [
            (pin, Requirement::TlsPin),
            (roots, Requirement::ExclusiveRoots),
            (server_name, Requirement::ServerName),
        ] {
            let requirements = Requirements {
                plain_http: true,
                tls,
                ..Requirements::default()
            };
            let refusal = Err(Refusal::Requirement(name));
            assert_eq!(checked("http://a/", requirements.clone()), refusal);
            assert_eq!(checked("https://a/", requirements), Ok(()));
        }
    }
}
