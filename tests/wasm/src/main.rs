//! Core and the async shell at work where there is no operating system, no clock and no thread.
//!
//! Built for `wasm32-unknown-unknown`, the module imports nothing: a program that embeds it has to
//! hand in every answer, as the loop below does. A failed check is a trap that names its function.
//! Core is driven here, and the async shell in `shell`.

mod scripted_host;
mod shell;

use std::sync::Arc;
use std::time::Duration;

use azid_core::effect::{HttpRequest, HttpResponse, Refusal};
use azid_core::{
    ClientSecretCredential, Context, Credential, Environment, Error, ManagedIdentityCredential,
    Now, Outcome, Run, Seed, Step, TokenRequest, WorkloadIdentityCredential,
};

fn main() {
    a_client_secret_becomes_a_token();
    a_busy_endpoint_is_asked_again_after_the_wait_it_names();
    a_wrong_secret_is_an_error_that_does_not_show_it();
    a_federated_token_is_read_and_exchanged();
    a_machine_without_an_identity_says_so();
    shell::flows();
}

const ENVIRONMENT: [(&str, &str); 3] = [
    ("AZURE_TENANT_ID", "contoso"),
    ("AZURE_CLIENT_ID", "client"),
    ("AZURE_FEDERATED_TOKEN_FILE", "/var/run/token"),
];
const TOKEN: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"canary-token"}"#;
const BAD_SECRET: &str = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."}"#;

fn a_client_secret_becomes_a_token() {
    let run = drive(client_secret(), |request| {
        assert_eq!(
            request.url.as_str(),
            "https://login.microsoftonline.com/contoso/oauth2/v2.0/token"
        );
        HttpResponse::new(200, TOKEN.as_bytes())
    });
    assert_eq!(
        run.outcome
            .result
            .expect("the endpoint gave a token")
            .expose(),
        "canary-token"
    );
    assert_eq!((run.requests, run.waited), (1, Duration::ZERO));
}

fn a_busy_endpoint_is_asked_again_after_the_wait_it_names() {
    let mut answers = [(429, ""), (200, TOKEN)].into_iter();
    let run = drive(client_secret(), |_| {
        let (status, body) = answers.next().expect("two requests are enough");
        let mut response = HttpResponse::new(status, body.as_bytes());
        response
            .headers
            .insert("retry-after", "3".parse().expect("a header value"));
        response
    });
    assert!(run.outcome.result.is_ok());
    assert_eq!(run.requests, 2);
    assert!(run.waited >= Duration::from_secs(3), "{:?}", run.waited);
}

fn a_wrong_secret_is_an_error_that_does_not_show_it() {
    let run = drive(client_secret(), |_| {
        HttpResponse::new(401, BAD_SECRET.as_bytes())
    });
    let error = run.outcome.result.expect_err("the endpoint refused");
    let shown = show(&error);
    assert!(shown.contains("AADSTS7000215"), "{shown}");
    assert!(!shown.contains("canary"), "{shown}");
}

fn a_federated_token_is_read_and_exchanged() {
    let run = drive(Arc::new(WorkloadIdentityCredential::new()), |request| {
        let form = String::from_utf8_lossy(request.body.expose()).into_owned();
        assert!(form.contains("client_assertion=canary-file"), "{form}");
        HttpResponse::new(200, TOKEN.as_bytes())
    });
    assert!(run.outcome.result.is_ok());
}

fn a_machine_without_an_identity_says_so() {
    let body = r#"{"error":"invalid_request","error_description":"Identity not found"}"#;
    let credential = Arc::new(ManagedIdentityCredential::new());
    let run = drive_in(Environment::default(), credential, |request| {
        assert_eq!(request.headers["metadata"], "true");
        HttpResponse::new(400, body.as_bytes())
    });
    let shown = show(&run.outcome.result.expect_err("there is no identity"));
    assert!(shown.contains("Identity not found"), "{shown}");
}

fn client_secret() -> Arc<dyn Credential> {
    let credential = ClientSecretCredential::new("contoso", "client", "canary-secret");
    Arc::new(credential.expect("three good values"))
}

fn show(error: &Error) -> String {
    format!("{error} {error:?}")
}

struct Driven {
    outcome: Outcome,
    requests: usize,
    waited: Duration,
}

fn drive(
    credential: Arc<dyn Credential>,
    answer: impl FnMut(&HttpRequest) -> HttpResponse,
) -> Driven {
    drive_in(Environment::from_pairs(ENVIRONMENT), credential, answer)
}

/// The host: it answers requests from the closure, and time passes only while a run waits.
fn drive_in(
    environment: Environment,
    credential: Arc<dyn Credential>,
    mut answer: impl FnMut(&HttpRequest) -> HttpResponse,
) -> Driven {
    let request = TokenRequest::new(["https://vault.azure.net/.default"]);
    let now = |waited: Duration| Now::new(1_800_000_000_000 + waited.as_millis() as i64, waited);
    let (mut requests, mut waited) = (0, Duration::ZERO);
    let context =
        Context::new(request, now(waited), Seed::new([7; 32])).with_environment(environment);
    let mut step = Run::start(credential, context);
    loop {
        step = match step {
            Step::Done(outcome) => {
                return Driven {
                    outcome,
                    requests,
                    waited,
                };
            }
            Step::Http(call) => {
                requests += 1;
                let response = answer(call.request());
                call.reply(Ok(response), now(waited))
            }
            Step::ReadFile(call) => {
                assert_eq!(call.request().path, "/var/run/token");
                call.reply(Ok(b"canary-file"[..].into()), now(waited))
            }
            Step::Sleep(call) => {
                waited += call.request().duration;
                call.reply(Ok(()), now(waited))
            }
            other => other.refuse(Refusal::NoSuchEffect, now(waited)),
        };
    }
}
