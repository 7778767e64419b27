//! Replaying: a run whose host is a transcript.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use url::Url;

use super::identity::close_identity;
use super::record::{Answer, Content, Granted, Message, Place, Printed, Reply};
use super::{Exchange, Transcript, is_placeholder};
use crate::context::Context;
use crate::credential::Credential;
use crate::effect::{
    AuthorizeAnswer, AuthorizeRequest, Authorized, Detail, ExecOutput, HttpRequest, HttpResponse,
    Refusal, fits_header,
};
use crate::entropy::Seed;
use crate::environment::Environment;
use crate::run::Run;
use crate::secret::{Secret, SecretBytes};
use crate::step::Step;
use crate::time::Now;
use crate::token::AccessToken;

impl Transcript {
    /// The credential that was recorded, with placeholders for its secrets; none if it was one
    /// that only its program can make.
    pub fn recorded_credential(&self) -> Option<Arc<dyn Credential>> {
        Some(self.configuration.clone()?.into_credential())
    }

    /// Runs a credential on the recorded replies, and records that.
    ///
    /// With [the recorded credential](Self::recorded_credential) the result equals the transcript.
    /// A run that asks for something else than the recorded one did is refused there, so the
    /// recordings differ from that exchange on.
    pub fn replay(&self, credential: Arc<dyn Credential>) -> Transcript {
        let started = self.started.unix_milliseconds();
        let mut now = Now::new(started, std::time::Duration::ZERO);
        let context = Context::new(self.request.clone(), now, self.seed())
            .with_environment(Environment::from_pairs(self.environment.clone()))
            .with_platform(self.platform)
            .with_memory(self.memory.clone())
            .with_position(self.position)
            .with_deadline(self.deadline)
            .record_transcript();
        let context = match self.asks_nobody {
            true => context.without_asking(),
            false => context,
        };
        let mut step = Run::start(credential, context);
        let mut exchanges = self.exchanges.iter();
        let mut made = Made::default();
        loop {
            step = match step {
                Step::Done(outcome) => {
                    let recorded = outcome.transcript;
                    return recorded
                        .expect("the context asked for a transcript")
                        .into_transcript();
                }
                step => match exchanges.next() {
                    Some(exchange) => {
                        now = Now::new(started.saturating_add(exchange.at), exchange.elapsed);
                        answer(step, exchange, now, &mut made)
                    }
                    None => step.refuse(Refusal::NoSuchEffect, now),
                },
            };
        }
    }

    /// What a replay draws follows from all of the transcript, so that nothing in that is a guess of it.
    fn seed(&self) -> Seed {
        let stored = serde_json::to_vec(self).expect("a transcript is plain data");
        Seed::new(Sha256::digest(stored).into())
    }
}

fn answer(step: Step, exchange: &Exchange, now: Now, made: &mut Made) -> Step {
    match (step, &exchange.message) {
        (Step::Http(call), Message::Http { body, reply, .. }) => {
            made.learn_from_form(call.request(), body);
            call.reply(restore(reply, |answer| http_response(answer, made)), now)
        }
        (Step::ReadFile(call), Message::ReadFile { reply, .. }) => call.reply(
            restore(reply, |content| SecretBytes::new(bytes(content))),
            now,
        ),
        (Step::Exec(call), Message::Exec { reply, .. }) => {
            call.reply(restore(reply, exec_output), now)
        }
        (Step::Sign(call), Message::Sign { reply, .. }) => call.reply(
            restore(reply, |placeholder| placeholder.clone().into_bytes()),
            now,
        ),
        (Step::Assertion(call), Message::Assertion { reply, .. }) => call.reply(
            restore(reply, |placeholder| Secret::from(placeholder.as_str())),
            now,
        ),
        (Step::Token(call), Message::Token { reply, .. }) => {
            call.reply(restore(reply, access_token), now)
        }
        (Step::Prompt(call), Message::Prompt { reply, .. }) => {
            call.reply(restore(reply, |()| ()), now)
        }
        (Step::Authorize(call), Message::Authorize { endpoint, reply }) => {
            made.learn_from_page(call.request(), endpoint);
            call.reply(restore(reply, |place| authorized(place, made)), now)
        }
        (Step::Sleep(call), Message::Sleep { reply, .. }) => {
            call.reply(restore(reply, |()| ()), now)
        }
        (step, _) => step.refuse(Refusal::NoSuchEffect, now),
    }
}

fn restore<T, F: Clone, O>(reply: &Reply<T, F>, output: impl FnOnce(&T) -> O) -> Result<O, F> {
    match reply {
        Reply::Ok(recorded) => Ok(output(recorded)),
        Reply::Failure(failure) => Err(failure.clone()),
    }
}

/// The secrets that requests were made with where the recorded ones show placeholders: an assertion
/// that is signed in a replay is made of placeholders, but is not one itself, and what is drawn at
/// random is drawn anew.
#[derive(Default)]
struct Made {
    /// Each with the placeholder of the recorded one.
    secrets: Vec<(String, Secret)>,
    pages: usize,
}

impl Made {
    fn learn_from_form(&mut self, request: &HttpRequest, recorded: &Content) {
        if let Content::Form(recorded) = recorded {
            let sent = url::form_urlencoded::parse(request.body.expose());
            self.learn(
                recorded.iter().map(|(name, shown)| (&**name, &**shown)),
                sent,
            );
        }
    }

    fn learn_from_page(&mut self, page: &AuthorizeRequest, recorded: &str) {
        // The state is no part of what is recorded, and every page has another one.
        self.pages += 1;
        let placeholder = format!("redacted-state-{}", self.pages);
        self.secrets.push((placeholder, page.state.clone()));
        if let Ok(recorded) = Url::parse(recorded) {
            let pairs: Vec<_> = recorded.query_pairs().collect();
            let recorded = pairs.iter().map(|(name, shown)| (&**name, &**shown));
            self.learn(recorded, page.endpoint.query_pairs());
        }
    }

    fn learn<'a>(
        &mut self,
        recorded: impl Iterator<Item = (&'a str, &'a str)>,
        sent: url::form_urlencoded::Parse<'_>,
    ) {
        for ((name, shown), (sent_name, value)) in recorded.zip(sent) {
            // A mark that is a blank is no part of what is found in a text.
            let sent = value.trim_end_matches([' ', '\n', '\u{1}']);
            if name == sent_name && is_placeholder(shown) && shown != sent {
                self.secrets.retain(|(known, _)| known != shown);
                self.secrets.push((shown.to_owned(), sent.into()));
            }
        }
        // One placeholder may be the beginning of another.
        self.secrets
            .sort_by_key(|(shown, _)| std::cmp::Reverse(shown.len()));
    }

    /// An answer that repeated a secret repeats the one of this time.
    fn with_secrets(&self, text: &str) -> String {
        let restore = |text: String, (placeholder, secret): &(String, Secret)| {
            let escaped = serde_json::Value::from(secret.expose()).to_string();
            text.replace(placeholder, escaped.trim_matches('"'))
        };
        self.secrets.iter().fold(text.to_owned(), restore)
    }
}

fn http_response(answer: &Answer, made: &Made) -> HttpResponse {
    let body = bytes(&answer.body);
    let body = match String::from_utf8(body) {
        Ok(text) => close_identity(made.with_secrets(&text)).into_bytes(),
        Err(error) => error.into_bytes(),
    };
    let mut response = HttpResponse::new(answer.status, body);
    for (name, value) in &answer.headers {
        let restored = made.with_secrets(value);
        // The secret of this time may be marked as one that was never in a header field as it is.
        let value = if fits_header(&restored) {
            &restored
        } else {
            value
        };
        if let (Ok(name), Ok(value)) = (name.parse::<http::HeaderName>(), value.parse()) {
            response.headers.insert(name, value);
        }
    }
    response
}

fn exec_output(printed: &Printed) -> ExecOutput {
    ExecOutput {
        exit_code: printed.exit_code,
        stdout: bytes(&printed.stdout).into(),
        stderr: bytes(&printed.stderr).into(),
    }
}

fn access_token(granted: &Granted) -> AccessToken {
    let token = AccessToken::new(granted.token.as_str(), granted.expires_on)
        .token_type(&granted.token_type);
    match granted.refresh_on {
        Some(refresh_on) => token.refresh_on(refresh_on),
        None => token,
    }
}

fn authorized(place: &Place, made: &Made) -> Authorized {
    let restored = |text: &Option<String>| made.with_secrets(text.as_deref().unwrap_or_default());
    let answer = match &place.code {
        Some(code) => AuthorizeAnswer::Code(code.as_str().into()),
        None => AuthorizeAnswer::Denied {
            error: restored(&place.error),
            description: Detail::new(restored(&place.description)),
        },
    };
    Authorized {
        port: place.port,
        answer,
    }
}

fn bytes(content: &Content) -> Vec<u8> {
    match content {
        Content::Empty => Vec::new(),
        Content::Json(value) => value.to_string().into_bytes(),
        Content::Form(fields) => url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish()
            .into_bytes(),
        Content::Text(text) => text.clone().into_bytes(),
        Content::Binary => vec![0xff],
    }
}
