//! A token for Key Vault, on standard output: by azure_identity.

use azure_core::credentials::TokenCredential as _;
use azure_identity::ClientSecretCredential;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let value = |name| std::env::var(name).map_err(|_| format!("{name} is not set"));
    let credential = ClientSecretCredential::new(
        &value("AZURE_TENANT_ID")?,
        value("AZURE_CLIENT_ID")?,
        value("AZURE_CLIENT_SECRET")?.into(),
        None,
    )?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let scopes = ["https://vault.azure.net/.default"];
    let token = runtime.block_on(credential.get_token(&scopes, None))?;
    println!("{}", token.token.secret());
    Ok(())
}
