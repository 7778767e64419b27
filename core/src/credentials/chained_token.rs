//! A chain that the program builds.
//!
//! begin ─► link ─► link … ─► the first token, or the first failure

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::CredentialConfig;
use crate::chain::{Chain, ChainLink};
use crate::context::{Context, Position};
use crate::credential::{Credential, Lane};
use crate::environment::Environment;
use crate::error::{Invalid, What};
use crate::identity::Identity;
use crate::memory::Memory;
use crate::moves::Next;
use crate::plan::{Plan, PlanContext};
use crate::transcript::Redactor;

/// Asks credentials in order until one has a token.
///
/// It goes on after a link that is *unavailable* here: not configured, not installed, nobody there.
/// It stops at one that *failed*, or that *needs a person*: that one was meant, and the token of
/// another identity is no answer to its failure. The error then tells what the links before it
/// said, and so does the error after which no link is left: see [`Error::links`].
///
/// For a developer tool this means: nobody logged in, a time-out or a tool that is broken are
/// *unavailable*, and what Entra refuses to the account that is logged in has *failed*;
/// [`DeveloperToolsCredential`](super::DeveloperToolsCredential) has the table.
///
/// The link that had a token is asked first the next time, unless
/// [`remember_winner(false)`](Self::remember_winner) says otherwise. If it has become unavailable,
/// the others are asked in order from the start, and the one that has a token then is remembered in
/// its place. Nothing but a winner is remembered: a link that is not there may be there in a
/// moment. What is remembered counts for this chain in this environment, whatever its secrets are;
/// links of the program's own making count by their names.
///
/// It can be part of a configuration file; [`CredentialConfig`] is the type to read:
///
/// ```
/// use azid_core::{CredentialConfig, TokenRequest};
///
/// let config: CredentialConfig = serde_json::from_str(r#"{
///     "credential": "chained-token",
///     "links": [
///         { "credential": "workload-identity", "within_milliseconds": 5000 },
///         { "credential": "managed-identity", "identity": { "client-id": "11111111-aaaa-4bbb-8ccc-000000000001" } }
///     ]
/// }"#)?;
/// let credential = config.into_credential();
/// # assert_eq!(credential.name(), "ChainedTokenCredential");
/// # Ok::<_, serde_json::Error>(())
/// ```
///
/// The same in code:
///
/// ```
/// use std::time::Duration;
/// use azid_core::{ChainLink, ChainedTokenCredential, ManagedIdentityCredential, ManagedIdentityId, WorkloadIdentityCredential};
///
/// let workload = ChainLink::new(WorkloadIdentityCredential::new()).within(Duration::from_secs(5));
/// let identity = ManagedIdentityId::ClientId("11111111-aaaa-4bbb-8ccc-000000000001".into());
/// let credential = ChainedTokenCredential::new(workload)
///     .link(ManagedIdentityCredential::with_id(identity)?);
/// # let _ = credential;
/// # Ok::<_, azid_core::Invalid>(())
/// ```
///
/// [`Error::links`]: crate::Error::links
///
/// [What it asks, and whom][pictures], in pictures drawn from its runs.
///
/// [pictures]: https://github.com/azid-rs/azid/blob/HEAD/docs/credentials/ChainedTokenCredential.md
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainedTokenCredential {
    links: Links,
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    remember_winner: bool,
}

/// The links of a chain, of which there is always one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<ChainLink>", into = "Vec<ChainLink>")]
struct Links(Vec<ChainLink>);

impl ChainedTokenCredential {
    /// A chain of one link so far: a credential, or a [`ChainLink`] with a time limit.
    pub fn new(first: impl Into<ChainLink>) -> Self {
        Self {
            links: Links(vec![first.into()]),
            remember_winner: true,
        }
    }

    /// A chain of these links, in order.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn from_links<L: Into<ChainLink>>(
        links: impl IntoIterator<Item = L>,
    ) -> Result<Self, Invalid> {
        let links: Vec<_> = links.into_iter().map(Into::into).collect();
        Ok(Self {
            links: links.try_into()?,
            remember_winner: true,
        })
    }

    /// Adds a link at the end.
    pub fn link(mut self, next: impl Into<ChainLink>) -> Self {
        self.links.0.push(next.into());
        self
    }

    /// Whether the link that had a token is asked first the next time, which it is unless this
    /// says no.
    pub fn remember_winner(mut self, remember: bool) -> Self {
        self.remember_winner = remember;
        self
    }

    fn chain(&self, position: Position, environment: &Environment) -> Chain {
        let chain = Chain::new(self.links.0.clone(), self.position_of_links(position));
        if self.remember_winner {
            chain.remembering(self.name(), environment)
        } else {
            chain
        }
    }

    /// A single link has nobody to be brief for.
    fn position_of_links(&self, own: Position) -> Position {
        match own {
            Position::Alone if self.links.0.len() > 1 => Position::InChain,
            own => own,
        }
    }
}

impl Credential for ChainedTokenCredential {
    fn name(&self) -> &'static str {
        "ChainedTokenCredential"
    }

    fn identity(&self) -> Identity {
        let links = self.links.0.iter();
        links
            .fold(Identity::of(self.name()), |builder, link| {
                builder.with("link", &link.identity())
            })
            .finish()
    }

    fn lane(&self, memory: &Memory, environment: &Environment) -> Lane {
        self.chain(Position::Alone, environment)
            .lane(memory, environment)
    }

    fn plan(&self, cx: &PlanContext<'_>) -> Plan {
        let cx = PlanContext {
            position: self.position_of_links(cx.position),
            ..*cx
        };
        let links = self.links.0.iter().map(|link| link.plan(&cx));
        Plan::of_links(self.name(), links.collect())
    }

    fn configuration(&self, redactor: &mut Redactor) -> Option<CredentialConfig> {
        let links = self.links.0.iter().map(|link| link.redacted(redactor));
        let redacted = Self {
            links: Links(links.collect::<Option<_>>()?),
            ..self.clone()
        };
        Some(redacted.into())
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        self.chain(cx.position(), cx.environment()).begin(cx)
    }
}

impl TryFrom<Vec<ChainLink>> for Links {
    type Error = Invalid;

    fn try_from(links: Vec<ChainLink>) -> Result<Self, Invalid> {
        if links.is_empty() {
            return Err(Invalid::new(What::Links, "a chain has at least one"));
        }
        Ok(Self(links))
    }
}

impl From<Links> for Vec<ChainLink> {
    fn from(links: Links) -> Self {
        links.0
    }
}

fn yes() -> bool {
    true
}

#[cfg(feature = "testing")]
mod cases {
    use std::time::Duration;

    use super::*;
    use crate::client::ClientAssertion;
    use crate::credentials::{
        ClientAssertionCredential, ClientSecretCredential, WorkloadIdentityCredential,
    };
    use crate::effect::{AssertionFailure, CallbackId, Detail, HttpFailure};
    use crate::memory::Fact;
    use crate::testing::{Case, Reply};

    const TOKEN: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"AT"}"#;
    const WRONG: &str = r#"{"error":"invalid_client","error_description":"AADSTS7000215: no","error_codes":[7000215]}"#;
    const PERSON: &str = r#"{"error":"interaction_required","error_description":"AADSTS50076: MFA","error_codes":[50076]}"#;

    impl ChainedTokenCredential {
        pub(in crate::credentials) fn cases() -> Vec<Case> {
            let case = |name| Case::new(name, chain());
            let absent = || Reply::Assertion(Err(AssertionFailure::Unavailable(Detail::default())));
            let gives = || Reply::Assertion(Ok("e30.first.c2ln".into()));
            let limited =
                ChainLink::from(CredentialConfig::from(secret())).within(Duration::from_millis(40));
            let limited = Self {
                links: Links(vec![limited, issuer("issuer").into()]),
                ..chain()
            };
            vec![
                case("the first link has a token")
                    .then(gives())
                    .http(200, TOKEN),
                case("the first link is unavailable")
                    .then(absent())
                    .http(200, TOKEN),
                case("the first link fails").then(gives()).http(401, WRONG),
                case("the second link fails after one that is unavailable")
                    .then(absent())
                    .http(401, WRONG),
                case("the first link needs a person")
                    .then(gives())
                    .http(400, PERSON),
                Case::new("no link is available", nested())
                    .then(absent())
                    .then(absent()),
                Case::new("a chain in a chain", nested())
                    .with("AZURE_TENANT_ID", "contoso.com")
                    .with("AZURE_CLIENT_ID", "app-id")
                    .with("AZURE_FEDERATED_TOKEN_FILE", "/token")
                    .file("e30.e30.c2ln")
                    .http(200, TOKEN),
                case("the winner of an earlier run is asked first")
                    .remembers(winner_key(&chain()), Fact::Winner(1))
                    .http(200, TOKEN),
                Case::new(
                    "the winner of an earlier run is not there any more",
                    nested(),
                )
                .remembers(winner_key(&nested()), Fact::Winner(1))
                .then(absent())
                .then(gives())
                .http(200, TOKEN),
                case("the winner of an earlier run fails")
                    .remembers(winner_key(&chain()), Fact::Winner(1))
                    .http(401, WRONG),
                case("the winner of a longer chain")
                    .remembers(winner_key(&chain()), Fact::Winner(7))
                    .then(gives())
                    .http(200, TOKEN),
                Case::new(
                    "a chain that remembers nothing",
                    chain().remember_winner(false),
                )
                .then(absent())
                .http(200, TOKEN),
                Case::new("a link that is silent until its time is up", limited)
                    .then(HttpFailure::TimedOut)
                    .then(gives())
                    .http(200, TOKEN),
            ]
        }
    }

    fn secret() -> ClientSecretCredential {
        ClientSecretCredential::new("contoso.com", "app-id", "s3cret").expect("valid")
    }

    fn issuer(callback: &'static str) -> CredentialConfig {
        let assertion = ClientAssertion::from_callback(CallbackId::new(callback));
        let credential = ClientAssertionCredential::new("contoso.com", "other-app", assertion);
        credential.expect("valid").into()
    }

    /// A link that a callback decides about, and one that always has something to ask.
    fn chain() -> ChainedTokenCredential {
        ChainedTokenCredential::new(issuer("issuer")).link(CredentialConfig::from(secret()))
    }

    fn nested() -> ChainedTokenCredential {
        let workload = CredentialConfig::from(WorkloadIdentityCredential::new());
        let inner = ChainedTokenCredential::new(workload).link(issuer("issuer"));
        ChainedTokenCredential::new(CredentialConfig::from(inner)).link(issuer("other issuer"))
    }

    fn winner_key(chain: &ChainedTokenCredential) -> String {
        chain
            .chain(Position::Alone, &Environment::default())
            .memory
            .expect("it has two links")
    }
}
