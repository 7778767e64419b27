//! A job of GitHub Actions, which vouches for it by an assertion.
//!
//! begin ─► ask GitHub for the assertion ─► ask ─► token

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::CredentialConfig;
use crate::client::{Application, JobToken, application_options, job_endpoint};
use crate::context::Context;
use crate::credential::Credential;
use crate::effect::HttpRequest;
use crate::environment::Environment;
use crate::error::{Cause, Fault, Invalid, What};
use crate::identity::Identity;
use crate::moves::Next;
use crate::needs::Needs;
use crate::plan::{Plan, PlanContext};
use crate::transcript::Redactor;

/// Gets tokens for an application, or a user-assigned managed identity, that trusts a repository
/// of GitHub by a federated credential. Runners of Forgejo and Gitea work alike, if their server is
/// reached by https: where the variable names a plain http address nothing is sent there, since the
/// request carries a token of the job's.
///
/// GitHub tells a job in `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN` where
/// and by what to ask, if its workflow says `permissions: id-token: write`; else the credential is
/// unavailable. An assertion lives for about five minutes, so a fresh one is got for every exchange
/// with Entra and for every repetition of one.
///
/// ```
/// use azid_core::GitHubActionsCredential;
///
/// let client_id = "11111111-aaaa-4bbb-8ccc-000000000001";
/// let credential = GitHubActionsCredential::new("contoso.com", client_id)?;
/// # let _ = credential;
/// # Ok::<_, azid_core::Invalid>(())
/// ```
///
/// [What it asks, and whom][pictures], in pictures drawn from its runs.
///
/// [pictures]: https://github.com/azid-rs/azid/blob/HEAD/docs/credentials/GitHubActionsCredential.md
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GitHubActionsCredential {
    application: Application,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    audience: Option<String>,
}

const URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";

impl GitHubActionsCredential {
    /// An application of the public cloud, by its tenant and its client id.
    ///
    /// # Errors
    ///
    /// One of them is empty or malformed.
    pub fn new(tenant: impl Into<String>, client_id: impl Into<String>) -> Result<Self, Invalid> {
        Ok(Self {
            application: Application::new(tenant, client_id)?,
            audience: None,
        })
    }

    /// Asks GitHub for an assertion for this audience, where the federated credential does not
    /// name the token exchange of its cloud.
    ///
    /// # Errors
    ///
    /// It is empty.
    pub fn audience(mut self, audience: impl Into<String>) -> Result<Self, Invalid> {
        self.audience = Some(audience.into());
        self.check()?;
        Ok(self)
    }

    application_options!(and region);

    fn check(&self) -> Result<(), Invalid> {
        match &self.audience {
            Some(audience) if audience.trim().is_empty() => {
                let why = "its audience must not be empty";
                Err(Invalid::new(What::ClientAssertion, why))
            }
            _ => Ok(()),
        }
    }

    fn job_token(&self, environment: &Environment) -> Result<JobToken, Cause> {
        self.check()?; // a configuration can hold what nothing has checked yet
        let missing = environment.missing(&[URL, TOKEN]);
        let Some(token) = environment.secret(TOKEN).filter(|_| missing.is_empty()) else {
            return Err(Cause::MissingVariables(missing));
        };
        environment.check_text(&[TOKEN])?;
        let default = self.application.authority.exchange_audience();
        let audience = self.audience.as_deref().unwrap_or(default);
        let url = job_endpoint(environment, URL, &[("audience", audience)])?;
        let request = HttpRequest::get(url).authorization("bearer", token);
        let request = request.map_err(|_| {
            let why = "it holds characters that no header field can";
            Invalid::new(What::Variable(TOKEN), why)
        })?;
        Ok(JobToken::new(request, "value", explain))
    }
}

fn explain(cause: &Cause) -> Option<(Fault, &'static str)> {
    let is_refusal = matches!(cause.status()?, 203 | 300..=399 | 400 | 401 | 403 | 404);
    is_refusal.then_some((Fault::Configuration, REFUSED))
}

const REFUSED: &str = "see that the job is still running and has `permissions: id-token: write`, and pass both of its ACTIONS_ID_TOKEN_REQUEST_ variables on unchanged";

const NOT_ALLOWED: &str = "give the job `permissions: id-token: write`, and pass its variables on where a container runs the program; elsewhere use another credential";

impl Credential for GitHubActionsCredential {
    fn name(&self) -> &'static str {
        "GitHubActionsCredential"
    }

    fn identity(&self) -> Identity {
        self.application
            .identity_of(self.name())
            .optional("audience", self.audience.as_ref())
            .finish()
    }

    fn plan(&self, cx: &PlanContext<'_>) -> Plan {
        match self.job_token(cx.environment) {
            Ok(_) => Plan::ready(self.name()).from_source("the job's own assertion"),
            Err(cause) => Plan::hindered(self.name(), cause),
        }
    }

    fn configuration(&self, _: &mut Redactor) -> Option<CredentialConfig> {
        Some(self.clone().into())
    }

    #[inline]
    fn needs() -> Needs {
        Needs::NONE
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let job = self.job_token(cx.environment());
        self.application.exchange_by_job(job, NOT_ALLOWED, cx)
    }
}

#[cfg(feature = "testing")]
mod cases {
    use super::*;
    use crate::authority::Authority;
    use crate::client::job_token_cases::with_issuer_answers;
    use crate::request::TokenRequest;
    use crate::testing::{Case, with_fresh_proofs};

    const ADDRESS: &str = "https://pipelines.actions.githubusercontent.com/1/_apis/distributedtask/hubs/Actions/plans/2/jobs/3/idtoken?api-version=2.0";

    impl GitHubActionsCredential {
        pub(in crate::credentials) fn cases() -> Vec<Case> {
            let plain = || Self::new("contoso.com", "app-id").expect("valid");
            let of = |name, credential: Self| {
                Case::new(name, credential)
                    .with(URL, ADDRESS)
                    .with(TOKEN, "job-t0ken")
            };
            let case = |name| of(name, plain());
            let at = |name, address: &str| {
                Case::new(name, plain())
                    .with(URL, address)
                    .with(TOKEN, "job-t0ken")
            };
            let assertion = r#"{"count":1043,"value":"e30.job.c2ln"}"#;
            let token = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"AT"}"#;
            let works = |case: Case| case.http(200, assertion).http(200, token);
            let mut cases = with_fresh_proofs(case, |case| case.http(200, assertion));
            cases.extend(with_issuer_answers(case, "value"));
            cases.extend([
                Case::new("no variables", plain()),
                Case::new("no variables in a chain", plain()).in_chain(),
                Case::new("an address without a token", plain()).with(URL, ADDRESS),
                Case::new("a token without an address", plain()).with(TOKEN, "job-t0ken"),
                at("a word instead of an address", "idtoken"),
                at("an address in clear", "http://forgejo.example/idtoken?a=b"),
                at("an address with a password", "https://u:p@github.com/?a=b"),
                works(at("a runner of another forge", "https://forgejo.example/api/actions/_apis/pipelines/workflows/7/idtoken?placeholder=true")),
                works(at("an address with a ticket", "https://github.example/?ticket=t1cket%20&audience=wrong")),
                works(at("an address without a query", "https://github.example/idtoken")),
                works(of("another audience", plain().audience("api://own/ audience").expect("valid"))),
                works(of(
                    "another cloud",
                    plain().authority(Authority::us_government()),
                )),
                case("another tenant that is not allowed").asks(
                    TokenRequest::new(["https://vault.azure.net/.default"]).tenant("fabrikam.com"),
                ),
                case("no scope").asks(TokenRequest::new([""; 0])),
            ]);
            cases
        }
    }
}
