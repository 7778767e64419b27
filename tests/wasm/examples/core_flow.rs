//! The least that gets a token: core, one credential, one answer. Built to be weighed.

use std::sync::Arc;

use azid_core::effect::{HttpResponse, Refusal};
use azid_core::{ClientSecretCredential, Context, Now, Run, Seed, Step, TokenRequest};

const TOKEN: &[u8] = br#"{"token_type":"Bearer","expires_in":3599,"access_token":"AT"}"#;

fn main() {
    let now = Now::wall(1_800_000_000_000);
    let credential = ClientSecretCredential::new("contoso", "client", "secret");
    let credential = Arc::new(credential.expect("three good values"));
    let request = TokenRequest::new(["https://vault.azure.net/.default"]);
    let mut step = Run::start(credential, Context::new(request, now, Seed::new([7; 32])));
    let outcome = loop {
        step = match step {
            Step::Done(outcome) => break outcome,
            Step::Http(call) => call.reply(Ok(HttpResponse::new(200, TOKEN)), now),
            other => other.refuse(Refusal::NoSuchEffect, now),
        };
    };
    assert_eq!(outcome.result.expect("a token").expose(), "AT");
}
