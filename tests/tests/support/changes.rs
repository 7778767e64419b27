//! Near misses of the replies in the cases: each differs from one of them in one place.

use azid_core::effect::{
    AssertionFailure, AuthorizeAnswer, AuthorizeFailure, Authorized, Detail, ExecFailure,
    FileFailure, HttpFailure, HttpResponse, PromptFailure, SignFailure, TokenFailure,
};
use azid_core::testing::{Case, Reply, START};
use azid_core::{AccessToken, Secret, Timestamp};
use azid_tests::replies::refusals;
use http::{HeaderName, HeaderValue};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::replies::{MEMBERS, failures, field, field_value, value};

/// One change to one reply.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Drop(usize),
    Duplicate(usize, Value),
    Rename(usize, &'static str),
    Retype(usize, Value),
    DropField(usize),
    DuplicateField(usize, HeaderValue),
    SetField(HeaderName, HeaderValue),
    /// The status; or the port of a sign-in, or the time that a token has left, in minutes.
    Number(u16),
    Truncate(usize),
    Insert(usize, Vec<u8>),
    Fail(HttpFailure),
    Refuse(usize),
}

pub(crate) fn change() -> impl Strategy<Value = Change> {
    let place = || 0_usize..1000;
    prop_oneof![
        place().prop_map(Change::Drop),
        (place(), value()).prop_map(|(place, value)| Change::Duplicate(place, value)),
        (place(), select(MEMBERS)).prop_map(|(place, name)| Change::Rename(place, name)),
        (place(), value()).prop_map(|(place, value)| Change::Retype(place, value)),
        place().prop_map(Change::DropField),
        (place(), field_value()).prop_map(|(place, it)| Change::DuplicateField(place, it)),
        field().prop_map(|(name, value)| Change::SetField(name, value)),
        (0_u16..600).prop_map(Change::Number),
        place().prop_map(Change::Truncate),
        (place(), vec(any::<u8>(), 1..4)).prop_map(|(place, bytes)| Change::Insert(place, bytes)),
        select(failures()).prop_map(Change::Fail),
        place().prop_map(Change::Refuse),
    ]
}

impl Change {
    /// Changes one of a case's replies; answers whether there is one that the change fits.
    pub(crate) fn apply(&self, case: &mut Case, place: usize) -> bool {
        let place = place.checked_rem(case.replies.len());
        let reply = place.and_then(|place| case.replies.get_mut(place));
        reply.is_some_and(|reply| {
            let changed = self.changed(reply);
            let fits = changed.is_some();
            *reply = changed.unwrap_or_else(|| reply.clone());
            fits
        })
    }

    fn changed(&self, reply: &Reply) -> Option<Reply> {
        Some(match (self, reply) {
            (Self::Refuse(choice), _) => refusals()[choice % 3].clone().into(),
            (Self::Fail(failure), reply) => failed(reply, failure)?,
            (_, Reply::Http(Ok(response))) => Reply::Http(Ok(self.response(response.clone())?)),
            (_, Reply::Exec(Ok(output))) => {
                let mut output = output.clone();
                match self {
                    Self::Number(code) => output.exit_code = Some((*code).into()),
                    Self::Insert(place, _) if place % 2 == 1 => {
                        output.stderr = self.bytes(output.stderr.expose())?.into();
                    }
                    _ => output.stdout = self.bytes(output.stdout.expose())?.into(),
                }
                Reply::Exec(Ok(output))
            }
            (_, Reply::File(Ok(content))) => Reply::File(Ok(self.bytes(content.expose())?.into())),
            (_, Reply::Sign(Ok(signature))) => Reply::Sign(Ok(self.bytes(signature)?)),
            (_, Reply::Assertion(Ok(assertion))) => Reply::Assertion(Ok(self.text(assertion)?)),
            (Self::Number(minutes), Reply::Token(Ok(token))) => {
                let left = (i64::from(*minutes) - 300) * 60_000;
                let expires_on = Timestamp::from_unix_milliseconds(START + left);
                Reply::Token(Ok(AccessToken::new(token.expose(), expires_on)))
            }
            (_, Reply::Token(Ok(token))) => {
                let text = self.text(token.secret())?;
                Reply::Token(Ok(AccessToken::new(text, token.expires_on())))
            }
            (_, Reply::Authorize(Ok(authorized))) => {
                Reply::Authorize(Ok(self.authorized(authorized.clone())?))
            }
            _ => return None,
        })
    }

    fn response(&self, mut response: HttpResponse) -> Option<HttpResponse> {
        let name = |place: &usize| {
            let place = place.checked_rem(response.headers.keys_len())?;
            response.headers.keys().nth(place).cloned()
        };
        match self {
            Self::Number(status) => response.status = (*status).max(100),
            Self::DropField(place) => drop(response.headers.remove(name(place)?)),
            Self::DuplicateField(place, value) => {
                response.headers.append(name(place)?, value.clone());
            }
            Self::SetField(name, value) => {
                drop(response.headers.insert(name, value.clone()));
            }
            _ => response.body = self.bytes(response.body.expose())?.into(),
        }
        Some(response)
    }

    fn authorized(&self, mut authorized: Authorized) -> Option<Authorized> {
        match (self, &mut authorized.answer) {
            (Self::Number(port), _) => authorized.port = *port,
            (_, AuthorizeAnswer::Code(code)) => *code = self.text(code)?,
            _ => return None,
        }
        Some(authorized)
    }

    fn text(&self, text: &Secret) -> Option<Secret> {
        let bytes = self.bytes(text.expose().as_bytes())?;
        Some(Secret::from(String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn bytes(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Truncate(place) => Some(bytes[..place.checked_rem(bytes.len())?].to_vec()),
            Self::Insert(place, inserted) => {
                let (before, after) = bytes.split_at(place % (bytes.len() + 1));
                Some([before, inserted, after].concat())
            }
            _ => self.json(serde_json::from_slice(bytes).ok()?),
        }
    }

    fn json(&self, members: Map<String, Value>) -> Option<Vec<u8>> {
        let (Self::Drop(place)
        | Self::Duplicate(place, _)
        | Self::Rename(place, _)
        | Self::Retype(place, _)) = self
        else {
            return None;
        };
        let mut members: Vec<(String, Value)> = members.into_iter().collect();
        let place = place.checked_rem(members.len())?;
        match self {
            Self::Duplicate(_, value) => members.push((members[place].0.clone(), value.clone())),
            Self::Rename(_, name) => members[place].0 = (*name).to_owned(),
            Self::Retype(_, value) => members[place].1 = value.clone(),
            _ => drop(members.remove(place)),
        }
        let members: Vec<_> = members
            .iter()
            .map(|(name, value)| format!("{}:{value}", json!(name)))
            .collect();
        Some(format!("{{{}}}", members.join(",")).into_bytes())
    }
}

/// The failure of the same effect that is most like one of a request.
fn failed(reply: &Reply, failure: &HttpFailure) -> Option<Reply> {
    let said = Detail::new("what the host says of it");
    let is_late = *failure == HttpFailure::TimedOut;
    Some(match reply {
        Reply::Http(_) => failure.clone().into(),
        Reply::File(_) if is_late => FileFailure::NotFound.into(),
        Reply::File(_) => FileFailure::Other(said).into(),
        Reply::Exec(_) if is_late => Reply::Exec(Err(ExecFailure::TimedOut)),
        Reply::Exec(_) => Reply::Exec(Err(ExecFailure::Other(said))),
        Reply::Sign(_) if is_late => Reply::Sign(Err(SignFailure::TimedOut)),
        Reply::Sign(_) => Reply::Sign(Err(SignFailure::Other(said))),
        Reply::Assertion(_) => Reply::Assertion(Err(AssertionFailure::Failed(said))),
        Reply::Token(_) => Reply::Token(Err(TokenFailure::Failed(said))),
        Reply::Prompt(_) if is_late => Reply::Prompt(Err(PromptFailure::Cancelled)),
        Reply::Prompt(_) => Reply::Prompt(Err(PromptFailure::Failed(said))),
        Reply::Authorize(_) if is_late => Reply::Authorize(Err(AuthorizeFailure::TimedOut)),
        Reply::Authorize(_) => Reply::Authorize(Err(AuthorizeFailure::NoBrowser(said))),
        _ => return None,
    })
}
