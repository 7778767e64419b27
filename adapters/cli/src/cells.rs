//! The cells of the demo's table: one token each, got and verified.

use std::sync::Arc;
use std::time::{Duration, Instant};

use azid_core::{
    Authority, ClientSecretCredential, Credential, Environment, Error, ManagedIdentityCredential,
    ManagedIdentityId, TokenRequest, WorkloadIdentityCredential,
};
use azid_emulator::{demo, verify_access_token};
use clap::Args;

use crate::runtime::Runtime;
use crate::table::{Cell, Table};
use crate::{Problem, output};

#[derive(Args)]
pub(crate) struct Options {
    /// The keys that the tokens must be signed with, as JSON.
    #[arg(long)]
    published_keys: String,
}

/// A row of the table: a credential, and whom its tokens must be about.
struct Row {
    name: &'static str,
    credential: Arc<dyn Credential>,
    client_id: &'static str,
    object_id: &'static str,
}

pub(crate) fn run(options: &Options) -> Result<(), Problem> {
    let rows = rows(&azid_native::environment()).map_err(Problem::failed)?;
    let names = rows.iter().map(|row| row.name).collect();
    let mut table = Table::new(names, Runtime::ALL.map(|runtime| runtime.to_string()));
    table.begin()?;
    let mut failures = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        for (column, runtime) in Runtime::ALL.into_iter().enumerate() {
            let start = Instant::now();
            let cell = match row.verified_token(runtime, &options.published_keys) {
                Ok(lifetime) => Cell::Token {
                    took: start.elapsed(),
                    lifetime,
                },
                Err(problem) => {
                    failures.push(format!("{}, {runtime}: {problem}", row.name));
                    Cell::Failed
                }
            };
            table.set(at, column, cell)?;
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

fn rows(environment: &Environment) -> Result<Vec<Row>, Error> {
    let secret =
        ClientSecretCredential::new(demo::TENANT_ID, demo::CLIENT_ID, demo::CLIENT_SECRET)?
            .authority(Authority::from_environment(environment)?);
    let application = |name, credential| Row {
        name,
        credential,
        client_id: demo::CLIENT_ID,
        object_id: demo::CLIENT_OBJECT_ID,
    };
    let user_assigned = |name, id| {
        Ok::<_, Error>(Row {
            name,
            credential: Arc::new(ManagedIdentityCredential::with_id(id)?),
            client_id: demo::USER_ASSIGNED_CLIENT_ID,
            object_id: demo::USER_ASSIGNED_OBJECT_ID,
        })
    };
    let client_id = ManagedIdentityId::ClientId(demo::USER_ASSIGNED_CLIENT_ID.to_owned());
    let object_id = ManagedIdentityId::ObjectId(demo::USER_ASSIGNED_OBJECT_ID.to_owned());
    let resource_id = ManagedIdentityId::ResourceId(demo::USER_ASSIGNED_RESOURCE_ID.to_owned());
    Ok(vec![
        application("client-secret", Arc::new(secret)),
        application(
            "workload-identity",
            Arc::new(WorkloadIdentityCredential::new()),
        ),
        Row {
            name: "managed-identity",
            credential: Arc::new(ManagedIdentityCredential::new()),
            client_id: demo::SYSTEM_ASSIGNED_CLIENT_ID,
            object_id: demo::SYSTEM_ASSIGNED_OBJECT_ID,
        },
        user_assigned("  by client id", client_id)?,
        user_assigned("  by object id", object_id)?,
        user_assigned("  by resource id", resource_id)?,
    ])
}

impl Row {
    /// Gets a token, and checks its signature, its claims, and what the library says of it; answers
    /// how long it lives.
    fn verified_token(&self, runtime: Runtime, keys: &str) -> Result<Duration, String> {
        let request = TokenRequest::new([demo::SCOPE]);
        let outcome = runtime.drive(Arc::clone(&self.credential), request, false);
        let token = outcome.map_err(|problem| problem.message)?.result;
        let token = token.map_err(|error| error.to_string())?;
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
        if let Some((name, found, expected)) = facts
            .into_iter()
            .find(|(_, found, expected)| *found != Some(*expected))
        {
            return Err(format!("the claim {name} is {found:?}, not {expected:?}"));
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
