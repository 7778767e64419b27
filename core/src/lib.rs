//! Microsoft Entra tokens without the IO.
//!
//! A [`Credential`] turns a [`TokenRequest`] into effects — HTTP requests, file reads, program
//! runs, signatures, waits — and consumes their results, without carrying out any of them. A *host*
//! does that, in its own way: blocking, async, in wasm, in a test, on virtual time. This crate has
//! no clock, no randomness, no file, no environment, no thread, no lock, no log and no executor.
//!
//! ```text
//!              credential (immutable data)                host
//!   ┌────────────────────────────────────┐        ┌──────────────────────────────┐
//!   │ begin ──► effect + handler         │  Step  │ match step {                 │
//!   │ handler(reply) ──► effect + handler│──────► │   Http(call)  => …send…      │
//!   │ handler(reply) ──► token | error   │        │   Sleep(call) => …wait…      │
//!   └────────────────────────────────────┘ ◄──────│   Done(outcome) => return }  │
//!          run: time, seed, memory,       reply   │ call.reply(result, now)      │
//!          callers, retry, transcript             └──────────────────────────────┘
//! ```
//!
//! * A **credential** is a value, checked when it is made. [`Run::start`] gives its first step.
//! * A [`Step`] is an enum with one variant for each kind of effect, holding a [`Call`], or
//!   [`Done`](Step::Done).
//! * A [`Call`] shows the effect's request and is consumed by [`reply`](Call::reply), which takes
//!   exactly that effect's reply and the time, and gives the next step.
//!
//! So one effect is outstanding in a run, always, and wrong use does not compile.
//!
//! # The smallest driver
//!
//! ```
//! # use azid_core::effect::{HttpFailure, HttpReply, HttpRequest, HttpResponse, Refusal};
//! use azid_core::{ClientSecretCredential, Context, Now, Run, Seed, Step, TokenRequest};
//! # fn send(_: &HttpRequest) -> HttpReply {
//! #     Ok(HttpResponse::new(200, &br#"{"access_token":"AT","expires_in":3599}"#[..]))
//! # }
//! # fn now() -> Now { Now::wall(1_795_255_200_000) }
//! # fn seed() -> Seed { Seed::new([7; 32]) }
//!
//! let credential = ClientSecretCredential::new("contoso.com", "client-id", "secret")?;
//! let request = TokenRequest::new(["https://vault.azure.net/.default"]);
//!
//! let mut step = Run::start(std::sync::Arc::new(credential), Context::new(request, now(), seed()));
//! let outcome = loop {
//!     step = match step {
//!         Step::Done(outcome) => break outcome,
//!         Step::Http(call) => { let reply = send(call.request()); call.reply(reply, now()) }
//!         Step::Sleep(call) => { std::thread::sleep(call.request().duration); call.reply(Ok(()), now()) }
//!         other => other.refuse(Refusal::NoSuchEffect, now()),
//!     };
//! };
//! assert_eq!(outcome.result?.expose(), "AT");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The contract, proven
//!
//! Each pair below differs in one line: the first compiles, the second does not.
//!
//! A call is replied to once:
//!
//! ```
//! # use azid_core::{effect::*, *};
//! fn drive(call: Call<Sleep>, now: Now) {
//!     let first = call.reply(Ok(()), now);
//!     drop(first);
//! }
//! ```
//! ```compile_fail,E0382
//! # use azid_core::{effect::*, *};
//! fn drive(call: Call<Sleep>, now: Now) {
//!     let first = call.reply(Ok(()), now);
//!     drop(call.reply(Ok(()), now));
//! }
//! ```
//!
//! It is replied to with its own effect's reply:
//!
//! ```
//! # use azid_core::{effect::*, *};
//! fn drive(call: Call<ReadFile>, now: Now) -> Step {
//!     call.reply(Err(FileFailure::NotFound), now)
//! }
//! ```
//! ```compile_fail,E0308
//! # use azid_core::{effect::*, *};
//! fn drive(call: Call<ReadFile>, now: Now) -> Step {
//!     call.reply(Err(HttpFailure::TimedOut), now)
//! }
//! ```
//!
//! After the end there is nothing to reply to:
//!
//! ```
//! # use azid_core::{effect::*, *};
//! fn drive(step: Step, now: Now) {
//!     if let Step::Sleep(call) = step {
//!         drop(call.reply(Ok(()), now));
//!     }
//! }
//! ```
//! ```compile_fail,E0599
//! # use azid_core::{effect::*, *};
//! fn drive(step: Step, now: Now) {
//!     if let Step::Done(call) = step {
//!         drop(call.reply(Ok(()), now));
//!     }
//! }
//! ```
//!
//! A step that is not answered is noticed:
//!
//! ```
//! # #![deny(unused_must_use)]
//! # use azid_core::{effect::*, *};
//! fn drive(call: Call<Sleep>, now: Now) {
//!     drop(call.reply(Ok(()), now));
//! }
//! ```
//! ```compile_fail
//! # #![deny(unused_must_use)]
//! # use azid_core::{effect::*, *};
//! fn drive(call: Call<Sleep>, now: Now) {
//!     call.reply(Ok(()), now);
//! }
//! ```
//!
//! # Writing a flow
//!
//! A state of the machine is the function that takes the next reply: a handler gets the reply and
//! the [`Context`], and answers with the next *move*, which one of the words makes: [`http()`],
//! [`read_file`], [`exec`], [`sign`], [`assertion`], [`token`], [`prompt`], [`authorize`],
//! [`sleep`], [`call`] for another credential, [`done`] for the end. A failure does not become an
//! error by itself: the handler says [`cx.unavailable(…)`](Context::unavailable) or
//! [`cx.failed(…)`](Context::failed), since a refused connection means *not on Azure* to the
//! metadata service and *broken* to Entra, and a chain goes on after the first and stops at the
//! second.
//!
//! ```
//! use std::sync::Arc;
//! use azid_core::effect::{FileRequest, Refusal};
//! use azid_core::{AccessToken, Cause, Context, Credential, Identity, Next, done, read_file};
//!
//! /// begin ─► read file ─► on_content
//! #[derive(Debug)]
//! struct TokenInFile { path: String }
//!
//! impl Credential for TokenInFile {
//!     fn name(&self) -> &'static str { "TokenInFile" }
//!     fn identity(&self) -> Identity { Identity::of(self.name()).field("path", &self.path).finish() }
//!     fn begin(self: Arc<Self>, _: &mut Context) -> Next {
//!         read_file(FileRequest::new(&self.path).max_bytes(16 * 1024), move |content, cx| {
//!             let content = content.or_else(|failure| cx.unavailable(Cause::file(&self.path, failure)))?;
//!             let Some(text) = content.trimmed_text() else {
//!                 return cx.failed(Cause::FileContent { path: self.path.clone(), problem: "is not text".into() });
//!             };
//!             let expires_on = cx.now().timestamp().after(std::time::Duration::from_secs(300));
//!             done(AccessToken::new(text, expires_on))
//!         })
//!     }
//! }
//! # use azid_core::{Now, Run, Seed, Step, TokenRequest};
//! # let request = TokenRequest::new(["any"]);
//! # let context = Context::new(request, Now::wall(0), Seed::new([0; 32]));
//! # let Step::ReadFile(call) = Run::start(Arc::new(TokenInFile { path: "t".into() }), context) else { panic!() };
//! # let Step::Done(outcome) = call.reply(Ok(b" AT\n".to_vec().into()), Now::wall(0)) else { panic!() };
//! # assert_eq!(outcome.result.unwrap().expose(), "AT");
//! ```
//!
//! # Panics
//!
//! A panic in this crate is a bug in it. Whatever bytes come from an endpoint, a file, a program or
//! a variable, the answer is a token or an [`Error`] that says whose fault it is, what was seen and
//! what to do next; and every sequence of replies comes to an end within the run's budget.

mod attempts;
mod authority;
pub mod cache;
mod chain;
mod client;
mod context;
mod credential;
mod credentials;
mod date;
pub mod effect;
mod entropy;
mod environment;
mod error;
mod identity;
mod json;
mod memory;
mod metadata_service;
mod moves;
mod needs;
mod nested;
pub mod oauth;
mod pem;
mod plan;
mod request;
pub mod retry;
mod run;
mod secret;
mod sorted;
mod step;
mod tenant;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
mod token;
mod tool;
pub mod transcript;
mod user;
mod variables;

pub use self::attempts::{Resend, http, http_rebuilt};
pub use self::authority::Authority;
pub use self::chain::{ChainLink, LinkVerdict};
pub use self::client::{
    CertificateProof, ClientAssertion, ClientCertificate, ClientCredential, ClientSecret,
    ReadCertificate, Region,
};
pub use self::context::{Context, Platform, Position};
pub use self::credential::{Credential, Lane};
pub use self::credentials::*;
pub use self::entropy::{Entropy, Seed};
pub use self::environment::{Environment, Exposure};
pub use self::error::{Cause, Error, ErrorKind, Fault, Invalid, LinkError, What};
pub use self::identity::{Identity, IdentityBuilder};
pub use self::memory::{Fact, Memory, MemoryChange};
pub use self::moves::{
    Link, Move, Next, assertion, authorize, call, call_link, done, exec, prompt, read_file, sign,
    sleep, token,
};
pub use self::needs::Needs;
pub use self::plan::{Plan, PlanContext, Readiness};
pub use self::request::TokenRequest;
pub use self::run::Run;
pub use self::secret::{Secret, SecretBytes};
#[doc(hidden)]
pub use self::sorted::Sorted;
pub use self::step::{Call, Outcome, Step};
pub use self::tenant::{AllowedTenants, ClientId, TenantId};
pub use self::time::{Now, Timestamp};
pub use self::token::AccessToken;
pub use self::tool::{ToolError, ToolProblem};
pub use self::transcript::Transcript;
pub use self::user::{
    ANY_ORGANIZATION, AuthenticationRecord, AuthorizationRequest, AuthorizationSession,
    DEVELOPER_CLIENT, Interaction, SignInFault, SignInPrompt,
};
pub use self::variables::Variables;
