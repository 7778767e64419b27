//! A program's life: runs that leave something to remember for each other, and what each of them
//! showed to its host.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use azid_core::effect::{
    AuthorizeAnswer, AuthorizeFailure, AuthorizeRequest, Authorized, DeviceCode, HttpFailure,
    HttpReply, HttpRequest, HttpResponse, PromptFailure, SleepReason,
};
use azid_core::{
    Context, Credential, Error, Memory, Now, Outcome, Run, Secret, Seed, Step, TokenRequest,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const START: i64 = 1_795_255_200_000;

/// A program with what it remembers.
pub(crate) struct Life {
    pub(crate) memory: Memory,
    /// What the browser comes back with; a code unless said otherwise.
    pub(crate) browser: Option<Result<AuthorizeAnswer, AuthorizeFailure>>,
    /// What comes of showing a message.
    pub(crate) prompt: Result<(), PromptFailure>,
    /// By how much the clock was set back.
    pub(crate) set_back: Duration,
    /// Whether its runs must not ask anybody.
    pub(crate) asks_nobody: bool,
    /// How long its runs may take, if not as long as any.
    pub(crate) deadline: Option<Duration>,
    elapsed: Duration,
    runs: u8,
}

/// What one run asked for, and how it ended.
#[derive(Debug)]
pub(crate) struct Sight {
    pub(crate) sent: Vec<HttpRequest>,
    /// When each of them was sent, from the start of the run.
    pub(crate) sent_at: Vec<Duration>,
    pub(crate) shown: Vec<DeviceCode>,
    pub(crate) pages: Vec<AuthorizeRequest>,
    pub(crate) waits: Vec<Duration>,
    pub(crate) outcome: Outcome,
}

impl Life {
    pub(crate) fn new() -> Self {
        Self {
            memory: Memory::default(),
            browser: None,
            prompt: Ok(()),
            set_back: Duration::ZERO,
            asks_nobody: false,
            deadline: None,
            elapsed: Duration::ZERO,
            runs: 0,
        }
    }

    /// Lets a credential get a token, with these answers of the endpoints. Where an id token is
    /// written as its claims, it is encoded, with the nonce that the browser was sent away with.
    pub(crate) fn run(
        &mut self,
        credential: impl Credential + 'static,
        request: TokenRequest,
        answers: impl IntoIterator<Item = HttpReply>,
    ) -> Sight {
        self.runs += 1;
        let started = self.elapsed;
        let context = Context::new(request, self.now(), Seed::new([self.runs; 32]))
            .with_memory(self.memory.clone())
            .record_transcript();
        let context = match self.asks_nobody {
            true => context.without_asking(),
            false => context,
        };
        let context = match self.deadline {
            Some(deadline) => context.with_deadline(deadline),
            None => context,
        };
        let mut log = String::new();
        let (mut sent, mut sent_at, mut waits) = (Vec::new(), Vec::new(), Vec::new());
        let (mut shown, mut pages) = (Vec::new(), Vec::new());
        let (mut answers, mut nonce) = (answers.into_iter(), None);
        let mut step = Run::start(Arc::new(credential), context);
        loop {
            write!(log, "{step:?}").expect("a string takes everything");
            step = match step {
                Step::Done(outcome) => {
                    if let Err(error) = &outcome.result {
                        write!(log, "{error}").expect("a string takes everything");
                    }
                    let transcript = serde_json::to_string(&outcome.transcript);
                    log.push_str(&transcript.expect("a transcript serialises"));
                    assert_hidden(&log, &sent, &shown, &pages);
                    let changes = outcome.memory.iter().cloned();
                    changes.for_each(|change| self.memory.apply(change));
                    return Sight {
                        sent,
                        sent_at,
                        shown,
                        pages,
                        waits,
                        outcome,
                    };
                }
                Step::Http(call) => {
                    sent.push(call.request().clone());
                    sent_at.push(self.elapsed - started);
                    let answer = answers.next().expect("no more requests are expected");
                    call.reply(with_nonce(answer, nonce.as_deref()), self.now())
                }
                Step::Sleep(call) => {
                    assert_ne!(call.request().duration, Duration::ZERO);
                    if call.request().reason == SleepReason::DevicePoll {
                        waits.push(call.request().duration);
                    }
                    self.elapsed += call.request().duration;
                    call.reply(Ok(()), self.now())
                }
                Step::Prompt(call) => {
                    shown.push(call.request().device_code.clone());
                    call.reply(self.prompt.clone(), self.now())
                }
                Step::Authorize(call) => {
                    let request = call.request().clone();
                    nonce = parameter(&request.endpoint, "nonce");
                    pages.push(request);
                    let code = AuthorizeAnswer::Code(Secret::new("C0DE"));
                    let answer = self.browser.clone().unwrap_or(Ok(code));
                    let reply = answer.map(|answer| Authorized { port: 8400, answer });
                    call.reply(reply, self.now())
                }
                step => panic!("{step:?} is not expected"),
            };
        }
    }

    fn now(&self) -> Now {
        let passed = i64::try_from(self.elapsed.as_millis()).expect("a short test");
        let set_back = i64::try_from(self.set_back.as_millis()).expect("a short test");
        Now::new(START + passed - set_back, self.elapsed)
    }
}

impl Sight {
    pub(crate) fn token(&self) -> &str {
        let result = self.outcome.result.as_ref();
        result.expect("there is a token").expose()
    }

    pub(crate) fn error(&self) -> &Error {
        self.outcome.result.as_ref().expect_err("there is no token")
    }
}

/// No secret of a run is in what can be shown of it.
fn assert_hidden(
    log: &str,
    sent: &[HttpRequest],
    shown: &[DeviceCode],
    pages: &[AuthorizeRequest],
) {
    let named = [
        "code",
        "code_verifier",
        "device_code",
        "password",
        "refresh_token",
    ];
    let carried = sent.iter().flat_map(|request| {
        let fields = crate::form(request).into_iter();
        fields.filter(|(name, _)| named.contains(&name.as_str()))
    });
    let carried = carried.map(|(_, value)| value);
    let typed = shown.iter().map(|code| code.user_code.expose().to_owned());
    let drawn = pages.iter().flat_map(|page| {
        let nonce = parameter(&page.endpoint, "nonce").expect("every page has one");
        [page.state.expose().to_owned(), nonce]
    });
    for secret in carried.chain(typed).chain(drawn) {
        let is_short = secret.len() < 4; // part of innocent words
        assert!(is_short || !log.contains(&secret), "{secret} in {log}");
    }
}

/// An answer of JSON.
pub(crate) fn json(status: u16, body: Value) -> HttpReply {
    Ok(HttpResponse::new(status, body.to_string().into_bytes()))
}

pub(crate) fn error(name: &str) -> HttpReply {
    json(400, json!({ "error": name }))
}

/// A passing fault of the network.
pub(crate) fn silence() -> HttpReply {
    Err(HttpFailure::TimedOut)
}

/// What a sign-in of this person brings.
pub(crate) fn signed_in(person: &str, refresh_token: &str) -> Value {
    let client_info = json!({ "uid": person, "utid": "home" }).to_string();
    json!({
        "token_type": "Bearer", "expires_in": 3599, "access_token": format!("token-of-{person}"),
        "refresh_token": refresh_token, "client_info": URL_SAFE_NO_PAD.encode(client_info),
        "id_token": { "preferred_username": format!("{person}@contoso.com"), "tid": "home" },
    })
}

pub(crate) fn parameter(url: &url::Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    pairs
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

fn with_nonce(answer: HttpReply, nonce: Option<&str>) -> HttpReply {
    let mut response = answer?;
    if let Ok(mut body) = serde_json::from_slice::<Value>(response.body.expose())
        && let Some(claims) = body.get_mut("id_token").filter(|it| it.is_object())
    {
        if let (Some(nonce), None) = (nonce, claims.get("nonce")) {
            claims["nonce"] = nonce.into();
        }
        *claims = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string())).into();
        response.body = body.to_string().into_bytes().into();
    }
    Ok(response)
}
