//! A scripted world to run credentials in: replies by list, time as a number.
//!
//! Every credential brings its [`Case`]s, and the tests that hold for all credentials run over
//! [`cases`]. The feature `testing` adds this module and changes nothing else.

mod entra;
pub(crate) mod people;
mod reply;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};

use crate::context::{Context, Platform, Position};
use crate::credentials::CredentialConfig;
use crate::effect::{HttpFailure, HttpResponse, Refusal};
use crate::entropy::Seed;
use crate::environment::Environment;
use crate::memory::{Fact, Memory, MemoryChange};
use crate::request::TokenRequest;
use crate::run::Run;
use crate::step::{Outcome, Step};
use crate::time::{Now, Timestamp};

pub(crate) use self::entra::{with_entra_answers, with_fresh_proofs};
pub use self::reply::Reply;

/// When scripted runs start: 2026-11-21 10:00 UTC, in milliseconds since 1970.
pub const START: i64 = 1_795_255_200_000;

/// How long every scripted effect but a wait takes.
pub const LATENCY: Duration = Duration::from_millis(50);

/// One thing that can happen to a credential: its inputs and the replies that it gets.
#[derive(Clone, Debug)]
pub struct Case {
    /// What happens, in words.
    pub name: &'static str,
    /// To whom.
    pub credential: CredentialConfig,
    /// What is asked.
    pub request: TokenRequest,
    /// The variables that are set.
    pub environment: Vec<(&'static str, String)>,
    /// What earlier runs left to remember.
    pub memory: Memory,
    /// The platform.
    pub platform: Platform,
    /// Where the credential stands.
    pub position: Position,
    /// The replies, in order.
    pub replies: Vec<Reply>,
}

impl Case {
    /// A case without replies yet.
    pub fn new(name: &'static str, credential: impl Into<CredentialConfig>) -> Self {
        Self {
            name,
            credential: credential.into(),
            request: TokenRequest::new(["https://vault.azure.net/.default"]),
            environment: Vec::new(),
            memory: Memory::default(),
            platform: Platform::Linux,
            position: Position::Alone,
            replies: Vec::new(),
        }
    }

    /// Asks this.
    pub fn asks(mut self, request: TokenRequest) -> Self {
        self.request = request;
        self
    }

    /// Sets a variable.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// Lets an earlier run have learned something, an hour ago.
    pub fn remembers(mut self, key: impl Into<String>, fact: Fact) -> Self {
        self.memory.apply(MemoryChange::Learned {
            key: key.into(),
            fact,
            on: Timestamp::from_unix_milliseconds(START - 3_600_000),
        });
        self
    }

    /// Puts the credential on another platform than Linux.
    pub fn on(mut self, platform: Platform) -> Self {
        self.platform = platform;
        self
    }

    /// Puts the credential into a chain.
    pub fn in_chain(mut self) -> Self {
        self.position = Position::InChain;
        self
    }

    /// Adds a reply.
    pub fn then(mut self, reply: impl Into<Reply>) -> Self {
        self.replies.push(reply.into());
        self
    }

    /// Adds an HTTP answer.
    pub fn http(self, status: u16, body: &str) -> Self {
        self.then(HttpResponse::new(status, body.as_bytes()))
    }

    /// Adds a header field to the HTTP answer added last.
    ///
    /// # Panics
    ///
    /// The name or the value is none that a header field can have.
    pub fn header(mut self, name: &str, value: impl AsRef<str>) -> Self {
        if let Some(Reply::Http(Ok(response))) = self.replies.last_mut() {
            let name: HeaderName = name.parse().expect("a script's names are valid");
            let value = HeaderValue::from_str(value.as_ref());
            let value = value.expect("a script's values are valid");
            response.headers.insert(name, value);
        }
        self
    }

    /// Adds the content of a file.
    pub fn file(self, content: &str) -> Self {
        self.then(Reply::File(Ok(content.as_bytes().into())))
    }

    /// The context of the case's run, which records a transcript.
    pub fn context(&self, now: Now, seed: Seed) -> Context {
        Context::new(self.request.clone(), now, seed)
            .with_environment(Environment::from_pairs(self.environment.clone()))
            .with_memory(self.memory.clone())
            .with_platform(self.platform)
            .with_position(self.position)
            .record_transcript()
    }

    /// Runs the case in a world of its own.
    pub fn run(&self) -> Outcome {
        let mut world = World::new(self.replies.clone());
        let context = self.context(world.now(), Seed::new([1; 32]));
        run(
            self.credential.clone().into_credential(),
            context,
            &mut world,
        )
    }
}

/// Every case of every registered credential.
pub fn cases() -> Vec<Case> {
    crate::credentials::cases()
}

/// A host made of a list of replies and a number for a clock.
///
/// A wait takes exactly its time, every other effect [`LATENCY`]. When the list is at its end, or
/// its next reply is to another kind of effect, the effect is refused.
#[derive(Debug)]
pub struct World {
    replies: VecDeque<Reply>,
    elapsed: Duration,
    has_monotonic: bool,
    jump: i64,
}

impl World {
    /// A world with these replies, at [`START`].
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self {
            replies: replies.into_iter().collect(),
            elapsed: Duration::ZERO,
            has_monotonic: true,
            jump: 0,
        }
    }

    /// Takes the monotonic clock away.
    pub fn without_monotonic_clock(mut self) -> Self {
        self.has_monotonic = false;
        self
    }

    /// Lets the wall clock jump by so many milliseconds.
    pub fn jump(&mut self, milliseconds: i64) {
        self.jump = self.jump.saturating_add(milliseconds);
    }

    /// Lets so much time go by.
    pub fn pass(&mut self, time: Duration) {
        self.elapsed = self.elapsed.saturating_add(time);
    }

    /// What time it is.
    pub fn now(&self) -> Now {
        let passed = i64::try_from(self.elapsed.as_millis()).unwrap_or(i64::MAX);
        let wall = START.saturating_add(passed).saturating_add(self.jump);
        if self.has_monotonic {
            Now::new(wall, self.elapsed)
        } else {
            Now::wall(wall)
        }
    }

    /// How long the world has gone on.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Replies to a step.
    pub fn answer(&mut self, step: Step) -> Step {
        if let Step::Sleep(call) = step {
            self.elapsed = self.elapsed.saturating_add(call.request().duration);
            return call.reply(Ok(()), self.now());
        }
        self.elapsed = self.elapsed.saturating_add(LATENCY);
        let now = self.now();
        match (step, self.replies.pop_front()) {
            (Step::Http(call), Some(Reply::Http(reply))) => call.reply(reply, now),
            (Step::ReadFile(call), Some(Reply::File(reply))) => call.reply(reply, now),
            (Step::Exec(call), Some(Reply::Exec(reply))) => call.reply(reply, now),
            (Step::Sign(call), Some(Reply::Sign(reply))) => call.reply(reply, now),
            (Step::Assertion(call), Some(Reply::Assertion(reply))) => call.reply(reply, now),
            (Step::Token(call), Some(Reply::Token(reply))) => call.reply(reply, now),
            (Step::Prompt(call), Some(Reply::Prompt(reply))) => call.reply(reply, now),
            (Step::Authorize(call), Some(Reply::Authorize(reply))) => call.reply(reply, now),
            (step, Some(Reply::Refuse(refusal))) => step.refuse(refusal, now),
            (step, _) => step.refuse(Refusal::NoSuchEffect, now),
        }
    }
}

/// What can happen to any exchange with Entra, whichever credential it is for: each with a name
/// and the answers from that exchange on.
pub fn entra_answers() -> Vec<(&'static str, Vec<Reply>)> {
    let answer = |status, body: &str| vec![Reply::from(HttpResponse::new(status, body.as_bytes()))];
    let failure = |failure: HttpFailure| vec![Reply::from(failure); 4];
    let throttled = |header, value| {
        let mut response = HttpResponse::new(429, &b""[..]);
        response.headers.insert(
            HeaderName::from_static(header),
            HeaderValue::from_static(value),
        );
        Reply::from(response)
    };
    let token = Reply::from(HttpResponse::new(
        200,
        &br#"{"token_type":"Bearer","expires_in":3599,"access_token":"AT"}"#[..],
    ));
    let wrong_secret = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 11111111-1111-4111-8111-111111111111\r\nCorrelation ID: 22222222-2222-4222-8222-222222222222\r\nTimestamp: 2026-11-21 10:00:00Z","error_codes":[7000215],"timestamp":"2026-11-21 10:00:00Z","trace_id":"11111111-1111-4111-8111-111111111111","correlation_id":"22222222-2222-4222-8222-222222222222","error_uri":"https://login.microsoftonline.com/error?code=7000215"}"#;
    let claims = r#"{"error":"interaction_required","error_description":"AADSTS50079: enrol","error_codes":[50079],"suberror":"basic_action","claims":"{\"access_token\":{\"polids\":{\"essential\":true,\"values\":[\"x\"]}}}"}"#;
    vec![
        ("a token", vec![token.clone()]),
        (
            "a long-lived token",
            answer(
                200,
                r#"{"token_type":"Bearer","expires_in":86399,"ext_expires_in":86399,"refresh_in":43199,"access_token":"AT"}"#,
            ),
        ),
        (
            "numbers as texts",
            answer(
                200,
                r#"{"token_type":"bearer","expires_in":"3599","expires_on":"1800000000","not_before":"1799996400","resource":"R","access_token":"AT"}"#,
            ),
        ),
        (
            "only a moment",
            answer(200, r#"{"expires_on":1795260000,"access_token":"AT"}"#),
        ),
        (
            "a huge lifetime",
            answer(
                200,
                r#"{"expires_in":9223372036854775807,"access_token":"AT"}"#,
            ),
        ),
        (
            "a lifetime beyond numbers",
            answer(200, r#"{"expires_in":1e300,"access_token":"AT"}"#),
        ),
        (
            "a negative lifetime",
            answer(200, r#"{"expires_in":-5,"access_token":"AT"}"#),
        ),
        ("no lifetime", answer(200, r#"{"access_token":"AT"}"#)),
        ("an empty object", answer(200, "{}")),
        (
            "an empty token",
            answer(200, r#"{"expires_in":3599,"access_token":""}"#),
        ),
        (
            "a token that is no text",
            answer(200, r#"{"expires_in":3599,"access_token":7}"#),
        ),
        (
            "a page instead of JSON",
            answer(200, "<html>Sign in</html>"),
        ),
        (
            "a page instead of an error",
            answer(407, "<html>Proxy</html>"),
        ),
        ("an empty body", answer(200, "")),
        ("a redirect", answer(302, "")),
        ("a wrong secret", answer(401, wrong_secret)),
        ("an interaction required", answer(400, claims)),
        (
            "a passing fault",
            vec![Reply::from(HttpResponse::new(503, &b""[..])), token.clone()],
        ),
        (
            "a fault that stays",
            vec![answer(500, r#"{"error":"server_error"}"#); 4].concat(),
        ),
        (
            "a pause asked for in seconds",
            vec![throttled("retry-after", "7"), token.clone()],
        ),
        (
            "a pause asked for in milliseconds",
            vec![throttled("retry-after-ms", "1500"), token.clone()],
        ),
        (
            "a pause asked for until a date",
            vec![
                throttled("retry-after", "Sat, 21 Nov 2026 10:00:09 GMT"),
                token.clone(),
            ],
        ),
        (
            "a pause longer than anybody waits",
            vec![throttled("retry-after", "3600")],
        ),
        (
            "a connection lost and found",
            vec![HttpFailure::Lost { request_sent: true }.into(), token],
        ),
        (
            "a refused connection",
            failure(HttpFailure::Connect(Default::default())),
        ),
        ("silence", failure(HttpFailure::TimedOut)),
        (
            "a body too large",
            failure(HttpFailure::BodyTooLarge { limit: 1024 * 1024 }),
        ),
        ("no HTTP on this host", vec![Refusal::NoSuchEffect.into()]),
    ]
}

/// The context of a run by hand, at [`START`].
pub fn context(request: TokenRequest) -> Context {
    Context::new(request, World::new([]).now(), Seed::new([1; 32]))
}

/// Runs a credential in a world.
pub fn run(credential: Arc<dyn crate::Credential>, context: Context, world: &mut World) -> Outcome {
    let mut step = Run::start(credential, context);
    loop {
        step = match step {
            Step::Done(outcome) => return outcome,
            step => world.answer(step),
        };
    }
}
