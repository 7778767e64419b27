//! A model of the older identity endpoint of App Service, api-version 2017-09-01, which Azure ML
//! compute still has.
//!
//! A caller proves itself by the header `secret` and can name an identity by `clientid` alone. App
//! Service tells the end of a token as a date, each operating system in its own way; Azure ML tells
//! it as a number.

use super::app_service::{admit, refuse};
use super::identities::{IdName, Identities};
use super::problem::Problem;
use super::secret::Secret;
use crate::answer;
use crate::time::{date_on_linux, date_on_windows};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

const HEADER: &str = "secret";
const API_VERSIONS: [&str; 1] = ["2017-09-01"];
const IDS: [IdName; 1] = [("clientid", |it| &it.client_id)];

/// How an endpoint writes the end of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpiryForm {
    /// `06/20/2019 02:57:58 +00:00`.
    LinuxDate,
    /// `6/20/2019 2:57:58 AM +00:00`.
    WindowsDate,
    /// Unix seconds as a number.
    Number,
}

/// The identity endpoint of an App Service of old, or of Azure ML compute.
#[derive(Debug)]
pub struct AppService2017 {
    /// Whom it has tokens for.
    pub identities: Identities,
    /// How it writes `expires_on`.
    pub expiry_form: ExpiryForm,
    secret: Secret,
    served: u64,
}

impl AppService2017 {
    /// The path of the endpoint of an App Service.
    pub const PATH: &str = "/app-service-2017/MSI/token";
    /// The path of the endpoint of Azure ML compute.
    pub const AZURE_ML_PATH: &str = "/azure-ml/msi/token";

    /// `secret` is what callers must send in the header of that name.
    pub fn new(identities: Identities, secret: &str, expiry_form: ExpiryForm) -> AppService2017 {
        AppService2017 {
            identities,
            expiry_form,
            secret: Secret::new(secret),
            served: 0,
        }
    }

    /// The value of the header `secret`. **It is a secret.**
    pub fn secret(&self) -> &str {
        self.secret.expose()
    }

    /// Answers one request.
    pub fn handle(
        &mut self,
        request: &Request<Vec<u8>>,
        now_unix_seconds: u64,
    ) -> Response<Vec<u8>> {
        self.served += 1;
        self.token(request, now_unix_seconds)
            .unwrap_or_else(|problem| refuse(&problem, self.served))
    }

    fn token(
        &mut self,
        request: &Request<Vec<u8>>,
        now: u64,
    ) -> Result<Response<Vec<u8>>, Problem> {
        let fields = admit(request, (HEADER, &self.secret), &API_VERSIONS, &IDS)?;
        let issued = self.identities.issue(&fields, &IDS, false, now)?;
        let body = json!({
            "access_token": issued.token.expose(),
            "expires_on": self.expiry(issued.expires_on),
            "resource": issued.resource,
            "token_type": "Bearer",
        });
        Ok(answer::json(StatusCode::OK, &body, issued.outcome()))
    }

    fn expiry(&self, unix_seconds: u64) -> Value {
        match self.expiry_form {
            ExpiryForm::LinuxDate => json!(date_on_linux(unix_seconds)),
            ExpiryForm::WindowsDate => json!(date_on_windows(unix_seconds)),
            ExpiryForm::Number => json!(unix_seconds),
        }
    }
}
