//! Replies as a script holds them.

use crate::effect::{
    AssertionFailure, AuthorizeFailure, Authorized, ExecFailure, ExecOutput, FileFailure,
    HttpFailure, HttpReply, HttpResponse, PromptFailure, Refusal, SignFailure, TokenFailure,
};
use crate::secret::{Secret, SecretBytes};
use crate::token::AccessToken;

/// A scripted reply to one effect.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reply {
    /// To `Http`.
    Http(HttpReply),
    /// To `ReadFile`.
    File(Result<SecretBytes, FileFailure>),
    /// To `Exec`.
    Exec(Result<ExecOutput, ExecFailure>),
    /// To `Sign`.
    Sign(Result<Vec<u8>, SignFailure>),
    /// To `Assertion`.
    Assertion(Result<Secret, AssertionFailure>),
    /// To `Token`.
    Token(Result<AccessToken, TokenFailure>),
    /// To `Prompt`.
    Prompt(Result<(), PromptFailure>),
    /// To `Authorize`.
    Authorize(Result<Authorized, AuthorizeFailure>),
    /// To whatever is asked.
    Refuse(Refusal),
}

impl From<HttpResponse> for Reply {
    fn from(response: HttpResponse) -> Self {
        Self::Http(Ok(response))
    }
}

impl From<HttpFailure> for Reply {
    fn from(failure: HttpFailure) -> Self {
        Self::Http(Err(failure))
    }
}

impl From<FileFailure> for Reply {
    fn from(failure: FileFailure) -> Self {
        Self::File(Err(failure))
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self::Refuse(refusal)
    }
}
