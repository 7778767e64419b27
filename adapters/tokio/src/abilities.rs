//! What only some credentials need of a host.

use std::sync::Arc;

use azid_async::BoxFuture;
use azid_core::Needs;
use azid_core::effect::{
    AuthorizeFailure, AuthorizeRequest, Authorized, Detail, ExecFailure, ExecOutput, ExecRequest,
    SignFailure, SignRequest,
};
use azid_native::{Authorization, Browser, Signer};

/// Ways to carry out effects, as far as they are needed: a program has the code of those alone that
/// are named where it makes its hosts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Abilities {
    pub(crate) run_program: Option<RunProgram>,
    pub(crate) authorize: Option<SignIn>,
    pub(crate) sign: Option<SignMessage>,
}

type RunProgram = fn(ExecRequest) -> BoxFuture<Result<ExecOutput, ExecFailure>>;
type SignIn = fn(AuthorizeRequest, &Browser) -> BoxFuture<Result<Authorized, AuthorizeFailure>>;
type SignMessage = fn(Arc<Signer>, SignRequest) -> BoxFuture<Result<Vec<u8>, SignFailure>>;

impl Abilities {
    /// Inlined where the needs are known, so that what is not needed is not even named.
    #[inline(always)]
    pub(crate) fn of(needs: Needs) -> Self {
        Self {
            run_program: match needs.programs {
                true => Some(run_program),
                false => None,
            },
            authorize: match needs.browser {
                true => Some(authorize),
                false => None,
            },
            sign: match needs.keys {
                true => Some(sign),
                false => None,
            },
        }
    }
}

fn run_program(request: ExecRequest) -> BoxFuture<Result<ExecOutput, ExecFailure>> {
    Box::pin(async move { azid_native::start_program(request).await })
}

fn authorize(
    request: AuthorizeRequest,
    browser: &Browser,
) -> BoxFuture<Result<Authorized, AuthorizeFailure>> {
    Box::pin(Authorization::begin(request, browser))
}

fn sign(signer: Arc<Signer>, request: SignRequest) -> BoxFuture<Result<Vec<u8>, SignFailure>> {
    Box::pin(async move {
        let signed = tokio::task::spawn_blocking(move || signer.sign(&request));
        let in_words = |error| Err(SignFailure::Other(Detail::new(error)));
        signed.await.unwrap_or_else(in_words)
    })
}
