//! What no host on an operating system may or can do for a request.

use azid_core::effect::{HttpRequest, Refusal, Requirement, Roots, Tls};

/// Says which requirement of a request cannot be honoured here, if there is one. Every host asks
/// this before it does anything else with a request.
///
/// # Errors
///
/// The URL's scheme is neither `https` nor an allowed `http`, or the server is to prove who it is
/// in a way that is not offered: by a pinned certificate, by other roots, under another name.
pub fn check(request: &HttpRequest) -> Result<(), Refusal> {
    match request.url.scheme() {
        "https" => check_tls(&request.requirements.tls),
        "http" if request.requirements.plain_http => check_tls(&request.requirements.tls),
        _ => Err(Refusal::Requirement(Requirement::Https)),
    }
}

pub(crate) fn check_tls(tls: &Tls) -> Result<(), Refusal> {
    let unmet = if tls.pin.is_some() {
        Requirement::TlsPin
    } else if tls.roots != Roots::System {
        Requirement::ExclusiveRoots
    } else if tls.server_name.is_some() {
        Requirement::ServerName
    } else {
        return Ok(());
    };
    Err(Refusal::Requirement(unmet))
}

#[cfg(test)]
mod tests {
    use super::*;
    use azid_core::effect::{Requirements, Thumbprint};

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
    fn what_is_not_offered_is_refused_by_name_even_in_clear() {
        let cases = [
            (
                Tls {
                    pin: Some(Thumbprint([7; 20])),
                    ..Tls::default()
                },
                Requirement::TlsPin,
            ),
            (
                Tls {
                    roots: Roots::Exclusive(String::new()),
                    ..Tls::default()
                },
                Requirement::ExclusiveRoots,
            ),
            (
                Tls {
                    server_name: Some("other".into()),
                    ..Tls::default()
                },
                Requirement::ServerName,
            ),
        ];
        for (tls, name) in cases {
            for url in ["https://a/", "http://a/"] {
                let requirements = Requirements {
                    plain_http: true,
                    tls: tls.clone(),
                    ..Requirements::default()
                };
                assert_eq!(
                    checked(url, requirements),
                    Err(Refusal::Requirement(name)),
                    "{url}"
                );
            }
        }
    }
}
