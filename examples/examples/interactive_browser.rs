//! A token for the person in front of this machine, who signs in with their browser.

use azid_core::{Authority, InteractiveBrowserCredential};
use azid_ureq::TokenProvider;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let variable = |name| std::env::var(name).map_err(|_| format!("set {name}"));
    let (tenant, client) = (variable("AZURE_TENANT_ID")?, variable("AZURE_CLIENT_ID")?);
    let credential = InteractiveBrowserCredential::new(tenant, client)?
        .authority(Authority::from_environment(&azid_native::environment())?);

    let provider = TokenProvider::new(credential);
    match provider.get_token(&["https://vault.azure.net/.default"]) {
        Ok(token) => {
            println!("{} until {}", token.came_from(), token.expires_on());
            Ok(())
        }
        Err(error) => Err(error.to_string().into()),
    }
}
