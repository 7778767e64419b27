//! The peer: Microsoft's own `azure_identity`, on the same Entra in memory.

use std::sync::Arc;

use azid_bench::world;
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::headers::Headers;
use azure_core::http::{
    AsyncRawResponse, ClientOptions, HttpClient, Request, StatusCode, Transport,
};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};

#[derive(Debug)]
struct InMemory(Vec<u8>);

#[async_trait::async_trait]
impl HttpClient for InMemory {
    async fn execute_request(&self, _: &Request) -> azure_core::Result<AsyncRawResponse> {
        Ok(AsyncRawResponse::from_bytes(
            StatusCode::Ok,
            Headers::new(),
            self.0.clone(),
        ))
    }
}

/// A credential that holds a token for each scope.
pub async fn holding(scopes: &[String]) -> Arc<ClientSecretCredential> {
    let credential = empty();
    for scope in scopes {
        credential
            .get_token(&[scope], None)
            .await
            .expect("there is a token in memory");
    }
    credential
}

/// A credential that holds nothing yet.
pub fn empty() -> Arc<ClientSecretCredential> {
    let transport = Transport::new(Arc::new(InMemory(world::answer().into_bytes())));
    let options = ClientSecretCredentialOptions {
        client_options: ClientOptions {
            transport: Some(transport),
            ..ClientOptions::default()
        },
    };
    ClientSecretCredential::new(
        world::TENANT,
        world::CLIENT.to_owned(),
        Secret::new(world::SECRET),
        Some(options),
    )
    .expect("the credential is well-formed")
}
