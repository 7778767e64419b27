//! A run as its host sees it: every step is noted before it is answered.

use std::fmt::Write as _;
use std::time::Duration;

use azid_core::effect::{HttpRequest, SleepReason};
use azid_core::retry::RetryPolicy;
use azid_core::testing::{Case, World};
use azid_core::{Context, Outcome, Run, Seed, Step, Transcript};
use url::Url;

/// More steps than a run is allowed.
const MOST_STEPS: usize = 1001;

/// What a host saw of a run.
#[derive(Debug)]
pub struct Seen {
    /// How the run ended.
    pub outcome: Outcome,
    /// The requests that it made.
    pub requests: Vec<HttpRequest>,
    /// The pages that it sent people to by a browser.
    pub pages: Vec<Url>,
    /// How long it waited, each time, save until an endpoint was to be asked about a person again.
    pub waits: Vec<Duration>,
    /// How long each of these may have been, by the policy of the request before it.
    pub longest_waits: Vec<Duration>,
    /// How long it waited until then.
    pub polls: Vec<Duration>,
    /// How long it was allowed to take in all.
    pub deadline: Duration,
    /// How many effects it asked for.
    pub steps: usize,
    /// What a log of all steps and of the outcome would hold.
    pub log: String,
}

impl Seen {
    /// The transcript, which every case records.
    pub fn transcript(&self) -> &Transcript {
        let transcript = self.outcome.transcript.as_deref();
        transcript.expect("cases record a transcript")
    }
}

/// Runs a case in a world, whose step number so and so (from 0) is answered by `answer`.
///
/// # Panics
///
/// The run does not end.
pub fn watch(
    case: &Case,
    world: &mut World,
    answer: impl FnMut(usize, Step, &mut World) -> Step,
) -> Seen {
    watch_within(Context::DEADLINE, case, world, answer)
}

/// [`watch`], where the run may take so long in all.
///
/// # Panics
///
/// The run does not end.
pub fn watch_within(
    deadline: Duration,
    case: &Case,
    world: &mut World,
    mut answer: impl FnMut(usize, Step, &mut World) -> Step,
) -> Seen {
    let context = case.context(world.now(), Seed::new([1; 32]));
    let context = context.with_deadline(deadline);
    let mut step = Run::start(case.credential.clone().into_credential(), context);
    let (mut requests, mut pages) = (Vec::<HttpRequest>::new(), Vec::new());
    let (mut waits, mut longest_waits, mut polls) = (Vec::new(), Vec::new(), Vec::new());
    let mut log = String::new();
    for steps in 0..MOST_STEPS {
        write!(log, "{step:?} {step:#?}").expect("a string takes everything");
        match step {
            Step::Done(outcome) => {
                return Seen {
                    outcome,
                    requests,
                    pages,
                    waits,
                    longest_waits,
                    polls,
                    deadline,
                    steps,
                    log,
                };
            }
            Step::Http(ref call) => requests.push(call.request().clone()),
            Step::Authorize(ref call) => pages.push(call.request().endpoint.clone()),
            Step::Sleep(ref call) => match call.request().reason {
                SleepReason::DevicePoll => polls.push(call.request().duration),
                _ => {
                    waits.push(call.request().duration);
                    let policy = requests.last().map(|request| &request.retry);
                    longest_waits.push(policy.map(longest_wait).unwrap_or_default());
                }
            },
            _ => {}
        }
        step = answer(steps, step, world);
    }
    panic!("{}: no end after {MOST_STEPS} steps", case.name);
}

/// The longest pause that a policy makes, its random share included.
fn longest_wait(policy: &RetryPolicy) -> Duration {
    let share = 1.0 + policy.jitter.clamp(0.0, 1.0);
    policy.max_delay.min(Context::DEADLINE).mul_f64(share)
}

/// Runs a case on its own replies.
pub fn watch_script(case: &Case) -> Seen {
    let mut world = World::new(case.replies.clone());
    watch(case, &mut world, |_, step, world| world.answer(step))
}
