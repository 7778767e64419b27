//! A token request by a client that proves who it is.
//!
//! begin ─► prove ─► ask ─► on_answer ─► then
//!            ▲ ▲     │       │
//!            │ └─────┘       │   after a passing fault, an assertion is made afresh
//!            └───────────────┘   after a refused proof, a newer one is looked for once

use std::sync::Arc;

use url::Url;

use super::grant::Grant;
use crate::attempts::http_rebuilt;
use crate::context::Context;
use crate::effect::{HttpReply, HttpRequest, Requirements};
use crate::error::{Cause, Error};
use crate::moves::{Next, done};
use crate::oauth::{Expiry, Form, ServiceError, TokenAnswer, correlation};
use crate::request::TokenRequest;
use crate::retry::{Repeat, RetryPolicy};
use crate::secret::Secret;
use crate::tenant::{ClientId, TenantId};

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client at the token endpoint of a tenant: what a proof is made for.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) tenant: TenantId,
    pub(crate) client_id: ClientId,
    /// The endpoint itself, whatever way leads to it: the audience of assertions.
    pub(crate) token_endpoint: Url,
    /// Whether an AD FS server or its like answers there, which knows the older algorithms only.
    pub(crate) is_adfs: bool,
    /// What assertions of other issuers must be for.
    pub(crate) exchange_audience: &'static str,
}

/// What a client proves who it is with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Proof {
    /// Its secret (RFC 6749 section 2.3.1).
    Secret(Secret),
    /// An assertion (RFC 7523 section 2.2).
    Assertion(Secret),
    /// None: the client is a public one, which cannot keep a secret (RFC 6749 section 2.1).
    Public,
}

/// What goes on with a proof.
pub(crate) type Proven = Box<dyn FnOnce(Proof, &mut Context) -> Next + Send>;

/// A way to come by a proof.
pub(crate) trait Prove: Send + Sync {
    /// Gets a proof by whatever moves it takes, and goes on with it.
    fn prove(&self, client: &Client, then: Proven, cx: &mut Context) -> Next;

    /// The proof, if it takes no move to get it.
    fn at_hand(&self) -> Option<Proof> {
        None
    }

    /// In what form a request with the proof may be repeated.
    fn repeat(&self) -> Repeat {
        Repeat::Rebuild
    }

    /// Whether it is code of this process that proves.
    fn is_private(&self) -> bool {
        false
    }

    /// Whether there may be a newer proof by now, after this one was refused.
    fn may_be_renewed(&self, _refused: &ServiceError) -> bool {
        false
    }
}

impl Prove for Arc<dyn Prove> {
    fn prove(&self, client: &Client, then: Proven, cx: &mut Context) -> Next {
        (**self).prove(client, then, cx)
    }

    fn at_hand(&self) -> Option<Proof> {
        (**self).at_hand()
    }

    fn repeat(&self) -> Repeat {
        (**self).repeat()
    }

    fn is_private(&self) -> bool {
        (**self).is_private()
    }

    fn may_be_renewed(&self, refused: &ServiceError) -> bool {
        (**self).may_be_renewed(refused)
    }
}

/// What goes on with the answer.
pub(crate) type Answered = Box<dyn FnOnce(Result<TokenAnswer, Cause>, &mut Context) -> Next + Send>;

/// A client that proves nothing, on a person's machine.
#[derive(Debug)]
pub(crate) struct PublicClient;

impl Prove for PublicClient {
    fn prove(&self, _: &Client, then: Proven, cx: &mut Context) -> Next {
        then(Proof::Public, cx)
    }

    fn at_hand(&self) -> Option<Proof> {
        Some(Proof::Public)
    }

    fn repeat(&self) -> Repeat {
        Repeat::Same
    }
}

/// A token request that waits for its proof.
pub(crate) struct Exchange<P: Prove + ?Sized = dyn Prove> {
    client: Arc<Client>,
    grant: Grant,
    request: Option<Box<TokenRequest>>,
    detour: Option<Box<Detour>>,
    retry: RetryPolicy,
    prove: P,
}

/// Another way to the endpoint.
struct Detour {
    url: Url,
    requirements: Requirements,
    /// Says who can mend a refusal and how, where the way there has refusals of its own.
    explain: fn(Error) -> Error,
}

impl<P: Prove + 'static> Exchange<P> {
    /// An exchange at the client's token endpoint.
    pub(crate) fn new(client: Arc<Client>, prove: P, grant: Grant) -> Self {
        Self {
            client,
            grant,
            request: None,
            detour: None,
            retry: RetryPolicy::entra(),
            prove,
        }
    }

    /// Retries by this policy, save that the form of repetition is what the proof calls for.
    pub(crate) fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sends the request another way to the same endpoint, which may have refusals of its own.
    pub(crate) fn through(
        mut self,
        url: Url,
        requirements: Requirements,
        explain: fn(Error) -> Error,
    ) -> Self {
        self.detour = Some(Box::new(Detour {
            url,
            requirements,
            explain,
        }));
        self
    }

    /// Asks for this instead of what the run is asked for.
    pub(crate) fn asking(mut self, request: TokenRequest) -> Self {
        self.request = Some(Box::new(request));
        self
    }

    /// Gets the proof, asks, and ends with the token.
    pub(crate) fn begin(self, cx: &mut Context) -> Next {
        let token = |answer: Result<TokenAnswer, Cause>, cx: &mut Context| match answer {
            Ok(answer) => done(answer.token),
            Err(cause) => cx.failed(cause),
        };
        self.begin_then(token, cx)
    }

    /// Gets the proof, asks, and goes on with the answer.
    pub(crate) fn begin_then(
        self,
        then: impl FnOnce(Result<TokenAnswer, Cause>, &mut Context) -> Next + Send + 'static,
        cx: &mut Context,
    ) -> Next {
        Exchange::start(Arc::new(self), Box::new(then), cx)
    }
}

impl Exchange {
    fn start(self: Arc<Self>, then: Answered, cx: &mut Context) -> Next {
        if let Some(proof) = self.prove.at_hand() {
            return self.ask(proof, true, then, cx);
        }
        Arc::clone(&self).prove(move |proof, cx| self.ask(proof, true, then, cx), cx)
    }

    fn prove(
        self: Arc<Self>,
        then: impl FnOnce(Proof, &mut Context) -> Next + Send + 'static,
        cx: &mut Context,
    ) -> Next {
        self.prove.prove(&self.client, Box::new(then), cx)
    }

    fn ask(
        self: Arc<Self>,
        proof: Proof,
        may_renew: bool,
        then: Answered,
        cx: &mut Context,
    ) -> Next {
        let again = Arc::clone(&self);
        http_rebuilt(
            self.request(&proof, cx),
            move |resend, cx| {
                let this = Arc::clone(&again);
                let resend = move |proof, cx: &mut Context| resend.send(this.request(&proof, cx));
                Arc::clone(&again).prove(resend, cx)
            },
            move |reply, cx| self.on_answer(reply, proof, may_renew, then, cx),
        )
    }

    fn request(&self, proof: &Proof, cx: &mut Context) -> HttpRequest {
        let headers = correlation(cx);
        let request = self.request.as_deref().unwrap_or(cx.request());
        let form = Form::new()
            .field("grant_type", self.grant.name())
            .field("client_id", self.client.client_id.as_str());
        let form = match proof {
            Proof::Secret(secret) => form.secret("client_secret", secret),
            Proof::Assertion(assertion) => form
                .field("client_assertion_type", JWT_BEARER)
                .secret("client_assertion", assertion),
            Proof::Public => form,
        };
        let form = self.grant.fill(form, request.scopes());
        let form = match request.claims_parameter() {
            Some(claims) => form.field("claims", claims),
            None => form,
        };
        let (url, requirements) = match &self.detour {
            Some(detour) => (&detour.url, detour.requirements.clone()),
            None => (&self.client.token_endpoint, Requirements::default()),
        };
        let retry = self.grant.retry(&self.prove, &self.retry);
        HttpRequest::post_form_with(url.clone(), &form, headers, requirements, retry)
    }

    fn on_answer(
        self: Arc<Self>,
        reply: HttpReply,
        refused: Proof,
        may_renew: bool,
        then: Answered,
        cx: &mut Context,
    ) -> Next {
        let response = match reply {
            Ok(response) => response,
            Err(failure) => return self.go_on(Err(failure.into()), then, cx),
        };
        match TokenAnswer::read(&response, Expiry::Lifetime, cx) {
            Err(Cause::Service(error)) if may_renew && self.prove.may_be_renewed(&error) => {
                let this = Arc::clone(&self);
                let on_newer = move |proof, cx: &mut Context| {
                    if proof == refused {
                        return this.go_on(Err(Cause::Service(error)), then, cx);
                    }
                    this.ask(proof, false, then, cx)
                };
                self.prove(on_newer, cx)
            }
            answer => self.go_on(answer, then, cx),
        }
    }

    /// Goes on with the answer; an error after a detour says who can mend it.
    fn go_on(&self, answer: Result<TokenAnswer, Cause>, then: Answered, cx: &mut Context) -> Next {
        let next = then(answer, cx);
        match &self.detour {
            Some(detour) => next.map_err(detour.explain),
            None => next,
        }
    }
}
