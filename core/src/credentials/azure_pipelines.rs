//! A job of Azure Pipelines: the service connection that it may use gives it an assertion.
//!
//! begin ─► ask Azure DevOps for the assertion ─► ask ─► token

use std::sync::Arc;

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use super::CredentialConfig;
use crate::client::{Application, JobToken, application_options, job_endpoint};
use crate::context::Context;
use crate::credential::Credential;
use crate::effect::{HttpRequest, fits_header};
use crate::environment::Environment;
use crate::error::{Cause, Fault, Invalid, What};
use crate::identity::Identity;
use crate::moves::Next;
use crate::needs::Needs;
use crate::plan::{Plan, PlanContext};
use crate::secret::Secret;
use crate::transcript::Redactor;

/// Gets tokens for the application behind a service connection of Azure Pipelines with workload
/// identity federation.
///
/// The agent tells the job in `SYSTEM_OIDCREQUESTURI` where to ask; outside a pipeline that is not
/// set and the credential is unavailable. The job's own token is a secret of the pipeline and no
/// variable by itself: map it with `env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)` and pass its
/// value. An assertion lives for about ten minutes, so a fresh one is got for every exchange with
/// Entra and for every repetition of one.
///
/// ```
/// # fn variable(_: &str) -> String { "x".into() }
/// use azid_core::AzurePipelinesCredential;
///
/// let credential = AzurePipelinesCredential::new(
///     "contoso.com",
///     "11111111-aaaa-4bbb-8ccc-000000000001", // the application's client id
///     "22222222-aaaa-4bbb-8ccc-000000000002", // the service connection's id, from its URL
///     variable("SYSTEM_ACCESSTOKEN"),
/// )?;
/// # let _ = credential;
/// # Ok::<_, azid_core::Invalid>(())
/// ```
///
/// [What it asks, and whom][pictures], in pictures drawn from its runs.
///
/// [pictures]: https://github.com/azid-rs/azid/blob/HEAD/docs/credentials/AzurePipelinesCredential.md
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AzurePipelinesCredential {
    application: Application,
    service_connection_id: String,
    system_access_token: Secret,
}

impl AzurePipelinesCredential {
    /// An application of the public cloud, by its tenant and its client id, the id of the service
    /// connection that stands for it, and the job's `System.AccessToken`.
    ///
    /// # Errors
    ///
    /// One of them is empty or malformed.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        service_connection_id: impl Into<String>,
        system_access_token: impl Into<Secret>,
    ) -> Result<Self, Invalid> {
        let credential = Self {
            application: Application::new(tenant, client_id)?,
            service_connection_id: service_connection_id.into(),
            system_access_token: system_access_token.into(),
        };
        credential.check()?;
        Ok(credential)
    }

    application_options!(and region);

    fn check(&self) -> Result<(), Invalid> {
        if self.service_connection_id.trim().is_empty() {
            let why = "it must not be empty";
            return Err(Invalid::new(What::ServiceConnection, why));
        }
        let why = match self.system_access_token.expose() {
            "" => "the job's is empty: map `System.AccessToken` into its environment",
            text if text.starts_with("$(") => {
                "this is a macro's name that Azure Pipelines has not replaced by its value"
            }
            text if !fits_header(text) => NO_HEADER_VALUE,
            _ => return Ok(()),
        };
        Err(Invalid::new(What::AccessToken, why))
    }

    fn job_token(&self, environment: &Environment) -> Result<JobToken, Cause> {
        self.check()?; // a configuration can hold what nothing has checked yet
        let parameters = [
            ("api-version", "7.1"),
            ("serviceConnectionId", &self.service_connection_id),
        ];
        let url = job_endpoint(environment, "SYSTEM_OIDCREQUESTURI", &parameters)?;
        let no_sign_in_page = HeaderName::from_static("x-tfs-fedauthredirect");
        let request = HttpRequest::post(url)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(no_sign_in_page, HeaderValue::from_static("Suppress"))
            .authorization("Bearer", &self.system_access_token)
            .map_err(|_| Invalid::new(What::AccessToken, NO_HEADER_VALUE))?;
        Ok(JobToken::new(request, "oidcToken", explain))
    }
}

const NO_HEADER_VALUE: &str = "the job's holds characters that no header field can";

fn explain(cause: &Cause) -> Option<(Fault, &'static str)> {
    let advice = match cause.status()? {
        203 | 300..=399 | 401 | 403 => {
            "map `SYSTEM_ACCESSTOKEN: $(System.AccessToken)` into the job's environment and pass its value, and check the service connection's id"
        }
        400 | 404 => {
            "check the service connection's id, and that this pipeline is allowed to use the connection"
        }
        _ => return None,
    };
    Some((Fault::Configuration, advice))
}

const NOT_A_JOB: &str = "run as a job of Azure Pipelines, whose agent sets it, and pass it on where a script or a container runs the program; elsewhere use another credential";

impl Credential for AzurePipelinesCredential {
    fn name(&self) -> &'static str {
        "AzurePipelinesCredential"
    }

    fn identity(&self) -> Identity {
        self.application
            .identity_of(self.name())
            .field("service connection", &self.service_connection_id)
            .secret("job", &self.system_access_token)
            .finish()
    }

    fn plan(&self, cx: &PlanContext<'_>) -> Plan {
        match self.job_token(cx.environment) {
            Ok(_) => Plan::ready(self.name()).from_source("the job's service connection"),
            Err(cause) => Plan::hindered(self.name(), cause),
        }
    }

    fn configuration(&self, redactor: &mut Redactor) -> Option<CredentialConfig> {
        let system_access_token = redactor.secret("token", &self.system_access_token);
        Some(
            Self {
                system_access_token,
                ..self.clone()
            }
            .into(),
        )
    }

    #[inline]
    fn needs() -> Needs {
        Needs::NONE
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let job = self.job_token(cx.environment());
        self.application.exchange_by_job(job, NOT_A_JOB, cx)
    }
}

#[cfg(feature = "testing")]
mod cases;
