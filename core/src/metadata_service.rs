//! Where the endpoints of a host are, as the environment names them.

use url::Url;

use crate::environment::Environment;
use crate::error::{Invalid, What};

/// Replaces the address of the instance metadata service.
pub(crate) const POD_IDENTITY_HOST: &str = "AZURE_POD_IDENTITY_AUTHORITY_HOST";

/// The instance metadata service: where a variable says, or where it is on every host of Azure.
pub(crate) fn metadata_service(environment: &Environment) -> Result<Url, Invalid> {
    match environment.get(POD_IDENTITY_HOST) {
        Some(_) => endpoint(environment, POD_IDENTITY_HOST),
        None => Ok(Url::parse("http://169.254.169.254").expect("the address is valid")),
    }
}

/// The endpoint that a variable names.
pub(crate) fn endpoint(environment: &Environment, name: &'static str) -> Result<Url, Invalid> {
    let invalid = || {
        Invalid::new(
            What::Variable(name),
            "it must be an http or https URL without user information, query and fragment",
        )
    };
    let url = environment.url(name)?.ok_or_else(invalid)?;
    let is_bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if matches!(url.scheme(), "http" | "https") && is_bare {
        Ok(url)
    } else {
        Err(invalid())
    }
}

/// The same URL with more segments in its path.
pub(crate) fn below(mut url: Url, segments: &[&str]) -> Url {
    url.path_segments_mut()
        .expect("an http URL has a path")
        .pop_if_empty()
        .extend(segments);
    url
}
