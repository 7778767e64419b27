//! Why a host refuses a request, and the checks that hosts share.

use super::identities::IdName;
use crate::answer;
use crate::fields::{Fields, FieldsError};
use crate::record::Outcome;
use http::{Request, Response, StatusCode};
use serde_json::json;

/// Headers that prove a caller to one kind of host, and are a secret handed out at any other.
const SECRET_HEADERS: [&str; 3] = ["x-identity-header", "secret", "authorization"];

/// Everything that names a user-assigned identity somewhere.
const ID_FIELDS: [&str; 6] = [
    "client_id",
    "clientid",
    "object_id",
    "principal_id",
    "msi_res_id",
    "mi_res_id",
];

/// A refusal before it has the status and the shape of the host that speaks it.
#[derive(Debug)]
pub(crate) enum Problem {
    /// This header belongs to another endpoint.
    Leak(&'static str),
    /// The method is not the host's.
    Method,
    /// `Metadata: true` is missing.
    NoMetadataHeader,
    /// The header with the caller's proof is missing.
    NoProof(&'static str),
    /// The caller's proof is not the right one.
    WrongProof(&'static str),
    /// The body is not a form.
    NoForm,
    Fields(FieldsError),
    /// A required field is missing.
    Missing(&'static str),
    ApiVersion,
    /// The host does not know this name for an identity.
    UnsupportedId(&'static str),
    SeveralIds,
    NoIdentity,
    SeveralIdentities,
    /// Entra knows no such resource in this tenant.
    UnknownResource {
        resource: String,
        tenant_id: String,
    },
    /// A field does not have the form that it should.
    BadField(&'static str),
}

impl Problem {
    /// One sentence for people; never a value that may be secret.
    pub(crate) fn text(&self) -> String {
        match self {
            Problem::Leak(header) => format!("The header '{header}' must not be sent here"),
            Problem::Method => "The method is not allowed".to_owned(),
            Problem::NoMetadataHeader => "Required metadata header not specified".to_owned(),
            Problem::NoProof(header) => format!("The header '{header}' is required"),
            Problem::WrongProof(header) => format!("The header '{header}' has the wrong value"),
            Problem::NoForm => "The body must be a form".to_owned(),
            Problem::Fields(FieldsError::Malformed) => "The query is malformed".to_owned(),
            Problem::Fields(FieldsError::Duplicate(name)) => {
                format!("The query variable '{name}' is given twice")
            }
            Problem::Missing(name) => format!("Required query variable '{name}' is missing"),
            Problem::ApiVersion => "The api-version is not supported".to_owned(),
            Problem::UnsupportedId(name) => format!("'{name}' is not supported by this host"),
            Problem::SeveralIds => {
                "At most one id may be given: client_id, object_id or a resource id".to_owned()
            }
            Problem::NoIdentity => "Identity not found".to_owned(),
            Problem::SeveralIdentities => {
                "Multiple user assigned identities exist: specify which one is meant".to_owned()
            }
            Problem::UnknownResource {
                resource,
                tenant_id,
            } => format!(
                "AADSTS500011: The resource principal '{resource}' was not found in the tenant '{tenant_id}'."
            ),
            Problem::BadField(name) => format!("The query variable '{name}' is malformed"),
        }
    }

    /// What the log keeps, `error` being what the host calls this problem.
    pub(crate) fn outcome(&self, error: &str) -> Outcome {
        match self {
            Problem::Leak(header) => Outcome::Leak((*header).to_owned()),
            Problem::UnknownResource { .. } => Outcome::Refused {
                error: error.to_owned(),
                code: Some(500_011),
            },
            _ => Outcome::Refused {
                error: error.to_owned(),
                code: None,
            },
        }
    }

    /// The answer in the shape of OAuth (RFC 6749 section 5.2).
    pub(crate) fn answer(&self) -> Response<Vec<u8>> {
        let error = "invalid_request";
        let body = json!({"error": error, "error_description": self.text()});
        answer::json(self.status(), &body, self.outcome(error))
    }

    /// The status that most hosts give it.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Problem::Method => StatusCode::METHOD_NOT_ALLOWED,
            Problem::NoProof(_) | Problem::WrongProof(_) => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl From<FieldsError> for Problem {
    fn from(error: FieldsError) -> Problem {
        Problem::Fields(error)
    }
}

/// Finds a secret that was meant for another host; `own` is the one header that belongs here.
pub(crate) fn stray_secret(request: &Request<Vec<u8>>, own: Option<&str>) -> Result<(), Problem> {
    let stray = SECRET_HEADERS
        .into_iter()
        .find(|header| Some(*header) != own && request.headers().contains_key(*header));
    stray.map_or(Ok(()), |header| Err(Problem::Leak(header)))
}

/// `Metadata: true`, once and in lower case.
pub(crate) fn metadata_header(request: &Request<Vec<u8>>) -> Result<(), Problem> {
    if answer::only_header(request, "metadata") == Some("true") {
        Ok(())
    } else {
        Err(Problem::NoMetadataHeader)
    }
}

/// Refuses every name for an identity but the `supported` ones.
pub(crate) fn only_ids(fields: &Fields, supported: &[IdName]) -> Result<(), Problem> {
    let is_known = |name: &str| supported.iter().any(|(known, _)| *known == name);
    let unsupported = ID_FIELDS
        .into_iter()
        .find(|name| fields.has(name) && !is_known(name));
    unsupported.map_or(Ok(()), |name| Err(Problem::UnsupportedId(name)))
}

/// The api-version of the query must be one of these.
pub(crate) fn api_version(fields: &Fields, known: &[&str]) -> Result<(), Problem> {
    match fields.get("api-version") {
        None => Err(Problem::Missing("api-version")),
        Some(version) if known.contains(&version) => Ok(()),
        Some(_) => Err(Problem::ApiVersion),
    }
}

/// The id of an answer, in the form of a GUID.
pub(crate) fn correlation_id(served: u64) -> String {
    format!("66666666-aaaa-4bbb-8ccc-{:012x}", served & 0xffff_ffff_ffff)
}
