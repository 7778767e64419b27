//! A token on tokio by an HTTP client of the program's own: here ureq's, on the blocking pool.

use std::sync::Arc;

use azid_core::WorkloadIdentityCredential;
use azid_core::effect::{Detail, HttpFailure, HttpReply, HttpRequest};
use azid_tokio::{Builder, HttpClient, TokioHost};
use transport::send;

mod transport;

/// Hands every request to the program's own function.
struct OwnClient(Arc<ureq::Agent>);

impl HttpClient for OwnClient {
    async fn send(&self, request: HttpRequest) -> HttpReply {
        let agent = Arc::clone(&self.0);
        let sent = tokio::task::spawn_blocking(move || send(&agent, &request));
        sent.await
            .unwrap_or_else(|error| Err(HttpFailure::Connect(Detail::new(error))))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = OwnClient(Arc::new(transport::agent()?));
    let host = TokioHost::new().http_client(client);
    let provider = Builder::new(host, WorkloadIdentityCredential::new()).build();
    let token = provider
        .get_token(&["https://vault.azure.net/.default"])
        .await?;
    println!("{} until {}", token.came_from(), token.expires_on());
    Ok(())
}
