//! A model of the managed identity endpoint of a Service Fabric cluster, api-version
//! 2019-07-01-preview.
//!
//! A caller proves itself by the header `Secret`, which it may send only once it has seen the right
//! certificate; that part belongs to the server. The endpoint keeps its tokens: it answers the same
//! one until that ends, or until a caller names it as revoked by its hash.

use super::app_service::admit;
use super::identities::{Identities, Issued};
use super::problem::{Problem, correlation_id};
use super::secret::Secret;
use crate::answer;
use crate::fields::Fields;
use http::{Request, Response, StatusCode};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const HEADER: &str = "secret";
const API_VERSIONS: [&str; 1] = [ServiceFabric::API_VERSION];
const MAX_KEPT: usize = 64;

/// The managed identity endpoint of a Service Fabric cluster, for one application on it.
#[derive(Debug)]
pub struct ServiceFabric {
    /// The identity that the cluster assigned to the application, the only one a caller can get.
    pub identities: Identities,
    secret: Secret,
    kept: BTreeMap<(String, bool), Issued>,
    served: u64,
}

impl ServiceFabric {
    /// The path of the endpoint.
    pub const PATH: &str = "/service-fabric/metadata/identity/oauth2/token";
    /// The version that the runtime publishes.
    pub const API_VERSION: &str = "2019-07-01-preview";

    /// `secret` is what callers must send in the header of that name.
    pub fn new(identities: Identities, secret: &str) -> ServiceFabric {
        ServiceFabric {
            identities,
            secret: Secret::new(secret),
            kept: BTreeMap::new(),
            served: 0,
        }
    }

    /// The value of the header `Secret`. **It is a secret.**
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
        if request.uri().path().trim_end_matches('/') != ServiceFabric::PATH {
            return answer::not_found();
        }
        self.token(request, now_unix_seconds)
            .unwrap_or_else(|problem| refuse(&problem, self.served))
    }

    fn token(
        &mut self,
        request: &Request<Vec<u8>>,
        now: u64,
    ) -> Result<Response<Vec<u8>>, Problem> {
        let fields = admit(request, (HEADER, &self.secret), &API_VERSIONS, &[])?;
        let capabilities = fields.get("xms_cc").unwrap_or_default();
        let handles_challenges = capabilities
            .split(',')
            .any(|it| it.trim().eq_ignore_ascii_case("cp1"));
        let revoked = revoked_token(&fields)?;
        let fresh = self
            .identities
            .issue(&fields, &[], handles_challenges, now)?;
        let issued = self.keep(fresh, handles_challenges, revoked, now);
        let body = json!({
            "token_type": "Bearer",
            "access_token": issued.token.expose(),
            "expires_on": issued.expires_on,
            "resource": issued.resource,
        });
        Ok(answer::json(StatusCode::OK, &body, issued.outcome()))
    }

    /// The token kept from before where it is still good, or else the fresh one, which is kept.
    fn keep(
        &mut self,
        fresh: Issued,
        handles_challenges: bool,
        revoked: Option<&str>,
        now: u64,
    ) -> Issued {
        let name = (fresh.resource.clone(), handles_challenges);
        if let Some(kept) = self.kept.get(&name) {
            let is_good = now < kept.expires_on
                && kept.client_id == fresh.client_id
                && revoked != Some(hash(kept.token.expose()).as_str());
            if is_good {
                return kept.clone();
            }
        }
        if self.kept.len() == MAX_KEPT {
            self.kept.clear();
        }
        self.kept.insert(name, fresh.clone());
        fresh
    }
}

/// The lower-case hexadecimal SHA-256 of a token that a resource turned down.
fn revoked_token(fields: &Fields) -> Result<Option<&str>, Problem> {
    const NAME: &str = "token_sha256_to_refresh";
    let is_hash = |text: &&str| {
        text.len() == 64
            && text
                .bytes()
                .all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
    };
    match fields.get(NAME) {
        None if fields.has(NAME) => Err(Problem::BadField(NAME)),
        None => Ok(None),
        Some(text) => Some(text)
            .filter(is_hash)
            .map(Some)
            .ok_or(Problem::BadField(NAME)),
    }
}

fn hash(token: &str) -> String {
    let bytes = Sha256::digest(token);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn refuse(problem: &Problem, served: u64) -> Response<Vec<u8>> {
    let (status, code) = match problem {
        Problem::NoProof(_) => (StatusCode::BAD_REQUEST, "SecretHeaderNotFound"),
        Problem::WrongProof(_) | Problem::NoIdentity | Problem::SeveralIdentities => {
            (StatusCode::NOT_FOUND, "ManagedIdentityNotFound")
        }
        Problem::ApiVersion | Problem::Missing("api-version") => {
            (StatusCode::BAD_REQUEST, "InvalidApiVersion")
        }
        Problem::Missing(_) => (StatusCode::BAD_REQUEST, "ArgumentNullOrEmpty"),
        Problem::UnknownResource { .. } => {
            (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError")
        }
        other => (other.status(), "InvalidParameter"),
    };
    let body = json!({"error": {
        "correlationId": correlation_id(served),
        "code": code,
        "message": problem.text(),
    }});
    answer::json(status, &body, problem.outcome(code))
}
