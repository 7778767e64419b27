//! The credentials that a server hands out besides the standard variables, each by itself: together
//! they would change which of them a program chooses.

use super::EmulatorServer;
use super::files::{Files, write_private};
use crate::emulator::Emulator;
use std::io;
use std::path::{Path, PathBuf};

impl EmulatorServer {
    /// The file with the private key, the certificate and its authority's certificate of the first
    /// application, as PEM.
    pub fn client_certificate_file(&self) -> Option<PathBuf> {
        let exists = self.with_emulator(|emulator| emulator.client_certificate().is_some());
        exists.then(|| client_certificate_path(self.ca_file()))
    }

    /// The variable that makes a program use that file, to be set in place of `AZURE_CLIENT_SECRET`.
    pub fn certificate_environment(&self) -> Vec<(&'static str, String)> {
        let file = self.client_certificate_file();
        file.map(|it| ("AZURE_CLIENT_CERTIFICATE_PATH", it.display().to_string()))
            .into_iter()
            .collect()
    }

    /// The variables of the Azure Pipelines job, as a task with its service connection sees them.
    /// **The system access token is among the values.**
    pub fn pipelines_environment(&self) -> Vec<(&'static str, String)> {
        let origin = self.https_origin();
        self.with_emulator(|emulator| {
            let pipeline = &emulator.builds().pipeline;
            let mut variables = vec![
                (
                    "SYSTEM_OIDCREQUESTURI",
                    format!("{origin}{}", pipeline.path),
                ),
                ("SYSTEM_ACCESSTOKEN", pipeline.access_token.clone()),
            ];
            if let Some(connection) = pipeline.connections.first() {
                let name = "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID";
                variables.push((name, connection.id.clone()));
            }
            if let Some(tenant) = emulator.entra().directory().tenants.first() {
                variables.push(("AZURESUBSCRIPTION_TENANT_ID", tenant.id.clone()));
                let id = tenant.applications.first().map(|it| it.client_id.clone());
                variables.extend(id.map(|id| ("AZURESUBSCRIPTION_CLIENT_ID", id)));
            }
            variables
        })
    }

    /// The variables of the GitHub Actions job. **The request token is among the values.**
    pub fn github_environment(&self) -> Vec<(&'static str, String)> {
        let origin = self.https_origin();
        self.with_emulator(|emulator| {
            let workflow = &emulator.builds().workflow;
            let url = format!("{origin}{}?api-version=2.0", workflow.path);
            let token = workflow.request_token.clone();
            vec![
                ("ACTIONS_ID_TOKEN_REQUEST_URL", url),
                ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", token),
            ]
        })
    }

    /// The file with the token with which the first user calls the first application, as it was when
    /// the server started.
    pub fn user_token_file(&self) -> Option<PathBuf> {
        let path = user_token_path(self.ca_file());
        path.exists().then_some(path)
    }

    /// The token with which a user, by object id, calls an application, by client id, now; see
    /// [`crate::Entra::user_token`].
    pub fn user_token(&self, user: &str, application: &str) -> Option<String> {
        let now = self.shared.options.clock.now();
        self.with_emulator(|emulator| emulator.entra_mut().user_token(user, application, now))
    }
}

pub(super) fn write_client_certificate(files: &Files, emulator: &Emulator) -> io::Result<()> {
    match emulator.client_certificate() {
        Some(certificate) => write_private(&client_certificate_path(files.ca()), certificate.pem()),
        None => Ok(()),
    }
}

pub(super) fn write_user_token(files: &Files, emulator: &mut Emulator, now: u64) -> io::Result<()> {
    let tenant = emulator.entra().directory().tenants.first();
    let ids = tenant.and_then(|tenant| {
        let user = tenant.users.first()?.object_id.clone();
        Some((user, tenant.applications.first()?.client_id.clone()))
    });
    let token = ids.and_then(|(user, application)| {
        let entra = emulator.entra_mut();
        entra.user_token(&user, &application, now)
    });
    match token {
        Some(token) => write_private(&user_token_path(files.ca()), &token),
        None => Ok(()),
    }
}

fn user_token_path(ca: &Path) -> PathBuf {
    ca.with_file_name("user-token")
}

/// Beside the file of the server's own authority.
fn client_certificate_path(ca: &Path) -> PathBuf {
    ca.with_file_name("client.pem")
}
