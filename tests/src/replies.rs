//! Replies that nobody wrote.

use std::time::Duration;

use azid_core::effect::{
    AssertionFailure, AuthorizeAnswer, AuthorizeFailure, Authorized, CallbackId, Detail,
    ExecFailure, ExecOutput, FileFailure, HttpReply, PromptFailure, Refusal, Requirement,
    SignFailure, TokenFailure,
};
use azid_core::testing::{START, World};
use azid_core::{AccessToken, Secret, Step, Timestamp};

/// A reply to whatever is asked next.
#[derive(Clone, Debug)]
pub struct Anything {
    /// To a request.
    pub http: HttpReply,
    /// The content of a file, the output of a program, a signature.
    pub bytes: Vec<u8>,
    /// Whether the rest works, and how it does not.
    pub choice: u8,
}

impl Anything {
    /// Gives the reply that fits the step; it takes no time, save for a wait.
    pub fn answer(&self, step: Step, world: &mut World) -> Step {
        let now = world.now();
        let bytes = || self.bytes.clone();
        let text = || String::from_utf8_lossy(&self.bytes).into_owned();
        let said = || Detail::new(text());
        let (works, has_words) = (self.choice >= 64, self.choice % 2 == 1);
        let refusal = self.refusal();
        match step {
            Step::Http(call) => call.reply(self.http.clone(), now),
            step if self.choice < 16 => step.refuse(refusal, now),
            Step::Sleep(_) => world.answer(step),
            Step::ReadFile(call) if works => call.reply(Ok(bytes().into()), now),
            Step::ReadFile(call) if has_words => call.reply(Err(FileFailure::Other(said())), now),
            Step::ReadFile(call) => call.reply(Err(FileFailure::NotFound), now),
            Step::Exec(call) if works => {
                let output = ExecOutput {
                    exit_code: Some(i32::from(self.choice % 2)),
                    stdout: bytes().into(),
                    stderr: bytes().into(),
                };
                call.reply(Ok(output), now)
            }
            Step::Exec(call) if has_words => call.reply(Err(ExecFailure::Other(said())), now),
            Step::Exec(call) => call.reply(Err(ExecFailure::TimedOut), now),
            Step::Sign(call) if works => call.reply(Ok(bytes()), now),
            Step::Sign(call) => call.reply(Err(SignFailure::Other(said())), now),
            Step::Assertion(call) if works => call.reply(Ok(Secret::from(text())), now),
            Step::Assertion(call) => call.reply(Err(AssertionFailure::Failed(said())), now),
            Step::Token(call) if works => {
                let lifetime = (i64::from(self.choice) - 128) * 6_000;
                let expires_on = Timestamp::from_unix_milliseconds(START + lifetime);
                call.reply(Ok(AccessToken::new(text(), expires_on)), now)
            }
            Step::Token(call) => call.reply(Err(TokenFailure::Failed(said())), now),
            Step::Prompt(call) if works => call.reply(Ok(()), now),
            Step::Prompt(call) if has_words => call.reply(Err(PromptFailure::Failed(said())), now),
            Step::Prompt(call) => call.reply(Err(PromptFailure::Cancelled), now),
            Step::Authorize(call) if works => {
                let answer = match self.choice % 4 {
                    0 => AuthorizeAnswer::Denied {
                        error: Detail::new(text()).as_str().to_owned(),
                        description: Detail::new(format!("AADSTS65004: {}", text())),
                    },
                    _ => AuthorizeAnswer::Code(Secret::from(text())),
                };
                call.reply(Ok(Authorized { port: 1234, answer }), now)
            }
            Step::Authorize(call) if has_words => {
                call.reply(Err(AuthorizeFailure::NoBrowser(said())), now)
            }
            Step::Authorize(call) => call.reply(Err(AuthorizeFailure::TimedOut), now),
            other => other.refuse(refusal, now),
        }
    }

    fn refusal(&self) -> Refusal {
        let refusals = refusals();
        refusals[usize::from(self.choice) % refusals.len()].clone()
    }
}

/// So many of 255 parts of the longest time that the host may take over a step: none where that is
/// the host's own affair.
pub fn share_of_time(step: &Step, parts: u8) -> Duration {
    let longest = match step {
        Step::Http(call) => call.request().requirements.timeout,
        Step::Exec(call) => call.request().timeout,
        Step::Sign(call) => call.request().timeout,
        Step::Authorize(call) => call.request().timeout,
        _ => Duration::ZERO,
    };
    let milliseconds = longest.as_millis() * u128::from(parts) / 255;
    Duration::from_millis(u64::try_from(milliseconds).unwrap_or(u64::MAX))
}

/// A refusal of every kind.
pub fn refusals() -> [Refusal; 3] {
    [
        Refusal::NoSuchEffect,
        Refusal::Requirement(Requirement::TlsPin),
        Refusal::NotRegistered(CallbackId::new("callback")),
    ]
}
