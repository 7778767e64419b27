//! A token for a blocking program.

use azid_core::{Authority, ClientSecretCredential};
use azid_ureq::TokenProvider;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let variable = |name| std::env::var(name).map_err(|_| format!("set {name}"));
    let tenant = variable("AZURE_TENANT_ID")?;
    let client = variable("AZURE_CLIENT_ID")?;
    let credential = ClientSecretCredential::new(tenant, client, variable("AZURE_CLIENT_SECRET")?)?
        .authority(Authority::from_environment(&azid_native::environment())?);

    let provider = TokenProvider::new(credential);
    let token = provider.get_token(&["https://vault.azure.net/.default"])?;
    println!("{} until {}", token.came_from(), token.expires_on());
    Ok(())
}
