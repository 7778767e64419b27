//! A token for Key Vault, on standard output: by azid over ureq.

use azid_core::ClientSecretCredential;
use azid_ureq::TokenProvider;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let value = |name| std::env::var(name).map_err(|_| format!("{name} is not set"));
    let credential = ClientSecretCredential::new(
        value("AZURE_TENANT_ID")?,
        value("AZURE_CLIENT_ID")?,
        value("AZURE_CLIENT_SECRET")?,
    )?;
    let token = TokenProvider::new(credential).get_token(&["https://vault.azure.net/.default"])?;
    println!("{}", token.expose());
    Ok(())
}
