//! Links that answer what a test says, and note that they were asked.

use std::sync::Arc;
use std::time::Duration;

use azid_core::effect::{CallbackId, Detail, TokenFailure, TokenOrder};
use azid_core::testing::{World, context};
use azid_core::{
    AccessToken, Cause, Context, Credential, Environment, Error, ErrorKind, Identity, Lane, Memory,
    Next, Outcome, Position, Run, Step, TokenRequest, done, token,
};

/// What a link answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Token,
    Unavailable,
    Failed,
    Person,
}

/// A link that asks its host once, so that the host sees it, and then gives its answer.
#[derive(Clone, Debug)]
pub(crate) struct Scripted {
    pub(crate) name: &'static str,
    pub(crate) answer: Answer,
    pub(crate) lane: Lane,
}

impl Scripted {
    pub(crate) fn new(name: &'static str, answer: Answer) -> Self {
        Self {
            name,
            answer,
            lane: Lane::PerKey,
        }
    }
}

impl Credential for Scripted {
    fn name(&self) -> &'static str {
        self.name
    }

    fn identity(&self) -> Identity {
        Identity::of(self.name).finish()
    }

    fn lane(&self, _: &Memory, _: &Environment) -> Lane {
        self.lane
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let order = TokenOrder {
            callback: CallbackId::new(format!("{} {:?}", self.name, cx.position())),
            request: cx.request().clone(),
        };
        token(order, move |_, cx| {
            let error = |kind| Err(Error::of(kind, self.name, cause()));
            match self.answer {
                Answer::Token => {
                    let expires_on = cx.now().timestamp().after(Duration::from_secs(3600));
                    done(AccessToken::new(self.name, expires_on))
                }
                Answer::Unavailable => error(ErrorKind::Unavailable),
                Answer::Failed => error(ErrorKind::Failed),
                Answer::Person => error(ErrorKind::InteractionRequired),
            }
        })
    }
}

fn cause() -> Cause {
    Cause::Token(TokenFailure::Unavailable(Detail::new("not here")))
}

/// A run: who was asked, in order, where each was told that it stands, and how it ended.
pub(crate) struct Asked {
    pub(crate) names: Vec<String>,
    pub(crate) positions: Vec<String>,
    pub(crate) outcome: Outcome,
}

/// Asks a credential whose links are scripted.
pub(crate) fn ask(credential: impl Credential + 'static, memory: &Memory) -> Asked {
    ask_at(Position::Alone, credential, memory)
}

pub(crate) fn ask_at(
    position: Position,
    credential: impl Credential + 'static,
    memory: &Memory,
) -> Asked {
    let mut world = World::new([]);
    let request = TokenRequest::new(["https://vault.azure.net/.default"]);
    let context = context(request)
        .with_memory(memory.clone())
        .with_position(position);
    let mut step = Run::start(Arc::new(credential), context);
    let (mut names, mut positions) = (Vec::new(), Vec::new());
    loop {
        step = match step {
            Step::Done(outcome) => {
                return Asked {
                    names,
                    positions,
                    outcome,
                };
            }
            step => {
                if let Step::Token(call) = &step {
                    let (name, position) = (call.request().callback.as_str())
                        .split_once(' ')
                        .expect("links say both");
                    names.push(name.to_owned());
                    positions.push(position.to_owned());
                }
                world.answer(step)
            }
        };
    }
}

/// What a memory becomes by what a run leaves.
pub(crate) fn remembering(mut memory: Memory, outcome: &Outcome) -> Memory {
    outcome
        .memory
        .iter()
        .cloned()
        .for_each(|change| memory.apply(change));
    memory
}
