//! The credentials of applications.

use std::fmt::Display;
use std::sync::Arc;

use azid_core::effect::FileRequest;
use azid_core::{
    AzurePipelinesCredential, CertificateProof, ClientAssertion, ClientAssertionCredential,
    ClientCertificateCredential, ClientCredential, ClientSecret, ClientSecretCredential,
    GitHubActionsCredential, OnBehalfOfCredential, Secret,
};

use super::inputs::{CLIENT_IDS, CONNECTION, Inputs, TENANTS};
use super::{Made, text, usage};
use crate::Problem;
use crate::environments::USER_ASSERTION_FILE;

/// The longest token of a user that is read.
const MOST_TOKEN_BYTES: usize = 64 * 1024;

const SECRET: &[&str] = &["AZURE_CLIENT_SECRET"];
const CERTIFICATE: &[&str] = &["AZURE_CLIENT_CERTIFICATE_PATH"];
const ASSERTION: &[&str] = &["AZURE_FEDERATED_TOKEN_FILE"];

/// The credential at its authority and in its region, which are options of each type of its own.
macro_rules! placed {
    ($credential:expr, $inputs:expr) => {{
        let credential = $credential
            .map_err(|invalid| $inputs.usage(invalid))?
            .authority($inputs.authority()?);
        match $inputs.region()? {
            Some(region) => Ok(Arc::new(credential.region(region))),
            None => Ok(Arc::new(credential)),
        }
    }};
}

pub(super) fn client_secret(inputs: &Inputs<'_>) -> Made {
    let need = (inputs.choice.secret_file.is_some(), SECRET);
    let (tenant, client_id) = inputs.ids("ClientSecretCredential", [need])?;
    let secret = secret(inputs)?.unwrap_or_else(|| Secret::from("").into());
    placed!(
        ClientSecretCredential::new(tenant, client_id, secret),
        inputs
    )
}

pub(super) fn client_certificate(inputs: &Inputs<'_>) -> Made {
    let need = (inputs.choice.certificate.is_some(), CERTIFICATE);
    let (tenant, client_id) = inputs.ids("ClientCertificateCredential", [need])?;
    let certificate = certificate_in(inputs, inputs.path_of_certificate()?.unwrap_or_default())?;
    placed!(
        ClientCertificateCredential::new(tenant, client_id, certificate),
        inputs
    )
}

pub(super) fn client_assertion(inputs: &Inputs<'_>) -> Made {
    let need = (inputs.choice.assertion_file.is_some(), ASSERTION);
    let (tenant, client_id) = inputs.ids("ClientAssertionCredential", [need])?;
    let assertion = ClientAssertion::from_file(inputs.path_of_assertion()?.unwrap_or_default());
    placed!(
        ClientAssertionCredential::new(tenant, client_id, assertion),
        inputs
    )
}

pub(super) fn azure_pipelines(inputs: &Inputs<'_>) -> Made {
    let given = inputs.choice.service_connection_id.as_deref();
    let (tenant, client_id) = inputs.ids_of(
        "AzurePipelinesCredential",
        TENANTS,
        CLIENT_IDS,
        [
            (given.is_some(), CONNECTION),
            (false, &["SYSTEM_ACCESSTOKEN"]),
        ],
    )?;
    let connection = inputs.value(given, CONNECTION);
    let access_token = inputs.secret("SYSTEM_ACCESSTOKEN")?;
    let access_token = access_token.unwrap_or_else(|| "".into());
    placed!(
        AzurePipelinesCredential::new(tenant, client_id, connection, access_token),
        inputs
    )
}

pub(super) fn github_actions(inputs: &Inputs<'_>) -> Made {
    let (tenant, client_id) = inputs.ids("GitHubActionsCredential", [])?;
    placed!(GitHubActionsCredential::new(tenant, client_id), inputs)
}

/// The application proves who it is by the first that there is: a secret, a certificate, an
/// assertion.
pub(super) fn on_behalf_of(inputs: &Inputs<'_>) -> Made {
    let proof: Option<ClientCredential> = match secret(inputs)? {
        Some(secret) => Some(secret.into()),
        None => match inputs.path_of_certificate()? {
            Some(path) => Some(certificate_in(inputs, path)?.into()),
            None => inputs
                .path_of_assertion()?
                .map(|path| ClientAssertion::from_file(path).into()),
        },
    };
    let token = user_assertion(inputs)?;
    let needs = [
        (proof.is_some(), SECRET),
        (token.is_some(), &[USER_ASSERTION_FILE]),
    ];
    let (tenant, client_id) = inputs.ids("OnBehalfOfCredential", needs)?;
    let token = token.expect("it was just checked");
    let proof = proof.unwrap_or_else(|| ClientSecret::from(Secret::from("")).into());
    let credential = OnBehalfOfCredential::new(tenant, client_id, proof, token)
        .map_err(|invalid| inputs.usage(invalid))?;
    Ok(Arc::new(credential.authority(inputs.authority()?)))
}

/// The user's token: that of a replay, or what is in a file.
fn user_assertion(inputs: &Inputs<'_>) -> Result<Option<Secret>, Problem> {
    if let Some(token) = &inputs.choice.user_assertion {
        return Ok(Some(token.clone()));
    }
    let variable = || std::env::var_os(USER_ASSERTION_FILE).filter(|it| !it.is_empty());
    let file = inputs.choice.user_assertion_file.clone();
    let file = file.or_else(|| variable().map(Into::into));
    file.map(|file| read_user_assertion(&text(&file)?))
        .transpose()
}

impl Inputs<'_> {
    fn path_of_certificate(&self) -> Result<Option<String>, Problem> {
        self.path(self.choice.certificate.as_deref(), CERTIFICATE[0])
    }

    fn path_of_assertion(&self) -> Result<Option<String>, Problem> {
        self.path(self.choice.assertion_file.as_deref(), ASSERTION[0])
    }
}

/// A flag counts before a variable, and a secret in a file is read anew for each exchange.
fn secret(inputs: &Inputs<'_>) -> Result<Option<ClientSecret>, Problem> {
    if let Some(file) = &inputs.choice.secret_file {
        return Ok(Some(ClientSecret::from_file(text(file)?)));
    }
    Ok(inputs.secret(SECRET[0])?.map(ClientSecret::from))
}

fn certificate_in(inputs: &Inputs<'_>, path: String) -> Result<CertificateProof, Problem> {
    let password = inputs.secret("AZURE_CLIENT_CERTIFICATE_PASSWORD")?;
    let reader = password.and_then(|password| inputs.reader.with_password(&password));
    let reader = reader.unwrap_or_else(|| Arc::clone(&inputs.reader));
    let certificate = CertificateProof::from_file(path, reader);
    let asked = inputs
        .environment
        .flag("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN");
    let asked = asked.map_err(usage)?;
    Ok(match asked || inputs.choice.send_certificate_chain {
        true => certificate.send_certificate_chain(),
        false => certificate,
    })
}

/// The user's token in a file.
pub(crate) fn read_user_assertion(path: &str) -> Result<Secret, Problem> {
    let problem = |why: &dyn Display| Problem::failed(format!("the user's token in {path}: {why}"));
    let file = FileRequest::new(path).max_bytes(MOST_TOKEN_BYTES);
    let content = azid_native::read_file(&file).map_err(|failure| problem(&failure))?;
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    let token = content
        .trimmed_text()
        .filter(|token| is_word(token.expose()));
    token.ok_or_else(|| problem(&"it is no token, which is one word of visible ASCII"))
}
