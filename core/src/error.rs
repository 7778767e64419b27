//! Errors that say whose fault it is, what was seen and what to do next.

mod cause;
mod invalid;
mod table;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

pub use self::cause::{Cause, Fault};
pub use self::invalid::{Invalid, What};
pub use self::table::LinkError;
use self::table::Table;
use crate::effect::{HttpFailure, Refusal, endpoint};
use crate::oauth::{AnswerFault, ServiceError};
use crate::request::TokenRequest;
use crate::user::SignInFault;

/// Why there is no token. Cheap to clone, so that all who waited for one run get the same error.
#[derive(Clone, PartialEq)]
pub struct Error(Arc<Inner>);

#[derive(Clone, PartialEq)]
struct Inner {
    kind: ErrorKind,
    credential: &'static str,
    endpoint: Option<String>,
    /// Apart, so that a change to the rest does not copy it.
    cause: Arc<Cause>,
    explanation: Option<(Fault, &'static str)>,
    request_ids: Vec<(&'static str, String)>,
    links: Links,
}

/// What the links of a chain answered, and how that is shown: code that only programs with chains
/// have.
#[derive(Clone, Default)]
struct Links {
    all: Vec<LinkError>,
    show: Option<fn(&[LinkError], &mut fmt::Formatter<'_>) -> fmt::Result>,
}

impl PartialEq for Links {
    fn eq(&self, other: &Self) -> bool {
        self.all == other.all
    }
}

/// Who can mend what caused an error, and how, where a credential knows that.
pub(crate) type Explain = fn(&Cause) -> Option<(Fault, &'static str)>;

/// What an error means to a chain of credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The source cannot be tried here: not configured, not installed, not there. A chain goes on.
    Unavailable,
    /// The source was there and said no, or broke. A chain stops.
    Failed,
    /// Only a person can help, by signing in or by consenting. A chain stops.
    InteractionRequired,
}

impl Error {
    /// The error of a credential whose run could not start, or not go on, for want of something
    /// that only the shell around it knows.
    pub fn of(kind: ErrorKind, credential: &'static str, cause: impl Into<Cause>) -> Self {
        Self::new(kind, credential, None, cause.into())
    }

    pub(crate) fn new(
        kind: ErrorKind,
        credential: &'static str,
        url: Option<&Url>,
        cause: Cause,
    ) -> Self {
        let kind = match (&cause, cause.refusal()) {
            (_, Some(Refusal::NoSuchEffect)) => ErrorKind::Unavailable,
            (_, Some(_)) => ErrorKind::Failed,
            (Cause::Service(error), None) if error.needs_interaction() => {
                ErrorKind::InteractionRequired
            }
            (
                Cause::SignIn {
                    fault: SignInFault::Required(_),
                    ..
                },
                None,
            ) => ErrorKind::InteractionRequired,
            _ => kind,
        };
        let endpoint = url.filter(|_| cause.is_about_endpoint()).map(endpoint);
        Self(Arc::new(Inner {
            kind,
            credential,
            endpoint,
            cause: Arc::new(cause),
            explanation: None,
            request_ids: Vec::new(),
            links: Links::default(),
        }))
    }

    /// Says who can mend it and how, if the credential knows that better than the cause does.
    pub(crate) fn explained_by(self, explain: Explain) -> Self {
        match explain(self.cause()) {
            Some((fault, advice)) => self.explained(fault, advice),
            None => self,
        }
    }

    /// Says what to do next, where the credential knows better than its cause does.
    pub fn advise(self, advice: &'static str) -> Self {
        let fault = self.fault();
        self.explained(fault, advice)
    }

    /// Says who can mend it and how.
    pub(crate) fn explained(self, fault: Fault, advice: &'static str) -> Self {
        self.with(|inner| inner.explanation = Some((fault, advice)))
    }

    /// Adds the ids under which the endpoint's operators find the exchange, each with its name.
    pub(crate) fn request_ids_are(self, ids: Vec<(&'static str, String)>) -> Self {
        self.with(|inner| inner.request_ids = ids)
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// The error after those of the links that were asked before, in a chain.
    pub(crate) fn after(mut self, mut links: Vec<LinkError>) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        links.append(&mut inner.links.all);
        inner.links = Links {
            all: links,
            show: Some(|links, f| write!(f, "{}", Table(links))),
        };
        self
    }

    /// What the error means to a chain.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The name of the credential that it happened to; empty before any was asked.
    pub fn credential(&self) -> &'static str {
        self.0.credential
    }

    /// The endpoint that was asked, without query.
    pub fn endpoint(&self) -> Option<&str> {
        self.0.endpoint.as_deref()
    }

    /// What was seen.
    pub fn cause(&self) -> &Cause {
        &self.0.cause
    }

    /// What the links of a chain answered that were asked before it came to this, in the order in
    /// which they were asked: all of them where none was available, else those before the one
    /// whose error this is. Empty where no chain was asked.
    pub fn links(&self) -> &[LinkError] {
        &self.0.links.all
    }

    /// The endpoint's own error, if it gave one.
    pub fn service(&self) -> Option<&ServiceError> {
        match self.cause() {
            Cause::Service(error) => Some(error),
            Cause::SignIn { service, .. } => service.as_deref(),
            _ => None,
        }
    }

    /// What to ask a person for, where a credential found out that somebody must sign in but was
    /// not to ask: the scopes, the tenant, and the claims of the challenge if there was one. It is
    /// the request for a credential that may ask.
    pub fn interaction_request(&self) -> Option<&TokenRequest> {
        match self.cause() {
            Cause::SignIn {
                fault: SignInFault::Required(request),
                ..
            } => Some(request),
            _ => None,
        }
    }

    /// Who can mend it.
    pub fn fault(&self) -> Fault {
        match self.0.explanation {
            Some((fault, _)) => fault,
            None => self.0.cause.fault(),
        }
    }

    /// What to do next, where that is known.
    pub fn advice(&self) -> Option<&'static str> {
        match self.0.explanation {
            Some((_, advice)) => Some(advice),
            None => self.0.cause.advice(),
        }
    }

    /// The ids that the endpoint gave the exchange in header fields of its answer, each with the
    /// field's name: what its operators find it by. Few endpoints have any.
    pub fn request_ids(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0
            .request_ids
            .iter()
            .map(|(name, id)| (*name, id.as_str()))
    }

    /// How long the endpoint wants not to be asked again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.cause() {
            Cause::Service(error) => error.retry_after(),
            Cause::Answer(AnswerFault::NotJson { retry_after, .. }) => *retry_after,
            _ => None,
        }
    }

    /// The same error for who comes when only so much of the endpoint's pause is left, in seconds of
    /// which the last one counts as whole.
    pub(crate) fn with_rest_of_pause(self, rest: Duration) -> Self {
        let rest = Duration::from_secs(rest.as_secs() + u64::from(rest.subsec_nanos() > 0));
        let cause = match self.cause() {
            Cause::Service(service) => {
                let mut service = service.clone();
                service.set_retry_after(rest);
                Cause::Service(service)
            }
            Cause::Answer(AnswerFault::NotJson {
                status,
                looks,
                retry_after: _,
            }) => Cause::Answer(AnswerFault::NotJson {
                status: *status,
                looks: *looks,
                retry_after: Some(rest),
            }),
            _ => return self,
        };
        self.with(|error| error.cause = Arc::new(cause))
    }

    /// Whether the same request may succeed later without anybody mending anything.
    pub fn is_transient(&self) -> bool {
        match self.cause() {
            Cause::Service(error) => error.is_transient(),
            Cause::Answer(AnswerFault::NotJson { status, .. }) => {
                matches!(status, 408 | 410 | 429 | 500..=599)
            }
            Cause::Http(failure) => failure.may_pass(),
            Cause::OutOfTime => true,
            Cause::NoLink => self.links().iter().any(|link| link.error.is_transient()),
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.0.kind {
            ErrorKind::Unavailable => "is unavailable",
            ErrorKind::Failed => "failed",
            ErrorKind::InteractionRequired => "needs a person",
        };
        let credential = if self.0.credential.is_empty() {
            "the credential"
        } else {
            self.0.credential
        };
        write!(f, "{credential} {verdict}: {}", self.seen())?;
        if let Some(advice) = self.advice() {
            write!(f, "; what to do: {advice}")?;
        }
        let Links { all, show } = &self.0.links;
        let Some(show) = show.filter(|_| !all.is_empty()) else {
            return Ok(());
        };
        if !matches!(self.cause(), Cause::NoLink) {
            f.write_str("\nasked before it:")?;
        }
        show(all, f)
    }
}

impl Error {
    /// What was seen, in words: the endpoint and the cause, and the ids of the exchange. `Display`
    /// has the credential, the verdict, [`advice`](Self::advice) and [`links`](Self::links)
    /// beside it; a program that has places of their own for these shows this.
    pub fn seen(&self) -> String {
        let mut seen = match &self.0.endpoint {
            Some(endpoint) => match self.cause() {
                Cause::Http(HttpFailure::UnusableRoots(_) | HttpFailure::Unsendable(_)) => {
                    format!("{endpoint} was not asked: {}", self.0.cause)
                }
                Cause::Http(HttpFailure::BodyTooLarge { .. }) => {
                    format!("{endpoint}: {}", self.0.cause)
                }
                Cause::Http(_) => format!("{endpoint} did not answer: {}", self.0.cause),
                _ => format!("{endpoint} {}", self.0.cause),
            },
            None => self.0.cause.to_string(),
        };
        for (name, id) in self.request_ids() {
            seen.push_str(&format!(" [{name} {id}]"));
        }
        seen
    }
}

/// The cause is in words: whoever wants its parts asks for [`Error::cause`], and a program that only
/// reports errors has no code for them.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("credential", &self.0.credential)
            .field("endpoint", &self.0.endpoint)
            .field("cause", &format_args!("{}", self.0.cause))
            .field("request_ids", &self.0.request_ids)
            .field("links", &self.0.links.all)
            .finish()
    }
}

impl std::error::Error for Error {}

impl From<Invalid> for Error {
    /// The error of a credential that could not even be made.
    fn from(invalid: Invalid) -> Self {
        Self::new(ErrorKind::Failed, "", None, Cause::Invalid(invalid))
    }
}
