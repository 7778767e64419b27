//! The address at which a token request came in, and the names that an assertion may give it.
//!
//! A tenant's endpoint is reached under the authority, and under one name for each region:
//! `{region}.login.microsoft.com` for the public cloud, `{region}.` before any other authority.

use http::{Request, Uri};

/// The names of the public cloud, which share their regional names.
pub(super) const PUBLIC_CLOUD_HOSTS: [&str; 4] = [
    "login.microsoftonline.com",
    "login.microsoft.com",
    "sts.windows.net",
    "login.windows.net",
];

/// A token endpoint as one request addressed it.
pub(super) struct Endpoint<'a> {
    uri: &'a Uri,
    authority: String,
}

impl<'a> Endpoint<'a> {
    /// `authority` is the service's own origin.
    pub(super) fn new(request: &'a Request<Vec<u8>>, authority: &str) -> Endpoint<'a> {
        Endpoint {
            uri: request.uri(),
            authority: authority.to_owned(),
        }
    }

    /// Whether the request was addressed to a region.
    pub(super) fn is_regional(&self) -> bool {
        let host = self.uri.authority().map(http::uri::Authority::as_str);
        host.is_some_and(|host| self.is_region_of_authority(host))
    }

    /// Whether `audience` is the URL of this endpoint: the path as it was called, under the host
    /// that was called, under the authority, or under a region of it.
    pub(super) fn is_named_by(&self, audience: &str) -> bool {
        let path = self.uri.path();
        let origin = audience
            .strip_suffix(path)
            .or_else(|| audience.strip_suffix(path.trim_end_matches('/')));
        let Some(origin) = origin else {
            return false;
        };
        let Some(host) = origin.strip_prefix("https://") else {
            return false;
        };
        let called = self.uri.authority().is_some_and(|it| it.as_str() == host);
        called || origin == self.authority || self.is_region_of_authority(host)
    }

    fn is_region_of_authority(&self, host: &str) -> bool {
        let own = self.authority.trim_start_matches("https://");
        let own = if PUBLIC_CLOUD_HOSTS.contains(&own) {
            "login.microsoft.com"
        } else {
            own
        };
        let region = host
            .strip_suffix(own)
            .and_then(|region| region.strip_suffix('.'));
        region.is_some_and(is_region)
    }
}

/// A region is one label of a host name, in lower case.
fn is_region(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.len() <= 63
        && !name.ends_with('-')
        && name
            .bytes()
            .all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-')
}
