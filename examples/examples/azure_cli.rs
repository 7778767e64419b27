//! A token of the account that a developer is logged in to with `az login`.

use std::process::ExitCode;

use azid_core::AzureCliCredential;
use azid_ureq::TokenProvider;

fn main() -> ExitCode {
    let provider = TokenProvider::new(AzureCliCredential::new());
    match provider.get_token(&["https://management.azure.com/.default"]) {
        Ok(token) => {
            println!("{} until {}", token.came_from(), token.expires_on());
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{:?}: {error}", error.kind());
            ExitCode::FAILURE
        }
    }
}
