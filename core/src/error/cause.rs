//! What was seen, and who can mend it.

use std::borrow::Cow;
use std::fmt;

use super::Invalid;
use crate::effect::{
    AssertionFailure, AuthorizeFailure, ExecFailure, Failure as _, FileFailure, HttpFailure,
    PromptFailure, Refusal, SignFailure, SleepFailure, TokenFailure,
};
use crate::oauth::{AnswerFault, Looks, ServiceError, TOO_MANY};
use crate::time::Timestamp;
use crate::tool::ToolError;
use crate::user::SignInFault;

/// What was seen.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cause {
    /// The request for a token, or an option, is not valid.
    Invalid(Invalid),
    /// Variables that the source needs are not set, or empty.
    MissingVariables(Vec<&'static str>),
    /// An exchange ended without an answer.
    Http(HttpFailure),
    /// The endpoint answered with an error.
    Service(Box<ServiceError>),
    /// The endpoint's answer is neither a token nor an error.
    Answer(AnswerFault),
    /// A file could not be read.
    File {
        /// Which.
        path: String,
        /// Why.
        failure: FileFailure,
    },
    /// A file was read, but holds nothing usable.
    FileContent {
        /// Which.
        path: String,
        /// What is wrong with it.
        problem: Cow<'static, str>,
    },
    /// A program could not be run.
    Exec {
        /// Which.
        program: String,
        /// Why.
        failure: ExecFailure,
    },
    /// A developer tool has no token to give.
    Tool(Box<ToolError>),
    /// Nothing was signed.
    Sign(SignFailure),
    /// There is no assertion.
    Assertion(AssertionFailure),
    /// The user's own code gave no token.
    Token(TokenFailure),
    /// The message to a person was not shown.
    Prompt(PromptFailure),
    /// Signing in by a browser came to nothing.
    Authorize(AuthorizeFailure),
    /// Nobody is signed in, for this reason.
    SignIn {
        /// The reason.
        fault: SignInFault,
        /// What the endpoint said, if that is where it came from.
        service: Option<Box<ServiceError>>,
    },
    /// The host cannot wait.
    Sleep(SleepFailure),
    /// A token that has expired already.
    ExpiredToken {
        /// When.
        expires_on: Timestamp,
        /// What time it is here.
        now: Timestamp,
    },
    /// A client certificate that has expired.
    ExpiredCertificate {
        /// When.
        expires_on: Timestamp,
        /// What time it is here.
        now: Timestamp,
    },
    /// The host has no random numbers to start a run with.
    NoRandomness,
    /// No link of a chain is available here; the error holds what each of them answered.
    NoLink,
    /// The run's deadline, or its link's, passed.
    OutOfTime,
    /// Something that the run called panicked: a callback, or the host. Its message went where
    /// panics are told, which is not here: it may hold anything.
    Panicked,
    /// The run asked for more effects than any run needs.
    TooManyEffects {
        /// How many were allowed.
        limit: u32,
    },
    /// Credentials call each other too deep: a credential that contains itself, perhaps.
    TooDeep {
        /// How deep was allowed.
        limit: usize,
    },
    /// The host of the run offers something that this version cannot use.
    Unsupported(&'static str),
}

/// Who can mend what went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The program that asked: its request or its set-up of the provider is wrong.
    Caller,
    /// Whoever set the options, the environment or the application's registration.
    Configuration,
    /// The network between here and the endpoint.
    Network,
    /// The endpoint, or something that answered in its place.
    Service,
    /// The machine that this runs on: its files, programs, clock or means.
    Host,
    /// The person who was to sign in.
    User,
}

impl Cause {
    /// The cause of a file that could not be read.
    pub fn file(path: impl Into<String>, failure: FileFailure) -> Self {
        Self::File {
            path: path.into(),
            failure,
        }
    }

    /// The name of the variant, and of the reason where nobody is signed in.
    pub(crate) fn name(&self) -> String {
        let name = |shown: String| {
            let end = shown.find(|c: char| !c.is_ascii_alphanumeric());
            shown[..end.unwrap_or(shown.len())].to_owned()
        };
        match self {
            Self::SignIn { fault, .. } => format!("SignIn: {}", name(format!("{fault:?}"))),
            other => name(format!("{other:?}")),
        }
    }

    /// Who can mend it.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Invalid(_) | Self::TooDeep { .. } | Self::Panicked => Fault::Caller,
            Self::MissingVariables(_) | Self::ExpiredCertificate { .. } | Self::NoLink => {
                Fault::Configuration
            }
            Self::Service(error) if error.is_transient() => Fault::Service,
            Self::Service(error) if error.needs_interaction() => Fault::User,
            Self::Service(_) => Fault::Configuration,
            Self::Answer(_) | Self::TooManyEffects { .. } => Fault::Service,
            Self::Http(HttpFailure::BodyTooLarge { .. }) => Fault::Service,
            Self::Http(HttpFailure::Refused(_) | HttpFailure::UnusableRoots(_)) => Fault::Host,
            Self::Http(HttpFailure::Unsendable(_)) => Fault::Configuration,
            Self::Http(_) | Self::OutOfTime => Fault::Network,
            Self::File { .. } | Self::FileContent { .. } | Self::Exec { .. } => Fault::Host,
            Self::Tool(error) => error.fault(),
            Self::Sign(_)
            | Self::NoRandomness
            | Self::Sleep(_)
            | Self::ExpiredToken { .. }
            | Self::Unsupported(_) => Fault::Host,
            Self::Assertion(_) | Self::Token(_) | Self::Prompt(_) => Fault::Caller,
            Self::Authorize(AuthorizeFailure::TimedOut | AuthorizeFailure::Cancelled) => {
                Fault::User
            }
            Self::Authorize(_) => Fault::Host,
            Self::SignIn { fault, .. } => fault.fault(),
        }
    }

    pub(super) fn advice(&self) -> Option<&'static str> {
        Some(match self {
            Self::Service(error) => return error.advice(),
            Self::Tool(error) => return error.advice(),
            Self::Exec {
                failure: ExecFailure::TimedOut,
                ..
            } => "see how long it takes in a terminal, and allow it more time",
            Self::SignIn { fault, .. } => return fault.advice(),
            Self::MissingVariables(_) => "set them, or use another credential",
            Self::Http(HttpFailure::Tls(_)) => {
                "if a proxy or a test server has its own CA, name its PEM file in SSL_CERT_FILE"
            }
            Self::Http(
                HttpFailure::Resolve(_) | HttpFailure::Connect(_) | HttpFailure::TimedOut,
            ) => "check the authority host, the network and the proxy settings",
            Self::Http(HttpFailure::Lost { .. }) => {
                "try again in a while; if it stays so, see whether a firewall or a proxy cuts connections"
            }
            Self::Http(HttpFailure::Proxy(_)) => {
                "correct the proxy that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names, or list the server in NO_PROXY"
            }
            Self::Http(HttpFailure::Unsendable(_)) => "correct the setting that it names",
            Self::Answer(AnswerFault::NotJson { status: 429, .. }) => TOO_MANY,
            Self::Answer(AnswerFault::NotJson {
                status: 408 | 410 | 500..=599,
                looks: Looks::Empty,
                ..
            }) => "the endpoint is busy or has a passing fault: try again in a while",
            Self::Answer(AnswerFault::NotJson { .. } | AnswerFault::Redirect { .. }) => {
                "see whether a proxy, a firewall or a wrong address answers in the endpoint's place"
            }
            Self::Http(HttpFailure::BodyTooLarge { .. })
            | Self::Answer(
                AnswerFault::NoToken
                | AnswerFault::Lacks(_)
                | AnswerFault::UnsafePage(..)
                | AnswerFault::Senseless(_)
                | AnswerFault::NoExpiry
                | AnswerFault::Unfit(_)
                | AnswerFault::OtherType(_),
            ) => "see whether this is the right endpoint, and what answers in its place if it is",
            Self::Answer(AnswerFault::Expired { .. }) | Self::ExpiredToken { .. } => {
                "see whether this machine's clock is right"
            }
            Self::ExpiredCertificate { .. } => {
                "register a new certificate with the application and use that"
            }
            Self::Sign(SignFailure::UnusableKey(_)) => {
                "use an RSA key of 2048 bits or more; where the signer does not know PS256, ask for RS256"
            }
            Self::Sign(SignFailure::Other(_) | SignFailure::TimedOut) => {
                "see whether the signer is reachable, and lets this key be used for signing"
            }
            Self::File {
                failure: FileFailure::NotFound,
                ..
            } => "check the path, and that the file is mounted",
            Self::File {
                failure: FileFailure::PermissionDenied,
                ..
            } => "let the user that this process runs as read the file",
            Self::File {
                failure: FileFailure::NotRegular,
                ..
            } => "name a regular file: no directory, device or pipe",
            Self::Panicked => "see the message of the panic, on standard error as a rule",
            _ => match self.refusal()? {
                Refusal::NoSuchEffect => "use an adapter that offers it, or another credential",
                Refusal::Requirement(_) => "use an adapter that can honour it",
                Refusal::NotRegistered(_) => "register it when the provider is built",
            },
        })
    }

    /// The status of the answer that it is about, if that is no success.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Service(error) => Some(error.status()),
            Self::Answer(
                AnswerFault::NotJson { status, .. } | AnswerFault::Redirect { status },
            ) => Some(*status),
            _ => None,
        }
    }

    /// The refusal, if the cause is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Http(failure) => failure.refusal(),
            Self::File { failure, .. } => failure.refusal(),
            Self::Exec { failure, .. } => failure.refusal(),
            Self::Sign(failure) => failure.refusal(),
            Self::Assertion(failure) => failure.refusal(),
            Self::Token(failure) => failure.refusal(),
            Self::Prompt(failure) => failure.refusal(),
            Self::Authorize(failure) => failure.refusal(),
            Self::Sleep(failure) => failure.refusal(),
            _ => None,
        }
    }

    pub(super) fn is_about_endpoint(&self) -> bool {
        let is_said = matches!(
            self,
            Self::SignIn {
                service: Some(_),
                ..
            }
        );
        is_said || matches!(self, Self::Http(_) | Self::Service(_) | Self::Answer(_))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(invalid) => invalid.fmt(f),
            Self::MissingVariables(names) => {
                write!(f, "not set in the environment: {}", names.join(", "))
            }
            Self::Http(failure) => failure.fmt(f),
            Self::Service(error) => error.fmt(f),
            Self::Answer(fault) => fault.fmt(f),
            Self::File { path, failure } => {
                write!(f, "the file {path:?} cannot be read: {failure}")
            }
            Self::FileContent { path, problem } => write!(f, "the file {path:?} {problem}"),
            Self::Exec { program, failure } => write!(f, "the program {program:?}: {failure}"),
            Self::Tool(error) => error.fmt(f),
            Self::Sign(failure) => failure.fmt(f),
            Self::Assertion(failure) => failure.fmt(f),
            Self::Token(failure) => failure.fmt(f),
            Self::Prompt(failure) => failure.fmt(f),
            Self::Authorize(failure) => failure.fmt(f),
            Self::SignIn {
                fault,
                service: None,
            } => fault.fmt(f),
            Self::SignIn {
                fault,
                service: Some(error),
            } => write!(f, "{error}: {fault}"),
            Self::Sleep(failure) => failure.fmt(f),
            Self::ExpiredToken { expires_on, now } => {
                write!(f, "the token expired at {expires_on}, and it is {now} here")
            }
            Self::ExpiredCertificate { expires_on, now } => write!(
                f,
                "the client certificate expired at {expires_on}, and it is {now} here"
            ),
            Self::NoRandomness => f.write_str("the host has no random numbers to give"),
            Self::NoLink => f.write_str("none of its links has a token here"),
            Self::OutOfTime => f.write_str("the time allowed for it has passed"),
            Self::Panicked => f.write_str("a callback or the host panicked"),
            Self::TooManyEffects { limit } => write!(f, "no token after {limit} effects"),
            Self::TooDeep { limit } => {
                write!(f, "credentials call each other more than {limit} deep")
            }
            Self::Unsupported(what) => f.write_str(what),
        }
    }
}

impl From<ServiceError> for Cause {
    fn from(error: ServiceError) -> Self {
        Self::Service(Box::new(error))
    }
}

impl From<ToolError> for Cause {
    fn from(error: ToolError) -> Self {
        Self::Tool(Box::new(error))
    }
}

macro_rules! causes {
    ($($from:ty => $variant:ident),* $(,)?) => {
        $(impl From<$from> for Cause {
            fn from(cause: $from) -> Self {
                Self::$variant(cause)
            }
        })*
    };
}

causes!(
    Invalid => Invalid,
    HttpFailure => Http,
    AnswerFault => Answer,
    SignFailure => Sign,
    AssertionFailure => Assertion,
    TokenFailure => Token,
    PromptFailure => Prompt,
    AuthorizeFailure => Authorize,
    SleepFailure => Sleep,
);
