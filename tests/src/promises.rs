//! What holds for every run of every credential, whatever it is answered.

use std::time::Duration;

use azid_core::effect::HttpRequest;
use azid_core::testing::{Case, World};
use azid_core::{Context, Transcript};

use url::Url;

use crate::watch::Seen;

/// The variables by which a host names its metadata service.
const METADATA: &[&str] = &[
    "AZURE_POD_IDENTITY_AUTHORITY_HOST",
    "IDENTITY_ENDPOINT",
    "IMDS_ENDPOINT",
    "MSI_ENDPOINT",
];

/// Panics unless a run kept every promise: a token that is returned is good, requests go where they
/// were configured to, waits are bounded, and the transcript replays.
///
/// # Panics
///
/// A promise was broken.
pub fn keeps_every_promise(case: &Case, seen: &Seen, world: &World) {
    stays_in_bounds(case, seen, world);
    replays(seen.transcript());
}

/// The promises but the last one.
///
/// # Panics
///
/// A promise was broken.
pub fn stays_in_bounds(case: &Case, seen: &Seen, world: &World) {
    if let Ok(token) = &seen.outcome.result {
        assert!(token.expires_on() > world.now().timestamp(), "{token:?}");
        assert!(!token.expose().is_empty());
    }
    for request in &seen.requests {
        goes_where_it_was_sent(case, request);
    }
    for page in &seen.pages {
        // As good as a request over TLS for the page: nobody signs in anywhere else, or in clear.
        goes_where_it_was_sent(case, &HttpRequest::get(page.clone()));
    }
    for wait in &seen.waits {
        assert!(*wait <= Duration::from_secs(60), "a wait of {wait:?}");
    }
    for wait in &seen.polls {
        // An endpoint may say how seldom it wants to be asked, within the time of the run.
        assert!(
            *wait >= Duration::from_secs(1) && *wait <= Context::DEADLINE,
            "{wait:?}"
        );
    }
    assert!(world.elapsed() <= Context::DEADLINE);
}

/// No answer sends a request elsewhere, and none leaves the machine in clear.
fn goes_where_it_was_sent(case: &Case, request: &HttpRequest) {
    let url = &request.url;
    let credential = serde_json::to_string(&case.credential).expect("a configuration serialises");
    let defaults =
        "https://login.microsoftonline.com http://169.254.169.254 http://127.0.0.1:40342";
    let values = case.environment.iter().map(|(_, value)| value.as_str());
    let configured = format!(
        "{credential} {} {defaults}",
        values.collect::<Vec<_>>().join(" ")
    );
    // A host by its name alone is one that is asked over TLS.
    let names = |value: &str, origin: &str| {
        let named = [value.trim().to_owned(), format!("https://{}", value.trim())];
        let mut named = named.iter().filter_map(|url| Url::parse(url).ok());
        named.any(|named| named.origin().ascii_serialization() == origin)
    };
    let origin = url.origin().ascii_serialization();
    let global = global_host(case, request).map(|host| format!("https://{host}"));
    let mut origins = [Some(&origin), global.as_ref()].into_iter().flatten();
    let is_named = |origin: &str| {
        let mut variables = case.environment.iter();
        variables.any(|(_, value)| names(value, origin))
    };
    assert!(
        origins.any(|origin| configured.contains(origin) || is_named(origin)),
        "{url} is not in {configured}"
    );
    let is_near = matches!(
        url.host_str(),
        Some("169.254.169.254" | "127.0.0.1" | "[::1]" | "localhost")
    );
    // A host may say that its metadata service is elsewhere: in the network of its containers, say.
    let mut variables = case.environment.iter();
    let is_metadata =
        variables.any(|(name, value)| METADATA.contains(name) && names(value, &origin));
    assert!(url.scheme() == "https" || is_near || is_metadata, "{url}");
    assert!(
        url.scheme() == "https" || request.requirements.plain_http,
        "{url}"
    );
}

/// The host whose regional one a token request is for: one label less, which is the region that
/// the credential names, or any where it is to find out its region. The public cloud has a name of
/// its own there.
fn global_host<'a>(case: &Case, request: &'a HttpRequest) -> Option<&'a str> {
    let credential = serde_json::to_value(&case.credential).expect("a configuration serialises");
    let by_option = credential["application"]["region"].as_str();
    let by_variable = case.environment.iter().filter_map(|(name, value)| {
        let names_region = ["AZURE_REGIONAL_AUTHORITY_NAME", "MSAL_FORCE_REGION"].contains(name);
        names_region.then_some(value.trim())
    });
    let (region, global) = request.url.host_str()?.split_once('.')?;
    let is_its_region = by_option.into_iter().chain(by_variable).any(|wanted| {
        let is_found_out = ["tryautodetect", "true"].contains(&&*wanted.to_ascii_lowercase());
        region.eq_ignore_ascii_case(wanted)
            || (is_found_out && region.starts_with(|first: char| first.is_ascii_lowercase()))
    });
    let is_token_request = request.url.path().ends_with("/oauth2/v2.0/token");
    let global = match global {
        "login.microsoft.com" => "login.microsoftonline.com",
        other => other,
    };
    (is_token_request && is_its_region).then_some(global)
}

/// Panics unless a transcript survives being stored, and the recording of its replay is the
/// transcript again.
///
/// # Panics
///
/// A promise was broken.
pub fn replays(transcript: &Transcript) {
    let stored = serde_json::to_string(transcript).expect("a transcript serialises");
    let read: Transcript = serde_json::from_str(&stored).expect("a transcript is read back");
    assert_eq!(&read, transcript);
    let credential = read
        .recorded_credential()
        .expect("registered credentials are data");
    assert_eq!(&read.replay(credential), transcript);
}
