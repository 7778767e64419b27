//! Every way in which the metadata service says no.

use crate::answer;
use crate::fields::FieldsError;
use crate::record::Outcome;
use http::{Response, StatusCode};
use serde_json::{Value, json};

/// A refused request.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    body: Value,
    outcome: Outcome,
}

impl Refusal {
    /// The answer that a probe without the header gets, too.
    pub(super) fn no_metadata_header() -> Refusal {
        Refusal::new("bad_request_102", "Required metadata header not specified")
    }

    pub(super) fn leak(header: &str) -> Refusal {
        let text = format!("The header '{header}' must not be sent here");
        Refusal {
            outcome: Outcome::Leak(header.to_owned()),
            ..Refusal::request(&text)
        }
    }

    pub(super) fn method() -> Refusal {
        let refusal = Refusal::request("Only GET is allowed");
        Refusal {
            status: StatusCode::METHOD_NOT_ALLOWED,
            ..refusal
        }
    }

    pub(super) fn query(error: FieldsError) -> Refusal {
        match error {
            FieldsError::Malformed => Refusal::request("The query is malformed"),
            FieldsError::Duplicate(name) => {
                Refusal::request(&format!("The query variable '{name}' is given twice"))
            }
        }
    }

    pub(super) fn missing(variable: &str) -> Refusal {
        Refusal::request(&format!("Required query variable '{variable}' is missing"))
    }

    /// Lists the versions to choose from, newest first.
    pub(super) fn api_version(versions: &[&str]) -> Refusal {
        let mut refusal = Refusal::request("The api-version is not supported");
        let newest: Vec<_> = versions.iter().rev().take(3).collect();
        refusal.body["newest-versions"] = json!(newest);
        refusal
    }

    pub(super) fn several_ids() -> Refusal {
        Refusal::request("At most one of client_id, object_id and msi_res_id may be given")
    }

    pub(super) fn no_identity() -> Refusal {
        Refusal::request("Identity not found")
    }

    pub(super) fn several_identities() -> Refusal {
        Refusal::request("Multiple user assigned identities exist: specify which one is meant")
    }

    /// The service passes on what Entra said about the resource.
    pub(super) fn resource(resource: &str, tenant: &str) -> Refusal {
        let text = format!(
            "AADSTS500011: The resource principal '{resource}' was not found in the tenant '{tenant}'."
        );
        let mut refusal = Refusal::new("invalid_resource", &text);
        refusal.outcome = Outcome::Refused {
            error: "invalid_resource".to_owned(),
            code: Some(500011),
        };
        refusal
    }

    fn request(text: &str) -> Refusal {
        Refusal::new("invalid_request", text)
    }

    fn new(error: &str, text: &str) -> Refusal {
        Refusal {
            status: StatusCode::BAD_REQUEST,
            body: json!({"error": error, "error_description": text}),
            outcome: Outcome::Refused {
                error: error.to_owned(),
                code: None,
            },
        }
    }

    pub(super) fn answer(self) -> Response<Vec<u8>> {
        answer::json(self.status, &self.body, self.outcome)
    }
}
