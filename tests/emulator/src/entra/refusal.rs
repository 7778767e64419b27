//! Every way in which Entra says no: the status, the `error` and the AADSTS number.

mod user;

use super::trace::Trace;
use crate::answer;
use crate::fields::FieldsError;
use crate::record::Outcome;
use http::{Response, StatusCode};
use serde_json::json;

/// A refused request.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: &'static str,
    /// The AADSTS number; very few refusals have none.
    code: Option<u32>,
    text: String,
    /// Members of the body that few refusals have: `suberror`, `claims`.
    more: Vec<(&'static str, String)>,
}

impl Refusal {
    pub(super) fn method(method: &http::Method) -> Refusal {
        Refusal::request(900561, format!("This endpoint takes POST, not {method}."))
    }

    pub(super) fn form(error: FieldsError) -> Refusal {
        match error {
            FieldsError::Malformed => Refusal::malformed("The body is not a well-formed form."),
            FieldsError::Duplicate(name) => {
                Refusal::request(9000411, format!("The parameter '{name}' is given twice."))
            }
        }
    }

    pub(super) fn malformed(text: &str) -> Refusal {
        Refusal::request(9002313, text.to_owned())
    }

    pub(super) fn missing(field: &str) -> Refusal {
        Refusal::request(
            900144,
            format!("The request body must contain the parameter: '{field}'."),
        )
    }

    pub(super) fn grant(grant: &str) -> Refusal {
        Refusal {
            error: "unsupported_grant_type",
            ..Refusal::request(70003, format!("The grant type '{grant}' is not supported."))
        }
    }

    pub(super) fn resource_parameter() -> Refusal {
        Refusal::request(
            901002,
            "The parameter 'resource' is not supported here.".to_owned(),
        )
    }

    pub(super) fn tenant_syntax(tenant: &str) -> Refusal {
        Refusal::request(
            900023,
            format!("The tenant identifier '{tenant}' is neither a GUID nor a domain name."),
        )
    }

    pub(super) fn tenant(tenant: &str) -> Refusal {
        Refusal::request(90002, format!("Tenant '{tenant}' not found."))
    }

    pub(super) fn shared_endpoint() -> Refusal {
        let text = "This grant type is not supported over /common or /consumers.";
        Refusal::request(9001023, text.to_owned())
    }

    pub(super) fn single_tenant(client_id: &str) -> Refusal {
        let text = format!("Application '{client_id}' is not multi-tenant: name its tenant.");
        Refusal {
            error: "unauthorized_client",
            ..Refusal::request(50194, text)
        }
    }

    pub(super) fn application(client_id: &str, tenant: &str) -> Refusal {
        let text = format!("Application '{client_id}' was not found in the directory '{tenant}'.");
        Refusal {
            error: "unauthorized_client",
            ..Refusal::request(700016, text)
        }
    }

    pub(super) fn disabled(client_id: &str) -> Refusal {
        let text = format!("Application '{client_id}' is disabled.");
        Refusal {
            error: "unauthorized_client",
            ..Refusal::request(7000112, text)
        }
    }

    pub(super) fn no_credential() -> Refusal {
        Refusal::client(
            7000218,
            "The request body must contain 'client_assertion' or 'client_secret'.".to_owned(),
        )
    }

    pub(super) fn public_client() -> Refusal {
        let text = "A public client must present neither 'client_assertion' nor 'client_secret'.";
        Refusal::client(700025, text.to_owned())
    }

    pub(super) fn secret(client_id: &str) -> Refusal {
        let text = format!(
            "Invalid client secret for app '{client_id}': send the secret's value, not its id."
        );
        Refusal::client(7000215, text)
    }

    pub(super) fn expired_secret(client_id: &str) -> Refusal {
        Refusal::client(
            7000222,
            format!("The client secrets of app '{client_id}' have expired."),
        )
    }

    pub(super) fn assertion_format(text: &str) -> Refusal {
        Refusal::client(50027, format!("The JWT is invalid or malformed: {text}."))
    }

    pub(super) fn assertion_signature(text: &str) -> Refusal {
        Refusal::client(
            700027,
            format!("The client assertion failed signature validation: {text}."),
        )
    }

    pub(super) fn assertion_time(now: &str, from: &str, until: &str) -> Refusal {
        let text = format!(
            "The client assertion is not within its valid time range. Current time: {now}, \
             valid from {from}, expires {until}."
        );
        Refusal::client(700024, text)
    }

    pub(super) fn assertion_client() -> Refusal {
        let text = "The application that the client assertion names is not the one in 'client_id'.";
        Refusal::client(700021, text.to_owned())
    }

    pub(super) fn assertion_audience() -> Refusal {
        let text = "The audience of the client assertion is not this token endpoint.";
        Refusal::client(700023, text.to_owned())
    }

    pub(super) fn assertion_kind() -> Refusal {
        let text = "Of the tokens that Entra issues, only app-only ones of user-assigned managed \
                    identities can be federated identity credentials.";
        Refusal::client(700229, text.to_owned())
    }

    pub(super) fn unknown_certificate(thumbprint: &str) -> Refusal {
        let text = format!(
            "The certificate that signed the client assertion is not registered on the \
             application. [Reason - The key was not found., Thumbprint of key used by client: \
             '{thumbprint}']"
        );
        Refusal::client(700027, text)
    }

    pub(super) fn expired_certificate(until: &str) -> Refusal {
        let text = format!(
            "The certificate of the client assertion is not within its validity: it ends {until}."
        );
        Refusal::client(1_000_502, text)
    }

    pub(super) fn subject_name(name: &str) -> Refusal {
        let text = format!("Invalid certificate: the subject name '{name}' is not authorized.");
        Refusal::client(700030, text)
    }

    pub(super) fn regional() -> Refusal {
        let text = "Regional endpoints serve managed identities and certain applications only.";
        Refusal::request(100007, text.to_owned())
    }

    /// The assertion of an on-behalf-of request is bad in the way that `code` stands for.
    pub(super) fn user_assertion(code: u32, text: String) -> Refusal {
        Refusal {
            error: "invalid_grant",
            ..Refusal::request(code, text)
        }
    }

    pub(super) fn user_assertion_format() -> Refusal {
        Refusal::request(50027, "The JWT is invalid or malformed.".to_owned())
    }

    pub(super) fn id_token() -> Refusal {
        let text = "An id_token cannot be the assertion of this grant: send an access token.";
        Refusal::request(240_002, text.to_owned())
    }

    pub(super) fn app_only_assertion(client_id: &str) -> Refusal {
        let text = format!(
            "Application '{client_id}' is not allowed to make application on-behalf-of calls."
        );
        Refusal {
            error: "unauthorized_client",
            ..Refusal::request(7_000_114, text)
        }
    }

    pub(super) fn consent(client_id: &str, scope: &str) -> Refusal {
        let text = format!("Nobody has consented that application '{client_id}' uses '{scope}'.");
        Refusal {
            error: "invalid_grant",
            more: vec![("suberror", "consent_required".to_owned())],
            ..Refusal::request(65001, text)
        }
    }

    /// The user must do more first; `claims` is what a new sign-in has to ask for.
    pub(super) fn interaction(resource: &str, claims: String) -> Refusal {
        let text = format!("Multi-factor authentication is needed to access '{resource}'.");
        Refusal {
            error: "interaction_required",
            more: vec![("suberror", "basic_action".to_owned()), ("claims", claims)],
            ..Refusal::request(50076, text)
        }
    }

    /// No federated credential fits; `code` says what part of the assertion is at fault.
    pub(super) fn federation(code: u32, what: &str, presented: &str) -> Refusal {
        let text =
            format!("No federated identity record matches the assertion's {what} '{presented}'.");
        Refusal::client(code, text)
    }

    /// A scope that is wrong in the way that `code` stands for.
    pub(super) fn scope(code: u32, text: String) -> Refusal {
        Refusal {
            error: "invalid_scope",
            ..Refusal::request(code, text)
        }
    }

    pub(super) fn invalid_scope(field: &str) -> Refusal {
        let text = format!("The value of the parameter 'scope' is not valid: '{field}'.");
        Refusal::scope(70011, text)
    }

    pub(super) fn several_resources(field: &str) -> Refusal {
        let text = format!("The scope '{field}' contains more than one resource.");
        Refusal::scope(28000, text)
    }

    pub(super) fn resource(resource: &str, tenant: &str) -> Refusal {
        let text =
            format!("The resource principal '{resource}' was not found in the tenant '{tenant}'.");
        Refusal {
            error: "invalid_resource",
            ..Refusal::request(500011, text)
        }
    }

    pub(super) fn instance(host: &str) -> Refusal {
        let text = format!("Unknown or invalid instance '{host}'.");
        Refusal {
            error: "invalid_instance",
            ..Refusal::request(50049, text)
        }
    }

    fn request(code: u32, text: String) -> Refusal {
        Refusal {
            status: StatusCode::BAD_REQUEST,
            error: "invalid_request",
            code: Some(code),
            text,
            more: Vec::new(),
        }
    }

    fn client(code: u32, text: String) -> Refusal {
        Refusal {
            status: StatusCode::UNAUTHORIZED,
            error: "invalid_client",
            code: Some(code),
            text,
            more: Vec::new(),
        }
    }

    /// The error body of Entra.
    pub(super) fn answer(&self, trace: &Trace) -> Response<Vec<u8>> {
        let mut body = json!({
            "error": self.error,
            "error_description": self.description(trace),
            "timestamp": trace.timestamp,
            "trace_id": trace.id,
            "correlation_id": trace.correlation_id,
        });
        if let Some(code) = self.code {
            body["error_codes"] = json!([code]);
            body["error_uri"] = json!(error_uri(code));
        }
        for (name, value) in &self.more {
            body[*name] = json!(value);
        }
        answer::json(self.status, &body, self.outcome())
    }

    /// The text and the ids, with line breaks between them.
    fn description(&self, trace: &Trace) -> String {
        let number = self.code.map(|code| format!("AADSTS{code}: "));
        format!(
            "{}{}\r\nTrace ID: {}\r\nCorrelation ID: {}\r\nTimestamp: {}",
            number.unwrap_or_default(),
            self.text,
            trace.id,
            trace.correlation_id,
            trace.timestamp
        )
    }

    /// The error body of AD FS, which knows no AADSTS numbers.
    pub(super) fn answer_as_adfs(&self) -> Response<Vec<u8>> {
        let body = json!({"error": self.error, "error_description": self.text});
        let outcome = Outcome::Refused {
            error: self.error.to_owned(),
            code: None,
        };
        answer::json(self.status, &body, outcome)
    }

    /// What the log keeps.
    pub(super) fn outcome(&self) -> Outcome {
        Outcome::Refused {
            error: self.error.to_owned(),
            code: self.code,
        }
    }
}

fn error_uri(code: u32) -> String {
    format!("https://login.microsoftonline.com/error?code={code}")
}
