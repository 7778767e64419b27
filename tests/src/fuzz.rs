//! What the fuzz targets do, one function for each. A function begins with the sentence that must
//! hold for every input, and panics when it does not.

use std::sync::Arc;
use std::time::Duration;

use azid_certificate::CertificateReader;
use azid_core::cache::Snapshot;
use azid_core::effect::{
    Accepted, AuthorizeAnswer, AuthorizeRequest, CallbackId, HttpResponse, LoopbackRedirect,
    Refusal, ResponseMode,
};
use azid_core::oauth::Challenge;
use azid_core::{
    ClientSecretCredential, Context, Credential, DeviceCodeCredential, Environment,
    ManagedIdentityCredential, Now, Outcome, Platform, ReadCertificate as _, Run, SecretBytes,
    Seed, Step, Timestamp, TokenRequest,
};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue};
use sha2::{Digest as _, Sha256};

const STATE: &str = "canary-state";
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

/// Whatever a browser, or anything else, sends to the listener of a sign-in, it is the answer to no
/// sign-in but the one whose state it carries, and what is said of it is one line and a page of ours.
pub fn loopback_request(data: &[u8]) {
    for response_mode in [ResponseMode::FormPost, ResponseMode::Query] {
        let request = AuthorizeRequest {
            endpoint: "https://login.example/authorize".parse().expect("a URL"),
            redirect: LoopbackRedirect::default(),
            state: STATE.into(),
            response_mode,
            timeout: Duration::from_secs(60),
        };
        let page = match request.accept(data) {
            Accepted::Incomplete => continue,
            Accepted::Refuse(page) => page,
            Accepted::Answer(page, answer) => {
                let mut other = request.clone();
                other.state = "another".into();
                let is_answer = matches!(other.accept(data), Accepted::Answer(..));
                assert!(!is_answer, "an answer to two sign-ins");
                if let AuthorizeAnswer::Denied { error, description } = answer {
                    let said = format!("{error}{description}");
                    assert!(!said.contains(char::is_control), "{said:?}");
                }
                page
            }
        };
        let page = String::from_utf8(page).expect("a page is text");
        assert!(
            page.starts_with("HTTP/1.1 ") && page.ends_with("</html>"),
            "{page}"
        );
        assert!(!page.contains(STATE), "{page}");
    }
}

/// Whatever answers who asks for a device code, the run ends within its budget, and nobody is shown
/// a page that is not on the web over TLS, or a text that moves anything on a screen.
pub fn device_code_answer(data: &[u8]) {
    let Some((status, body)) = data.split_first() else {
        return;
    };
    let response = HttpResponse::new(STATUSES[usize::from(status % 8)], body);
    let callback = CallbackId::new("terminal");
    let credential = DeviceCodeCredential::new("contoso", "client", callback);
    let request = TokenRequest::new(["https://vault.azure.net/.default"]);
    let mut waited = Duration::ZERO;
    let now = |waited: Duration| Now::new(1_800_000_000_000 + waited.as_millis() as i64, waited);
    let context = Context::new(request, now(waited), Seed::new([7; 32]));
    let mut step = Run::start(Arc::new(credential.expect("two good values")), context);
    loop {
        step = match step {
            Step::Done(_) => return,
            Step::Http(call) => call.reply(Ok(response.clone()), now(waited)),
            Step::Sleep(call) => {
                waited += call.request().duration;
                call.reply(Ok(()), now(waited))
            }
            Step::Prompt(call) => {
                let shown = &call.request().device_code;
                assert_eq!(shown.verification_uri.scheme(), "https");
                let texts = format!("{}{}", shown.message.expose(), shown.user_code.expose());
                assert!(!texts.contains(char::is_control), "{texts:?}");
                call.reply(Ok(()), now(waited))
            }
            other => other.refuse(Refusal::NoSuchEffect, now(waited)),
        };
        assert!(waited <= Context::DEADLINE, "{waited:?}");
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

/// Whatever stands in a snapshot of a cache, it is refused, or read and written again without a
/// loss.
pub fn cache_snapshot(data: &[u8]) {
    let read = |bytes: &[u8]| {
        Snapshot::from_bytes(&SecretBytes::from(bytes), Timestamp::from_unix_seconds(0))
    };
    let again = |snapshot: Snapshot| {
        assert_eq!(read(snapshot.to_bytes().expose()).as_ref(), Ok(&snapshot));
    };
    let _ = read(data).map(again);
    let mut whole = b"azid cache\x01".to_vec();
    whole.extend_from_slice(data);
    whole.extend_from_slice(&Sha256::digest(&whole));
    let _ = read(&whole).map(again);
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
