//! What the fuzz targets do, one function for each. A function begins with the sentence that must
//! hold for every input, and panics when it does not.

use std::sync::Arc;
use std::time::Duration;

use azid_certificate::CertificateReader;
use azid_core::effect::{HttpResponse, Refusal};
use azid_core::{
    ClientSecretCredential, Context, Credential, ManagedIdentityCredential, Now, Outcome,
    ReadCertificate as _, Run, SecretBytes, Seed, Step, TokenRequest,
};

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
