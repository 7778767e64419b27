//! Developer tools that answer what a test says.

use std::sync::Arc;

use azid_core::effect::ExecOutput;
use azid_core::testing::{Reply, World, context, run};
use azid_core::{
    AccessToken, AzureCliCredential, AzureDeveloperCliCredential, AzurePowerShellCredential,
    Context, Credential, Error, TokenRequest,
};

pub(crate) const VAULT: &str = "https://vault.azure.net/.default";

/// One of each.
pub(crate) fn tools() -> [Arc<dyn Credential>; 3] {
    [
        Arc::new(AzureCliCredential::new()),
        Arc::new(AzureDeveloperCliCredential::new()),
        Arc::new(AzurePowerShellCredential::new()),
    ]
}

pub(crate) fn ended(exit_code: i32, stdout: &str, stderr: &str) -> Reply {
    Reply::Exec(Ok(ExecOutput {
        exit_code: Some(exit_code),
        stdout: stdout.as_bytes().into(),
        stderr: stderr.as_bytes().into(),
    }))
}

pub(crate) fn ask(
    credential: Arc<dyn Credential>,
    context: Context,
    reply: Reply,
) -> Result<AccessToken, Error> {
    run(credential, context, &mut World::new([reply])).result
}

pub(crate) fn for_vault() -> Context {
    context(TokenRequest::new([VAULT]))
}
