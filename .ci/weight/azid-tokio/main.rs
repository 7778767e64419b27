//! A token for Key Vault, on standard output: by azid on tokio.

use azid_core::ClientSecretCredential;
use azid_tokio::TokenProvider;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let value = |name| std::env::var(name).map_err(|_| format!("{name} is not set"));
    let credential = ClientSecretCredential::new(
        value("AZURE_TENANT_ID")?,
        value("AZURE_CLIENT_ID")?,
        value("AZURE_CLIENT_SECRET")?,
    )?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let token = runtime.block_on(async {
        TokenProvider::new(credential)
            .get_token(&["https://vault.azure.net/.default"])
            .await
    })?;
    println!("{}", token.expose());
    Ok(())
}
