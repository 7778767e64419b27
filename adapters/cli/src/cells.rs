//! The cells of the demo's table: one token each, got and verified.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::time::{Duration, Instant};

use azid_emulator::{demo, verify_access_token};
use serde::{Deserialize, Serialize};

use crate::environments::Variables;
use crate::rows::{Row, rows};
use crate::runtime::Runtime;
use crate::table::{Cell, Table};
use crate::{Problem, output};

/// What the demo tells the process that gets the tokens, on its standard input.
#[derive(Serialize, Deserialize)]
pub(crate) struct Scene {
    /// The keys that the tokens must be signed with, as JSON.
    pub(crate) published_keys: String,
    /// The variables of each host, job and application.
    pub(crate) environments: BTreeMap<String, Variables>,
    /// Where Azure Arc's agent puts its keys.
    pub(crate) azure_arc_key_directory: String,
}

impl Scene {
    fn read() -> Result<Self, Problem> {
        const MOST_BYTES: u64 = 1024 * 1024;
        let mut text = String::new();
        let mut input = io::stdin().lock().take(MOST_BYTES);
        input.read_to_string(&mut text).map_err(Problem::failed)?;
        serde_json::from_str(&text).map_err(Problem::failed)
    }
}

pub(crate) fn run() -> Result<(), Problem> {
    let scene = Scene::read()?;
    let table = Table::begin(Runtime::ALL.map(|runtime| runtime.to_string()))?;
    let mut failures = Vec::new();
    for row in rows(&scene)? {
        let mut drawn = table.row(row.name)?;
        for runtime in Runtime::ALL {
            let start = Instant::now();
            let cell = match row.verified_token(runtime, &scene.published_keys) {
                Ok(lifetime) => Cell::Token {
                    took: start.elapsed(),
                    lifetime,
                },
                Err(problem) => {
                    failures.push(format!("{}, {runtime}: {problem}", row.name.trim()));
                    Cell::Failed
                }
            };
            drawn.fill(cell)?;
        }
    }
    if failures.is_empty() {
        return output::line(
            "Each token is signed by the emulator's published key and holds the right claims.\n\
             The times are how long it took to get, and how long it is good for.",
        );
    }
    Err(Problem::failed(failures.join("\nazid: ")))
}

impl Row {
    /// Gets a token, and checks its signature, its claims, and what the library says of it; answers
    /// how long it lives.
    fn verified_token(&self, runtime: Runtime, keys: &str) -> Result<Duration, String> {
        let token = self.token(runtime).map_err(|problem| problem.message)?;
        let now = azid_native::now().timestamp();
        let seconds = u64::try_from(now.unix_seconds()).unwrap_or(0);
        let claims = verify_access_token(token.expose(), keys, seconds);
        let claims = claims.map_err(|error| error.to_string())?;
        let issuer = format!("https://sts.windows.net/{}/", demo::TENANT_ID);
        let facts = [
            ("iss", claims.issuer(), &*issuer),
            ("aud", claims.audience(), demo::RESOURCE),
            ("tid", claims.tenant_id(), demo::TENANT_ID),
            ("oid", claims.object_id(), self.object_id),
            ("appid", claims.client_id(), self.client_id),
        ];
        for (name, found, expected) in facts {
            if found != Some(expected) {
                return Err(format!("the claim {name} is {found:?}, not {expected:?}"));
            }
        }
        // The answer gives whole seconds of life, counted from a moment that was some time ago.
        let expires = claims.expires_on().unwrap_or(0);
        let said = u64::try_from(token.expires_on().unix_seconds()).unwrap_or(0);
        if expires.abs_diff(said) > 10 {
            return Err(format!("the token expires at {expires}, not at {said}"));
        }
        Ok(token.expires_on().since(now))
    }
}

#[cfg(test)]
mod tests {
    use azid_core::{StaticTokenCredential, Timestamp};
    use azid_emulator::SigningKey;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_with_one_wrong_claim_is_no_verified_token() {
        let key = SigningKey::generate();
        let keys = json!({ "keys": [key.public_jwk()] }).to_string();
        let now = azid_native::now().timestamp().unix_seconds();
        let right = json!({
            "iss": format!("https://sts.windows.net/{}/", demo::TENANT_ID),
            "aud": demo::RESOURCE,
            "tid": demo::TENANT_ID,
            "oid": demo::CLIENT_OBJECT_ID,
            "appid": demo::CLIENT_ID,
            "nbf": now - 60,
            "exp": now + 3600,
        });
        let verify = |claims: &serde_json::Value| {
            let expires_on = Timestamp::from_unix_seconds(now + 3600);
            let token = StaticTokenCredential::new(key.sign(claims), expires_on);
            let row = Row::new("static-token", token.expect("there is a text"));
            row.verified_token(Runtime::Ureq, &keys)
        };
        let lifetime = verify(&right).expect("all of it is right");
        assert!(lifetime > Duration::from_secs(3500), "{lifetime:?}");
        for name in ["iss", "aud", "tid", "oid", "appid"] {
            let mut wrong = right.clone();
            wrong[name] = json!("somebody else's");
            let problem = verify(&wrong).expect_err(name);
            let says = format!("the claim {name} is Some(\"somebody else's\")");
            assert!(problem.starts_with(&says), "{problem}");
        }
        let mut wrong = right;
        wrong["exp"] = json!(now + 7200);
        assert!(verify(&wrong).is_err(), "it says another end than its own");
    }
}
