//! Answers of endpoints that give tokens, and of those that stand before them.

use azid_core::effect::HttpResponse;
use azid_core::testing::{Case, World};
use azid_core::{
    AzurePipelinesCredential, ClientSecretCredential, GitHubActionsCredential,
    ManagedIdentityCredential, Outcome, Step, UsernamePasswordCredential,
};

use super::input::{can_be_printed, hides, response};
use crate::watch::watch;

const SECRET: &str = "canary-client-secret";

/// More than any credential asks for when every answer is the same.
const MOST_STEPS: usize = 100;

/// Whatever the token endpoint answers, the run ends in a token or in an error, within its budget,
/// and nothing that can be shown holds the secret, not even when the endpoint sends it back.
pub fn token_answer(data: &[u8]) {
    let Some(response) = response(data) else {
        return;
    };
    let application = ClientSecretCredential::new("contoso", "client", SECRET);
    let application = application.expect("three good values");
    hides(SECRET, &always(Case::new("secret", application), &response));
    let metadata = ManagedIdentityCredential::new();
    always(Case::new("metadata", metadata), &response);
}

/// Whatever any endpoint refuses with, the error can be printed, and shows no secret that
/// was sent there.
pub fn error_body(data: &[u8]) {
    let Some(response) = response(data).filter(|response| response.status >= 400) else {
        return;
    };
    let pipeline = AzurePipelinesCredential::new("contoso", "client", "connection", SECRET);
    let runner = GitHubActionsCredential::new("contoso", "client");
    let person = UsernamePasswordCredential::new("contoso", "client", "ada@contoso", "swordfish");
    let app_service = ManagedIdentityCredential::new();
    let pipeline = Case::new("pipeline", pipeline.expect("four good values"))
        .with("SYSTEM_OIDCREQUESTURI", "https://dev.azure.com/oidc");
    let runner = Case::new("runner", runner.expect("two good values"))
        .with("ACTIONS_ID_TOKEN_REQUEST_URL", "https://github.example/")
        .with("ACTIONS_ID_TOKEN_REQUEST_TOKEN", SECRET);
    let person = Case::new("person", person.expect("four good values"));
    let app_service = Case::new("app service", app_service)
        .with("IDENTITY_ENDPOINT", "http://127.0.0.1:41/msi/token")
        .with("IDENTITY_HEADER", SECRET);
    let has_failed = |outcome: &Outcome| assert!(outcome.result.is_err(), "{outcome:?}");
    for case in [pipeline, runner, app_service] {
        let outcome = always(case, &response);
        hides(SECRET, &outcome);
        has_failed(&outcome);
    }
    has_failed(&always(person, &response));
}

/// Runs a case whose every request is answered so.
fn always(case: Case, response: &HttpResponse) -> Outcome {
    let mut world = World::new([]);
    let seen = watch(&case, &mut world, |steps, step, world| {
        assert!(steps < MOST_STEPS, "no end after {MOST_STEPS} steps");
        match step {
            Step::Http(call) => call.reply(Ok(response.clone()), world.now()),
            step => world.answer(step),
        }
    });
    if let Err(error) = &seen.outcome.result {
        can_be_printed(error);
    }
    seen.outcome
}
