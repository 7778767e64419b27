//! The credentials of people and of the tools that they are logged in to.

use std::sync::Arc;

use azid_core::effect::CallbackId;
use azid_core::{
    ANY_ORGANIZATION, AzureCliCredential, AzureDeveloperCliCredential, AzurePowerShellCredential,
    DEVELOPER_CLIENT, DeviceCodeCredential, InteractiveBrowserCredential,
    UsernamePasswordCredential,
};

use super::Made;
use super::inputs::{CLIENT_ID, Inputs, PASSWORD, TENANT, USERNAME};
use crate::runtime::PROMPT;

/// A tool's credential, for the tenant that a flag names.
macro_rules! of_tool {
    ($credential:ty, $inputs:expr) => {{
        let credential = <$credential>::new();
        match &$inputs.choice.tenant {
            Some(tenant) => Ok(Arc::new(
                credential
                    .tenant(tenant)
                    .map_err(|invalid| $inputs.usage(invalid))?,
            )),
            None => Ok(Arc::new(credential)),
        }
    }};
}

pub(super) fn azure_cli(inputs: &Inputs<'_>) -> Made {
    of_tool!(AzureCliCredential, inputs)
}

pub(super) fn azure_developer_cli(inputs: &Inputs<'_>) -> Made {
    of_tool!(AzureDeveloperCliCredential, inputs)
}

pub(super) fn azure_powershell(inputs: &Inputs<'_>) -> Made {
    of_tool!(AzurePowerShellCredential, inputs)
}

pub(super) fn device_code(inputs: &Inputs<'_>) -> Made {
    let prompt = CallbackId::new(PROMPT);
    let credential = DeviceCodeCredential::new(tenant(inputs), client_id(inputs), prompt)
        .map_err(|invalid| inputs.usage(invalid))?;
    Ok(Arc::new(credential.authority(inputs.authority()?)))
}

pub(super) fn interactive_browser(inputs: &Inputs<'_>) -> Made {
    let credential = InteractiveBrowserCredential::new(tenant(inputs), client_id(inputs))
        .map_err(|invalid| inputs.usage(invalid))?;
    Ok(Arc::new(credential.authority(inputs.authority()?)))
}

pub(super) fn username_password(inputs: &Inputs<'_>) -> Made {
    let given = inputs.choice.client_id.as_deref();
    let needs = [
        (given.is_some(), CLIENT_ID),
        (false, USERNAME),
        (false, PASSWORD),
    ];
    inputs.check("UsernamePasswordCredential", needs)?;
    let client_id = inputs.value(given, CLIENT_ID);
    let name = inputs.value(None, USERNAME);
    let password = inputs.secret(PASSWORD[0])?;
    let password = password.unwrap_or_else(|| "".into());
    let credential = UsernamePasswordCredential::new(tenant(inputs), client_id, name, password);
    let credential = credential.map_err(|invalid| inputs.usage(invalid))?;
    Ok(Arc::new(credential.authority(inputs.authority()?)))
}

fn tenant(inputs: &Inputs<'_>) -> String {
    match inputs.value(inputs.choice.tenant.as_deref(), TENANT) {
        none if none.is_empty() => ANY_ORGANIZATION.to_owned(),
        tenant => tenant,
    }
}

/// That of the Azure tools, unless a flag says otherwise: the application of `AZURE_CLIENT_ID` is
/// mostly one that nobody signs in to.
fn client_id(inputs: &Inputs<'_>) -> String {
    let given = inputs.choice.client_id.as_deref();
    given.unwrap_or(DEVELOPER_CLIENT).to_owned()
}
