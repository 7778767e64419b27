//! What the fuzz targets do, one function for each. A function begins with the sentence that must
//! hold for every input, and panics when it does not.

use std::sync::Arc;
use std::time::Duration;

use azid_certificate::CertificateReader;
use azid_core::effect::{HttpResponse, Refusal};
use azid_core::{
    ClientSecretCredential, Context, Credential, Environment, ManagedIdentityCredential, Now,
    Outcome, Platform, ReadCertificate as _, Run, SecretBytes, Seed, Step, TokenRequest,
};
use http::HeaderValue;
use http::header::WWW_AUTHENTICATE;

const SECRET: &str = "canary-client-secret";

/// What opens the files of the corpus.
const CERTIFICATE_PASSWORD: &str = "swordfish";
const STATUSES: [u16; 8] = [200, 400, 401, 403, 404, 429, 500, 503];

/// More than any credential asks for when every answer is the same.
const MOST_STEPS: usize = 100;

/// Whatever the token endpoint answers, the run ends in a token or in an error, within its budget,
/// and nothing that can be shown holds the secret, not even when the endpoint sends it back.
pub fn token_answer(data: &[u8]) {
    let Some((status, body)) = data.split_first() else {
        return;
    };
    let response = HttpResponse::new(STATUSES[usize::from(status % 8)], body);
    let application = ClientSecretCredential::new("contoso", "client", SECRET);
    let application = application.expect("three good values");
    hides_the_secret(&always_answer(Arc::new(application), &response));
    always_answer(Arc::new(ManagedIdentityCredential::new()), &response);
}

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

/// Whatever a certificate file holds, it is read as a chain with its key, or refused in words that
/// do not show the password, and another reader finds the same.
pub fn certificate_file(data: &[u8]) {
    let read = || {
        let reader = CertificateReader::new().password(CERTIFICATE_PASSWORD);
        reader.read(&SecretBytes::from(data))
    };
    let first = read();
    if let Err(refusal) = &first {
        let shown = refusal.to_string();
        assert!(!shown.contains(CERTIFICATE_PASSWORD), "{shown}");
    }
    assert_eq!(first, read());
}

fn always_answer(credential: Arc<dyn Credential>, response: &HttpResponse) -> Outcome {
    let request = TokenRequest::new(["https://vault.azure.net/.default"]);
    let mut waited = Duration::ZERO;
    let now = |waited: Duration| Now::new(1_800_000_000_000 + waited.as_millis() as i64, waited);
    let context = Context::new(request, now(waited), Seed::new([7; 32])).record_transcript();
    let mut step = Run::start(credential, context);
    for _ in 0..MOST_STEPS {
        step = match step {
            Step::Done(outcome) => return outcome,
            Step::Http(call) => call.reply(Ok(response.clone()), now(waited)),
            Step::Sleep(call) => {
                waited += call.request().duration;
                call.reply(Ok(()), now(waited))
            }
            other => other.refuse(Refusal::NoSuchEffect, now(waited)),
        };
    }
    panic!("the run has not ended after {MOST_STEPS} steps");
}

fn hides_the_secret(outcome: &Outcome) {
    let transcript = serde_json::to_string(&outcome.transcript).expect("a transcript serialises");
    let mut shown = format!("{outcome:?}{transcript}");
    if let Err(error) = &outcome.result {
        shown.push_str(&error.to_string());
    }
    assert!(!shown.contains(SECRET), "{shown}");
}
