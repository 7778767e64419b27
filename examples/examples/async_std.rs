//! A token on async-std, by the managed identity of the machine.

use azid_async_std::TokenProvider;
use azid_core::ManagedIdentityCredential;

fn main() -> Result<(), azid_core::Error> {
    async_std::task::block_on(async {
        let provider = TokenProvider::new(ManagedIdentityCredential::new());
        let token = provider
            .get_token(&["https://vault.azure.net/.default"])
            .await?;
        println!("{} until {}", token.came_from(), token.expires_on());
        Ok(())
    })
}
