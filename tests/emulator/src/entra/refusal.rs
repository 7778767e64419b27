//! Every way in which Entra says no: the status, the `error` and the AADSTS number.

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
    code: u32,
    text: String,
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
            code,
            text,
        }
    }

    fn client(code: u32, text: String) -> Refusal {
        Refusal {
            status: StatusCode::UNAUTHORIZED,
            error: "invalid_client",
            code,
            text,
        }
    }

    /// The error body of Entra; the description has line breaks in it.
    pub(super) fn answer(&self, trace: &Trace) -> Response<Vec<u8>> {
        let Refusal {
            status,
            error,
            code,
            text,
        } = self;
        let Trace {
            id,
            correlation_id,
            timestamp,
            ..
        } = trace;
        let body = json!({
            "error": error,
            "error_description": format!(
                "AADSTS{code}: {text}\r\nTrace ID: {id}\r\nCorrelation ID: {correlation_id}\r\n\
                 Timestamp: {timestamp}"
            ),
            "error_codes": [code],
            "timestamp": timestamp,
            "trace_id": id,
            "correlation_id": correlation_id,
            "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
        });
        answer::json(*status, &body, self.outcome(Some(*code)))
    }

    /// The error body of AD FS, which knows no AADSTS numbers.
    pub(super) fn answer_as_adfs(&self) -> Response<Vec<u8>> {
        let body = json!({"error": self.error, "error_description": self.text});
        answer::json(self.status, &body, self.outcome(None))
    }

    fn outcome(&self, code: Option<u32>) -> Outcome {
        Outcome::Refused {
            error: self.error.to_owned(),
            code,
        }
    }
}
