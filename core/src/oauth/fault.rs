//! Answers that are neither a token nor an error.

use std::fmt;
use std::time::Duration;

use crate::effect::HttpResponse;
use crate::retry;
use crate::secret::trimmed;
use crate::time::{Now, Timestamp};

/// Why an answer is neither a token nor an error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnswerFault {
    /// Not JSON: something between here and the endpoint answered in its place.
    NotJson {
        /// The status that it came with.
        status: u16,
        /// What it looks like.
        looks: Looks,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// A redirect, which is never followed.
    Redirect {
        /// The status that it came with.
        status: u16,
    },
    /// JSON without an access token.
    NoToken,
    /// JSON without the member that the answer is about.
    Lacks(&'static str),
    /// The member of this name is a token, and not one word of visible ASCII: no token is anything
    /// else, and whoever put it into a header field might end that field with it.
    Unfit(&'static str),
    /// The member of this name is a page that no person may be sent to, and why.
    UnsafePage(&'static str, &'static str),
    /// The member of this name is a time that makes no sense, such as one of a code that is over
    /// before it begins.
    Senseless(&'static str),
    /// A token of this type instead of `Bearer`, so that it needs a proof of its bearer.
    OtherType(String),
    /// A token without a word on which identity it is for, or for another one than was asked for.
    OtherIdentity,
    /// A challenge that must not be answered, and why.
    Challenge(&'static str),
    /// A token without a word on how long it lives.
    NoExpiry,
    /// A token that had expired when it arrived.
    Expired {
        /// When it expired.
        expires_on: Timestamp,
        /// What time it was here.
        now: Timestamp,
    },
}

/// What a body looks like that is not JSON. The body itself is never shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Looks {
    /// There is none.
    Empty,
    /// A page for people: a proxy, a firewall or a sign-in page answered.
    Html,
    /// Something else.
    Other,
}

impl Looks {
    fn of(body: &[u8]) -> Self {
        let first = match std::str::from_utf8(body) {
            Ok(text) => trimmed(text).bytes().next(),
            // Old servers write their pages in other alphabets.
            Err(_) => body.trim_ascii_start().first().copied(),
        };
        match first {
            None => Self::Empty,
            Some(b'<') => Self::Html,
            Some(_) => Self::Other,
        }
    }
}

impl AnswerFault {
    pub(crate) fn not_json(response: &HttpResponse, now: Now) -> Self {
        let status = response.status;
        if (300..400).contains(&status) {
            return Self::Redirect { status };
        }
        let looks = Looks::of(response.body.expose());
        let retry_after = retry::pause_of_header(response, now);
        Self::NotJson {
            status,
            looks,
            retry_after,
        }
    }
}

impl fmt::Display for AnswerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson {
                status,
                looks: Looks::Empty,
                retry_after,
            } => {
                write!(
                    f,
                    "answered HTTP {status} with no body{}",
                    Pause(*retry_after)
                )
            }
            Self::NotJson {
                status,
                looks: Looks::Html,
                retry_after,
            } => {
                write!(
                    f,
                    "answered HTTP {status} with an HTML page instead of JSON{}",
                    Pause(*retry_after)
                )
            }
            Self::NotJson {
                status,
                looks: Looks::Other,
                retry_after,
            } => {
                write!(
                    f,
                    "answered HTTP {status} with something that is not JSON{}",
                    Pause(*retry_after)
                )
            }
            Self::Redirect { status } => {
                write!(
                    f,
                    "answered HTTP {status}, a redirect, which is never followed"
                )
            }
            Self::OtherIdentity => {
                f.write_str("did not confirm that its token is for the identity that was asked for")
            }
            Self::Challenge(why) => write!(f, "sent a challenge that must not be answered: {why}"),
            Self::NoToken => f.write_str("answered with success but without an access token"),
            Self::Lacks(member) => write!(f, "answered with success but without `{member}`"),
            Self::Unfit(member) => {
                write!(
                    f,
                    "answered with an `{member}` that is not one word of visible ASCII"
                )
            }
            Self::UnsafePage(member, why) => {
                write!(
                    f,
                    "answered with a `{member}` that nobody can be sent to: {why}"
                )
            }
            Self::Senseless(member) => {
                write!(f, "answered with an `{member}` that makes no sense")
            }
            Self::OtherType(kind) => {
                write!(
                    f,
                    "gave a token of the type `{kind}`, where `Bearer` was asked for"
                )
            }
            Self::NoExpiry => f.write_str("gave a token without saying when it expires"),
            Self::Expired { expires_on, now } => {
                write!(
                    f,
                    "gave a token that expired at {expires_on}, while it is {now} here"
                )
            }
        }
    }
}

/// How long an answer asks to be left alone, if it does.
struct Pause(Option<Duration>);

impl fmt::Display for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(pause) => write!(f, " (it asks for a pause of {pause:?})"),
            None => Ok(()),
        }
    }
}
