//! Tokens from the user's own code.
//!
//! begin ─► ask the callback ─► token

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::CredentialConfig;
use crate::context::Context;
use crate::credential::Credential;
use crate::effect::{CallbackId, TokenFailure, TokenOrder, is_word};
use crate::error::{Invalid, What};
use crate::identity::{Identity, Instance};
use crate::moves::{Next, done, token};
use crate::needs::Needs;
use crate::transcript::Redactor;
use crate::variables::Variables;

/// Gets tokens from the program's own code: a closure, sync or async as the adapter has it, that is
/// registered with the provider under the callback's name.
///
/// **Nothing of what the closure answers can be checked** but that there is a token, that it fits a
/// header field and that it has not expired. It is handed the whole request, and is to honour all of it: the scopes, the claims
/// of a challenge, the tenant. A token for something else is cached and handed out as if it were
/// the right one.
///
/// ```
/// use std::sync::Arc;
/// use azid_core::effect::CallbackId;
/// use azid_core::{AccessToken, Context, Now, Run, Seed, Step, Timestamp, TokenCallbackCredential, TokenRequest};
///
/// let credential = TokenCallbackCredential::new(CallbackId::new("company broker"));
///
/// // With an adapter: `Builder::….on_token(CallbackId::new("company broker"), closure)`. By hand:
/// let now = Now::wall(1_795_255_200_000);
/// let request = TokenRequest::new(["https://vault.azure.net/.default"]).tenant("contoso.com");
/// let context = Context::new(request, now, Seed::new([0; 32]));
/// let Step::Token(call) = Run::start(Arc::new(credential), context) else { panic!() };
///
/// assert_eq!(call.request().callback.as_str(), "company broker");
/// assert_eq!(call.request().request.other_tenant(), Some("contoso.com"));
/// let token = AccessToken::new("AT", Timestamp::from_unix_seconds(1_795_258_800));
/// let Step::Done(outcome) = call.reply(Ok(token), now) else { panic!() };
/// assert_eq!(outcome.result?.expose(), "AT");
/// # Ok::<_, azid_core::Error>(())
/// ```
///
/// Two credentials of one callback name never share a cached token, and their tokens are in no
/// snapshot of a cache.
///
/// [What it asks, and whom][pictures], in pictures drawn from its runs.
///
/// [pictures]: https://github.com/azid-rs/azid/blob/HEAD/docs/credentials/TokenCallbackCredential.md
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenCallbackCredential {
    callback: CallbackId,
    #[serde(skip)]
    instance: Instance,
}

impl TokenCallbackCredential {
    /// Tokens of the callback of this name, which the provider's builder registers.
    pub fn new(callback: CallbackId) -> Self {
        Self {
            callback,
            instance: Instance::default(),
        }
    }
}

impl Credential for TokenCallbackCredential {
    fn name(&self) -> &'static str {
        "TokenCallbackCredential"
    }

    fn identity(&self) -> Identity {
        self.instance.identity()
    }

    fn variables(&self) -> Variables {
        Variables::NONE
    }

    fn configuration(&self, _: &mut Redactor) -> Option<CredentialConfig> {
        Some(self.clone().into())
    }

    #[inline]
    fn needs() -> Needs {
        Needs::NONE
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let order = TokenOrder {
            callback: self.callback.clone(),
            request: cx.request().clone(),
        };
        token(order, move |given, cx| match given {
            Ok(token) if token.secret().is_empty() => cx.failed(Invalid::new(
                What::AccessToken,
                "the callback gave an empty one",
            )),
            Ok(token) if !is_word(token.expose()) => cx.failed(Invalid::new(
                What::AccessToken,
                "the callback gave one that is not one word of visible ASCII",
            )),
            Ok(token) => done(token.source(self.name())),
            Err(failure @ TokenFailure::Unavailable(_)) => cx.unavailable(failure),
            Err(failure) => cx.failed(failure),
        })
    }
}

#[cfg(feature = "testing")]
mod cases {
    use std::time::Duration;

    use super::*;
    use crate::effect::{Detail, Refusal};
    use crate::request::TokenRequest;
    use crate::testing::{Case, Reply, START};
    use crate::time::Timestamp;
    use crate::token::AccessToken;

    impl TokenCallbackCredential {
        pub(in crate::credentials) fn cases() -> Vec<Case> {
            let case = |name| Case::new(name, Self::new(CallbackId::new("broker")));
            let start = Timestamp::from_unix_milliseconds(START);
            let day = start.after(Duration::from_secs(24 * 3600));
            let gives = |token| Reply::Token(Ok(token));
            let fails = |failure| Reply::Token(Err(failure));
            let unavailable = || fails(TokenFailure::Unavailable(Detail::default()));
            vec![
                case("a token").then(gives(AccessToken::new("AT", day))),
                case("a token of another kind that wants to be renewed").then(gives(
                    AccessToken::new("AT", day)
                        .token_type("pop")
                        .refresh_on(start.after(Duration::from_secs(3600)))
                        .source("elsewhere"),
                )),
                case("a request with all that one can hold")
                    .asks(
                        TokenRequest::new(["https://graph.microsoft.com/.default"])
                            .tenant("fabrikam.com")
                            .claims(r#"{"access_token":{"nbf":{"value":"1"}}}"#)
                            .enable_cae(),
                    )
                    .then(gives(AccessToken::new("AT", day))),
                case("a token that has expired").then(gives(AccessToken::new("AT", start))),
                case("an empty token").then(gives(AccessToken::new("", day))),
                case("a token that fits no header field")
                    .then(gives(AccessToken::new("AT\r\nX: 1", day))),
                case("no token here").then(unavailable()),
                case("no token here in a chain")
                    .then(unavailable())
                    .in_chain(),
                case("a callback that fails").then(fails(TokenFailure::Failed(Detail::default()))),
                case("a callback that nobody registered")
                    .then(Refusal::NotRegistered(CallbackId::new("broker"))),
                case("no callbacks on this host").then(Refusal::NoSuchEffect),
                case("no scope").asks(TokenRequest::new([""; 0])),
            ]
        }
    }
}
