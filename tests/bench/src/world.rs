//! What all subjects get their tokens from: an Entra in memory that answers at once.

use azid_core::SecretBytes;
use azid_core::effect::{HttpReply, HttpRequest, HttpResponse};
use azid_tokio::HttpClient;

/// The tenant, the client and its secret, of the usual lengths.
pub const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
/// See [`TENANT`].
pub const CLIENT: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
/// See [`TENANT`].
pub const SECRET: &str = "q7Z8Q~a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7";

/// The scope of most subjects.
pub const SCOPE: &str = "https://vault.azure.net/.default";

/// As many scopes, the first of which is [`SCOPE`].
pub fn scopes(count: usize) -> Vec<String> {
    let others = (1..count).map(|number| format!("https://vault-{number}.azure.net/.default"));
    [SCOPE.to_owned()].into_iter().chain(others).collect()
}

/// A token of 1,500 bytes, about as long as Entra's are.
pub fn token() -> String {
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIs-_AZaz09"
        .chars()
        .cycle()
        .take(1500)
        .collect()
}

/// The answer that holds the token.
pub fn answer() -> String {
    format!(
        r#"{{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"{}"}}"#,
        token()
    )
}

/// Entra, in memory.
pub struct InMemory {
    answer: SecretBytes,
}

impl InMemory {
    /// One that answers every request with the token.
    pub fn new() -> Self {
        Self {
            answer: SecretBytes::new(answer().into_bytes()),
        }
    }

    /// The answer to any request.
    pub fn answer(&self) -> HttpResponse {
        HttpResponse::new(200, self.answer.expose())
    }
}

impl Default for InMemory {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpClient for InMemory {
    async fn send(&self, _: HttpRequest) -> HttpReply {
        Ok(self.answer())
    }
}
