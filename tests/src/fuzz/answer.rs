//! Answers of endpoints that give tokens, and of those that stand before them.

use azid_core::effect::HttpResponse;
use azid_core::testing::{Case, World};
use azid_core::{
    AzurePipelinesCredential, ClientSecretCredential, GitHubActionsCredential,
    ManagedIdentityCredential, Outcome, Step, UsernamePasswordCredential,
};
use serde_json::Value;

use super::input::{can_be_printed, response, shows_no};
use crate::watch::watch;

const SECRET: &str = "canary-client-secret";

const PASSWORD: &str = "canary-password";

/// What stands in a body where nothing is documented, and in its tokens.
const IN_THE_BODY: &str = "canary-in-the-body";

/// More than any credential asks for when every answer is the same.
const MOST_STEPS: usize = 100;

/// Whatever the token endpoint answers, the run ends in a token or in an error, within its budget;
/// nothing that can be shown holds the secret, not even when the endpoint sends it back, or anything
/// of the body but its documented members.
pub fn token_answer(data: &[u8]) {
    let Some(response) = response(data) else {
        return;
    };
    let mut planted = response.clone();
    planted.body = plant(response.body.expose()).into();
    let is_new = !String::from_utf8_lossy(response.body.expose()).contains(IN_THE_BODY);
    let application = ClientSecretCredential::new("contoso", "client", SECRET);
    let application = Case::new("secret", application.expect("three good values"));
    shows_no(SECRET, &always(application.clone(), &response));
    let metadata = Case::new("metadata", ManagedIdentityCredential::new());
    always(metadata.clone(), &response);
    for case in [application, metadata] {
        let outcome = always(case, &planted);
        if is_new {
            shows_no(IN_THE_BODY, &outcome);
        }
    }
}

/// The body with a canary behind each of its tokens, in a member that nobody knows, and in such a
/// one of its error; a body that is no object has it at its end.
fn plant(body: &[u8]) -> Vec<u8> {
    let Ok(Value::Object(mut members)) = serde_json::from_slice(body) else {
        return [body, IN_THE_BODY.as_bytes()].concat();
    };
    for token in ["access_token", "id_token", "refresh_token"] {
        if let Some(Value::String(text)) = members.get_mut(token) {
            text.push_str(IN_THE_BODY);
        }
    }
    if let Some(Value::Object(error)) = members.get_mut("error") {
        error.insert("unknown".to_owned(), IN_THE_BODY.into());
    }
    members.insert("unknown".to_owned(), IN_THE_BODY.into());
    Value::from(members).to_string().into_bytes()
}

/// Whatever any endpoint refuses with, the error can be printed, and shows no secret or password that
/// was sent there.
pub fn error_body(data: &[u8]) {
    let Some(response) = response(data).filter(|response| response.status >= 400) else {
        return;
    };
    let pipeline = AzurePipelinesCredential::new("contoso", "client", "connection", SECRET);
    let runner = GitHubActionsCredential::new("contoso", "client");
    let person = UsernamePasswordCredential::new("contoso", "client", "ada@contoso", PASSWORD);
    let app_service = ManagedIdentityCredential::new();
    let pipeline = Case::new("pipeline", pipeline.expect("four good values"))
        .with("SYSTEM_OIDCREQUESTURI", "https://dev.azure.com/oidc");
    let runner = Case::new("runner", runner.expect("two good values"))
        .with("ACTIONS_ID_TOKEN_REQUEST_URL", "https://github.example/")
        .with("ACTIONS_ID_TOKEN_REQUEST_TOKEN", SECRET);
    let person = Case::new("person", person.expect("four good values"))
        .http(200, r#"{"ver":"1.0","account_type":"Managed"}"#);
    let app_service = Case::new("app service", app_service)
        .with("IDENTITY_ENDPOINT", "http://127.0.0.1:41/msi/token")
        .with("IDENTITY_HEADER", SECRET);
    let has_failed = |outcome: &Outcome| assert!(outcome.result.is_err(), "{outcome:?}");
    for case in [pipeline, runner, app_service] {
        let outcome = always(case, &response);
        shows_no(SECRET, &outcome);
        has_failed(&outcome);
    }
    let outcome = always(person, &response);
    shows_no(PASSWORD, &outcome);
    has_failed(&outcome);
}

/// Runs a case whose every request is answered so, but for those that it has answers for itself.
fn always(case: Case, response: &HttpResponse) -> Outcome {
    let own = case.replies.len();
    let mut world = World::new(case.replies.clone());
    let seen = watch(&case, &mut world, |steps, step, world| {
        assert!(steps < MOST_STEPS, "no end after {MOST_STEPS} steps");
        match step {
            Step::Http(call) if steps >= own => call.reply(Ok(response.clone()), world.now()),
            step => world.answer(step),
        }
    });
    if let Err(error) = &seen.outcome.result {
        can_be_printed(error);
    }
    seen.outcome
}
