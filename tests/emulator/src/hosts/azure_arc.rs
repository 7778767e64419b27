//! A model of the agent on a machine that Azure Arc manages.
//!
//! A caller proves that it is privileged by reading a file that only the privileged can read:
//!
//! ```text
//! GET ──► a fresh key file is written ──► 401, WWW-Authenticate: Basic realm=<path of the file>
//! GET, Authorization: Basic <content of the file> ──► the key is used up ──► 200
//! ```
//!
//! Without IO of its own, the model leaves [`FileOrder`]s in the extensions of its response; whoever
//! serves it carries them out before the response goes out.

use super::identities::{CLIENT_ID, IdName, Identities, MSI_RES_ID, OBJECT_ID};
use super::problem::{self, Problem};
use super::secret::Secret;
use crate::answer;
use crate::fields::Fields;
use crate::record::Outcome;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::fmt;

const AUTHORIZATION: &str = "authorization";
const API_VERSIONS: [&str; 4] = ["2019-08-15", "2019-11-01", "2020-06-01", "2021-02-01"];
/// `mi_res_id` is not among them: the agent passes over it in silence.
const IDS: [IdName; 3] = [CLIENT_ID, OBJECT_ID, MSI_RES_ID];
/// Keys that were never asked for again give way to new ones.
const MAX_OPEN_CHALLENGES: usize = 64;

/// The agent's identity endpoint.
#[derive(Debug)]
pub struct AzureArc {
    /// Whom it has tokens for.
    pub identities: Identities,
    /// An agent of before user-assigned identities: it passes over every id, and answers with a
    /// token of the machine's own identity.
    pub is_old_agent: bool,
    key_directory: String,
    seed: Secret,
    challenges: u64,
    open: VecDeque<Challenge>,
}

#[derive(Debug)]
struct Challenge {
    path: String,
    key: Secret,
}

/// What is to be done to a file before the response that carries the order goes out. A response's
/// extensions hold a `Vec` of these.
#[derive(Clone, PartialEq, Eq)]
pub enum FileOrder {
    /// Write a file for the privileged alone.
    Write {
        /// Its absolute path.
        path: String,
        /// The whole content. **It is a secret.**
        content: String,
    },
    /// Remove a file whose content is worth nothing any more.
    Remove {
        /// Its absolute path.
        path: String,
    },
}

impl fmt::Debug for FileOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, path) = match self {
            FileOrder::Write { path, .. } => ("Write", path),
            FileOrder::Remove { path } => ("Remove", path),
        };
        f.debug_struct(name)
            .field("path", path)
            .finish_non_exhaustive()
    }
}

impl AzureArc {
    /// The path of the endpoint.
    pub const PATH: &str = "/azure-arc/metadata/identity/oauth2/token";
    /// Where the agent on Linux keeps its keys; clients accept no other directory there.
    pub const KEY_DIRECTORY: &str = "/var/opt/azcmagent/tokens";

    /// Keeps its keys in [`AzureArc::KEY_DIRECTORY`]; see [`AzureArc::set_seed`].
    pub fn new(identities: Identities) -> AzureArc {
        AzureArc {
            identities,
            is_old_agent: false,
            key_directory: AzureArc::KEY_DIRECTORY.to_owned(),
            seed: Secret::new(""),
            challenges: 0,
            open: VecDeque::new(),
        }
    }

    /// Makes the names and the contents of the key files depend on `seed`. A server gives random
    /// bytes; without them every agent writes the same files.
    pub fn set_seed(&mut self, seed: &[u8]) {
        self.seed = Secret::new(STANDARD.encode(seed));
    }

    /// Where the key files go.
    pub fn key_directory(&self) -> &str {
        &self.key_directory
    }

    /// Has the key files go to another directory, an absolute path of either operating system.
    pub fn set_key_directory(&mut self, directory: &str) {
        directory.clone_into(&mut self.key_directory);
    }

    /// Answers one request.
    pub fn handle(
        &mut self,
        request: &Request<Vec<u8>>,
        now_unix_seconds: u64,
    ) -> Response<Vec<u8>> {
        let mut orders = Vec::new();
        let mut response = self
            .token(request, now_unix_seconds, &mut orders)
            .unwrap_or_else(|problem| refuse(&problem));
        if !orders.is_empty() {
            response.extensions_mut().insert(orders);
        }
        response
    }

    fn token(
        &mut self,
        request: &Request<Vec<u8>>,
        now: u64,
        orders: &mut Vec<FileOrder>,
    ) -> Result<Response<Vec<u8>>, Problem> {
        problem::stray_secret(request, Some(AUTHORIZATION))?;
        if request.method() != Method::GET {
            return Err(Problem::Method);
        }
        problem::metadata_header(request)?;
        let fields = Fields::of_query(request.uri())?;
        problem::api_version(&fields, &API_VERSIONS)?;
        if !request.headers().contains_key(AUTHORIZATION) {
            return Ok(self.challenge(orders));
        }
        orders.push(self.use_up(request)?);
        let ids: &[IdName] = if self.is_old_agent { &[] } else { &IDS };
        let issued = self.identities.issue(&fields, ids, false, now)?;
        let mut body = issued.body_of_texts();
        let named = ids
            .iter()
            .find_map(|(name, _)| Some((name, fields.get(name)?)));
        if let Some((name, id)) = named {
            body[*name] = json!(id);
        }
        Ok(answer::json(StatusCode::OK, &body, issued.outcome()))
    }

    fn challenge(&mut self, orders: &mut Vec<FileOrder>) -> Response<Vec<u8>> {
        self.challenges += 1;
        let name = URL_SAFE_NO_PAD.encode(&self.random("name")[..12]);
        let key = STANDARD.encode(self.random("key"));
        let separator = if self.key_directory.contains('\\') {
            '\\'
        } else {
            '/'
        };
        let path = format!("{}{separator}{name}.key", self.key_directory);
        if self.open.len() == MAX_OPEN_CHALLENGES {
            let oldest = self.open.pop_front();
            orders.extend(oldest.map(|it| FileOrder::Remove { path: it.path }));
        }
        orders.push(FileOrder::Write {
            path: path.clone(),
            content: key.clone(),
        });
        let realm = format!("Basic realm={path}");
        self.open.push_back(Challenge {
            path,
            key: Secret::new(key),
        });
        let outcome = Outcome::Refused {
            error: String::new(),
            code: None,
        };
        let mut response = answer::empty(StatusCode::UNAUTHORIZED, outcome);
        if let Ok(realm) = HeaderValue::try_from(realm) {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, realm);
        }
        response
    }

    /// A key opens once.
    fn use_up(&mut self, request: &Request<Vec<u8>>) -> Result<FileOrder, Problem> {
        let key = answer::only_header(request, AUTHORIZATION)
            .and_then(|value| value.strip_prefix("Basic "))
            .ok_or(Problem::WrongProof(AUTHORIZATION))?;
        let found = self.open.iter().position(|it| it.key.expose() == key);
        found
            .and_then(|position| self.open.remove(position))
            .map(|it| FileOrder::Remove { path: it.path })
            .ok_or(Problem::WrongProof(AUTHORIZATION))
    }

    fn random(&self, purpose: &str) -> [u8; 32] {
        let seed = self.seed.expose();
        Sha256::digest(format!("{seed} {} {purpose}", self.challenges)).into()
    }
}

fn refuse(problem: &Problem) -> Response<Vec<u8>> {
    let (status, error) = match problem {
        Problem::NoMetadataHeader => (StatusCode::BAD_REQUEST, "bad_request_102"),
        Problem::WrongProof(_) => (StatusCode::FORBIDDEN, "forbidden"),
        Problem::UnknownResource { .. } => (StatusCode::BAD_REQUEST, "invalid_resource"),
        other => (other.status(), "invalid_request"),
    };
    let body = json!({"error": error, "error_description": problem.text()});
    answer::json(status, &body, problem.outcome(error))
}
