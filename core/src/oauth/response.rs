//! Answers with a token, read leniently where endpoints differ and strictly where it matters.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::failure::{ServiceError, safe_text};
use super::fault::AnswerFault;
use super::number::Number;
use crate::context::Context;
use crate::effect::{HttpResponse, is_word};
use crate::error::Cause;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::token::{AccessToken, Dates};

/// No access token lives longer; one that says so is renewed by then (the longest known, for
/// clients that honour continuous access evaluation, live 28 hours).
pub(crate) const LONGEST_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

/// The most that is shown of a token type.
const LONGEST_TYPE: usize = 32;

/// Which of two members dates a token where an answer has both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// `expires_in`, counted from when the request was sent: what Entra means.
    Lifetime,
    /// `expires_on`, a moment: what the hosts of managed identities mean.
    Moment,
}

/// A successful answer of a token endpoint (RFC 6749 section 5.1).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TokenAnswer {
    /// The token.
    pub token: AccessToken,
    /// The refresh token that came with it.
    pub refresh_token: Option<Secret>,
    /// The id token that came with it.
    pub id_token: Option<Secret>,
    /// Who signed in, as Entra says beside the token when asked to.
    pub client_info: Option<Secret>,
    /// Which managed identity the answer says that the token is for.
    pub identity: AnsweredIdentity,
}

/// The ids of a managed identity as an answer repeats them: all, some or none.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct AnsweredIdentity {
    /// The client id.
    pub client_id: Option<Secret>,
    /// The object id of the principal.
    pub object_id: Option<Secret>,
    /// The resource id.
    pub resource_id: Option<Secret>,
}

impl TokenAnswer {
    /// Reads the answer to the request that was sent last.
    ///
    /// Seconds may be numbers or texts; unknown members are ignored; a member of the wrong type
    /// counts as absent.
    ///
    /// # Errors
    ///
    /// [`Cause::Service`] for an answer that is an error, [`Cause::Answer`] for one that is
    /// neither an error nor a token.
    pub fn read(response: &HttpResponse, expiry: Expiry, cx: &Context) -> Result<Self, Cause> {
        if response.status != 200 {
            return Err(ServiceError::read(response, cx).map_or_else(Cause::from, Cause::from));
        }
        // To look at the bytes all at once is quicker than text by text.
        let text = std::str::from_utf8(response.body.expose()).ok();
        let answer = text.and_then(|text| serde_json::from_str(text).ok());
        let Some(Answer(Some(body))) = answer else {
            return Err(AnswerFault::not_json(response, cx.now()).into());
        };
        let Some(secret) = body.access_token.filter(|token| !token.is_empty()) else {
            return Err(match ServiceError::read(response, cx) {
                Ok(error) if !error.error().is_empty() => error.into(),
                _ => AnswerFault::NoToken.into(),
            });
        };
        if !is_word(secret.expose()) {
            return Err(AnswerFault::Unfit("access_token").into());
        }
        if let Some(TokenType::Other(token_type)) = body.token_type {
            let token_type = safe_text(token_type.expose(), LONGEST_TYPE, cx.sent_secrets());
            if !token_type.is_empty() && !token_type.eq_ignore_ascii_case("Bearer") {
                return Err(AnswerFault::OtherType(token_type).into());
            }
        }
        let sent = cx.sent_at();
        let lifetime = body.expires_in.and_then(Number::seconds);
        let moment = body
            .expires_on
            .and_then(|number| number.moment(sent.unix_seconds()))
            .map(Timestamp::from_unix_seconds);
        let from_lifetime = lifetime.map(|seconds| add_seconds(sent, seconds));
        let (preferred, other) = match expiry {
            Expiry::Lifetime => (from_lifetime, moment),
            Expiry::Moment => (moment, from_lifetime),
        };
        let now = cx.now().timestamp();
        let Some(expires_on) = preferred.or(other) else {
            return Err(AnswerFault::NoExpiry.into());
        };
        // A moment in the past beside a lifetime in the future: this clock is ahead.
        let expires_on = if expires_on <= now {
            other.unwrap_or(expires_on)
        } else {
            expires_on
        };
        if expires_on <= now {
            return Err(AnswerFault::Expired { expires_on, now }.into());
        }
        let expires_on = expires_on.min(sent.after(LONGEST_LIFETIME));
        let refresh_on = body
            .refresh_in
            .and_then(Number::seconds)
            .filter(|seconds| *seconds > 0)
            .map(|seconds| add_seconds(sent, seconds))
            .filter(|refresh_on| *refresh_on < expires_on);
        let dates = Dates {
            issued_on: Some(sent),
            refresh_on,
            expires_on,
        };
        Ok(Self {
            token: AccessToken::from_parts(secret, dates, cx.credential()),
            refresh_token: body.refresh_token,
            id_token: body.id_token,
            client_info: body.client_info,
            identity: body.identity,
        })
    }
}

fn add_seconds(moment: Timestamp, seconds: i64) -> Timestamp {
    let milliseconds = seconds.saturating_mul(1000);
    Timestamp::from_unix_milliseconds(moment.unix_milliseconds().saturating_add(milliseconds))
}

/// The members of an answer that matter. Of a member that occurs twice the last one counts.
#[derive(Default)]
struct Body {
    access_token: Option<Secret>,
    refresh_token: Option<Secret>,
    id_token: Option<Secret>,
    client_info: Option<Secret>,
    token_type: Option<TokenType>,
    expires_in: Option<Number>,
    expires_on: Option<Number>,
    refresh_in: Option<Number>,
    identity: AnsweredIdentity,
}

/// The names of the members.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Member {
    AccessToken,
    RefreshToken,
    IdToken,
    ClientInfo,
    TokenType,
    ExpiresIn,
    ExpiresOn,
    RefreshIn,
    ClientId,
    ObjectId,
    #[serde(rename = "msi_res_id", alias = "mi_res_id")]
    ResourceId,
    #[serde(other)]
    Other,
}

/// How a token is used, as the answer says.
enum TokenType {
    Bearer,
    Other(Secret),
}

impl From<&str> for TokenType {
    fn from(text: &str) -> Self {
        match text.eq_ignore_ascii_case("Bearer") {
            true => Self::Bearer,
            false => Self::Other(text.into()),
        }
    }
}

/// What an answer is: an object, or something else in JSON.
struct Answer(Option<Body>);

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Members)
    }
}

struct Members;

/// What a visitor makes of all that is neither a text nor something with parts. Where it says nothing,
/// serde describes what was there, and has the code that writes floating-point numbers for that.
macro_rules! visit_others {
    ($answer:expr) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            $answer
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            $answer
        }

        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            $answer
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            $answer
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            $answer
        }
    };
}

impl<'de> Visitor<'de> for Members {
    type Value = Answer;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    visit_others!(Ok(Answer(None)));

    fn visit_str<E>(self, _: &str) -> Result<Answer, E> {
        Ok(Answer(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Answer, A::Error> {
        Ok(Answer(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Answer, A::Error> {
        let mut body = Body::default();
        while let Some(member) = members.next_key()? {
            match member {
                Member::AccessToken => body.access_token = members.next_value::<Text<_>>()?.0,
                Member::RefreshToken => body.refresh_token = members.next_value::<Text<_>>()?.0,
                Member::IdToken => body.id_token = members.next_value::<Text<_>>()?.0,
                Member::ClientInfo => body.client_info = members.next_value::<Text<_>>()?.0,
                Member::TokenType => body.token_type = members.next_value::<Text<_>>()?.0,
                Member::ExpiresIn => body.expires_in = Some(members.next_value()?),
                Member::ExpiresOn => body.expires_on = Some(members.next_value()?),
                Member::RefreshIn => body.refresh_in = Some(members.next_value()?),
                Member::ClientId => body.identity.client_id = members.next_value::<Text<_>>()?.0,
                Member::ObjectId => body.identity.object_id = members.next_value::<Text<_>>()?.0,
                Member::ResourceId => {
                    body.identity.resource_id = members.next_value::<Text<_>>()?.0;
                }
                Member::Other => {
                    members.next_value::<Number>()?;
                }
            }
        }
        Ok(Answer(Some(body)))
    }
}

/// A text, or something else that is passed over.
pub(crate) struct Text<T = Secret>(pub(crate) Option<T>);

impl<'de, T: for<'a> From<&'a str>> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyText(PhantomData))
    }
}

struct AnyText<T>(PhantomData<T>);

impl<'de, T: for<'a> From<&'a str>> Visitor<'de> for AnyText<T> {
    type Value = Text<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<T>, E> {
        Ok(Text(Some(text.into())))
    }

    visit_others!(Ok(Text(None)));

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Text<T>, A::Error> {
        while seq.next_element::<Number>()?.is_some() {}
        Ok(Text(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text<T>, A::Error> {
        while map.next_entry::<Number, Number>()?.is_some() {}
        Ok(Text(None))
    }
}
