//! Challenges of services.

use std::sync::Arc;

use azid_core::effect::HttpResponse;
use azid_core::oauth::Challenge;
use azid_core::{
    Context, Environment, ManagedIdentityCredential, Now, Platform, Run, Seed, Step, TokenRequest,
};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue};

/// Whatever challenge answers in the place of Azure Arc's agent, no file is read but a key that lies
/// in the directory of the agent's keys itself.
pub fn arc_challenge(data: &[u8]) {
    let Ok(challenge) = HeaderValue::from_bytes(data) else {
        return;
    };
    let linux = "/var/opt/azcmagent/tokens/";
    let windows = r"C:\ProgramData\AzureConnectedMachineAgent\Tokens\";
    for (platform, directory) in [(Platform::Linux, linux), (Platform::Windows, windows)] {
        let Some(path) = challenged_to_read(&challenge, platform) else {
            continue;
        };
        let name = path
            .strip_prefix(directory)
            .expect("it is in the directory");
        assert!(!name.contains(['/', '\\', ':', '\0', ' ']), "{path:?}");
        assert!(!name.contains(".."), "{path:?}");
        assert!(name.to_lowercase().ends_with(".key"), "{path:?}");
    }
}

fn challenged_to_read(challenge: &HeaderValue, platform: Platform) -> Option<String> {
    let environment = Environment::from_pairs([
        ("IDENTITY_ENDPOINT", "http://127.0.0.1:40342/token"),
        ("IMDS_ENDPOINT", "http://127.0.0.1:40342"),
        ("PROGRAMDATA", r"C:\ProgramData"),
    ]);
    let request = TokenRequest::new(["https://vault.azure.net/.default"]);
    let context = Context::new(request, Now::wall(0), Seed::new([7; 32]))
        .with_environment(environment)
        .with_platform(platform);
    let credential = Arc::new(ManagedIdentityCredential::new());
    let Step::Http(call) = Run::start(credential, context) else {
        panic!("the agent is asked first");
    };
    let mut response = HttpResponse::new(401, &b""[..]);
    response.headers.insert(WWW_AUTHENTICATE, challenge.clone());
    match call.reply(Ok(response), Now::wall(1)) {
        Step::ReadFile(call) => Some(call.request().path.clone()),
        Step::Done(_) => None,
        _ => panic!("a challenge leads to a file or to an error"),
    }
}

/// Whatever a service puts into the fields of its challenge, what is understood can be written by
/// the book and is understood the same, and claims that are to be sent are a JSON object.
pub fn service_challenge(data: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n') {
        if let Ok(field) = HeaderValue::from_bytes(line) {
            headers.append(WWW_AUTHENTICATE, field);
        }
    }
    if let Ok(challenges) = Challenge::all_in(&headers) {
        let written: Vec<_> = challenges.iter().map(ToString::to_string).collect();
        assert_eq!(Challenge::parse(&written.join(", ")), Ok(challenges));
    }
    if let Ok(Some(challenged)) = TokenRequest::new(["scope"]).challenged_by(&headers) {
        let claims = challenged.claims_json().expect("that is what it is for");
        let parsed = serde_json::from_str::<serde_json::Value>(claims);
        assert!(parsed.expect("it is JSON").is_object());
    }
}
