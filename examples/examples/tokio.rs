//! A token on tokio, by the federated token of a Kubernetes workload.

use azid_core::WorkloadIdentityCredential;
use azid_tokio::TokenProvider;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), azid_core::Error> {
    let provider = TokenProvider::new(WorkloadIdentityCredential::new());
    let token = provider
        .get_token(&["https://vault.azure.net/.default"])
        .await?;
    println!("{} until {}", token.came_from(), token.expires_on());
    Ok(())
}
