//! A client secret at the door of Entra, and what it is answered.

use std::sync::Arc;

use azid_core::effect::HttpResponse;
use azid_core::testing::{self, Reply, World, entra_answers};
use azid_core::{AccessToken, ClientSecretCredential, Error, TokenRequest};

pub(crate) fn result_of(replies: Vec<Reply>) -> Result<AccessToken, Error> {
    let credential = ClientSecretCredential::new("contoso.com", "app-id", "s3cret");
    let context = testing::context(TokenRequest::new(["https://vault.azure.net/.default"]));
    let credential = Arc::new(credential.expect("three good values"));
    testing::run(credential, context, &mut World::new(replies)).result
}

pub(crate) fn answer_named(name: &str) -> Vec<Reply> {
    let mut answers = entra_answers().into_iter();
    let found = answers.find(|(known, _)| *known == name);
    found.expect("the answer exists").1
}

pub(crate) fn error(name: &str) -> Error {
    result_of(answer_named(name)).expect_err(name)
}

pub(crate) fn answer(members: &str) -> Vec<Reply> {
    let body = format!(r#"{{"expires_in":3599,{members}}}"#);
    vec![HttpResponse::new(200, body.as_bytes()).into()]
}

pub(crate) fn after(reply: impl Into<Reply>) -> Error {
    let reply = reply.into();
    result_of(vec![reply; 8]).expect_err("no token")
}
