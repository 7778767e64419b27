//! What a run tells whoever records it.

use super::Recorded;
use crate::context::Context;
use crate::effect::{
    AssertionFailure, AssertionRequest, AuthorizeFailure, AuthorizeRequest, Authorized,
    ExecFailure, ExecOutput, ExecRequest, FileFailure, FileRequest, HttpReply, HttpRequest,
    PromptFailure, PromptRequest, SignFailure, SignRequest, SleepFailure, SleepRequest,
    TokenFailure, TokenOrder,
};
use crate::error::Error;
use crate::secret::{Secret, SecretBytes};
use crate::token::AccessToken;

/// A recording under way. Hosts and credentials never see it; effects write themselves into it.
#[doc(hidden)]
pub trait Recording: Send {
    /// Takes note of the time of the reply that is written next.
    fn hear(&mut self, cx: &Context);

    fn http(&mut self, request: &HttpRequest, reply: &HttpReply);

    fn file(&mut self, request: &FileRequest, reply: &Result<SecretBytes, FileFailure>);

    fn exec(&mut self, request: &ExecRequest, reply: &Result<ExecOutput, ExecFailure>);

    fn sign(&mut self, request: &SignRequest, reply: &Result<Vec<u8>, SignFailure>);

    fn assertion(&mut self, request: &AssertionRequest, reply: &Result<Secret, AssertionFailure>);

    fn token(&mut self, request: &TokenOrder, reply: &Result<AccessToken, TokenFailure>);

    fn prompt(&mut self, request: &PromptRequest, reply: &Result<(), PromptFailure>);

    fn authorize(
        &mut self,
        request: &AuthorizeRequest,
        reply: &Result<Authorized, AuthorizeFailure>,
    );

    fn sleep(&mut self, request: &SleepRequest, reply: &Result<(), SleepFailure>);

    /// The transcript of a run that ended so.
    fn finish(self: Box<Self>, result: &Result<AccessToken, Error>) -> Recorded;
}
