//! A host whose every effect waits until the test answers it, and polls by hand.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context as TaskContext, Poll, Wake, Waker};
use std::time::Duration;

use azid_async::{Host, NoRandomness, Refresh};
use azid_core::effect::{ExecOutput, HttpReply, HttpResponse, SleepReason};
use azid_core::{ClientSecretCredential, Now, Seed, Step};
use http::header::{HeaderValue, RETRY_AFTER};

/// The test's clock starts here: 15 January 2027, 08:00 UTC.
pub(crate) const START: i64 = 1_800_000_000_000;

/// A host that performs nothing by itself: the test answers each effect.
#[derive(Clone, Default)]
pub(crate) struct ManualHost(Arc<Mutex<Desk>>);

#[derive(Default)]
struct Desk {
    effects: Vec<Effect>,
    /// Those of callers who look after a run, which are no effects of a run's.
    alarms: Vec<Alarm>,
    elapsed: Duration,
    without_randomness: bool,
    without_waits: bool,
    /// Where refreshes wait, if the host takes any.
    background: Option<Vec<Refresh<ManualHost>>>,
}

#[derive(Default)]
struct Effect {
    kind: &'static str,
    /// How long it lasts, if it is a wait.
    wait: Option<Duration>,
    begun: Duration,
    answer: Option<Answer>,
    waker: Option<Waker>,
    over: bool,
}

/// An alarm, which the clock rings.
struct Alarm {
    rings_at: Duration,
    waker: Option<Waker>,
    over: bool,
}

/// How the test answers an effect.
pub(crate) enum Answer {
    Http(HttpReply),
    Exec(ExecOutput),
    Slept,
    Shown,
    Panic,
}

impl ManualHost {
    pub(crate) fn without_randomness() -> Self {
        let host = Self::default();
        host.desk().without_randomness = true;
        host
    }

    /// A host where an alarm rings at once.
    pub(crate) fn without_waits() -> Self {
        let host = Self::default();
        host.desk().without_waits = true;
        host
    }

    /// A host that takes refreshes into the background, where the test drives them.
    pub(crate) fn with_background() -> Self {
        let host = Self::default();
        host.desk().background = Some(Vec::new());
        host
    }

    /// The refreshes that were given to the background since the last call.
    pub(crate) fn background(&self) -> Vec<Refresh<ManualHost>> {
        let mut desk = self.desk();
        let background = desk.background.as_mut().expect("the host has a background");
        std::mem::take(background)
    }

    /// How many effects were begun so far.
    pub(crate) fn begun(&self) -> usize {
        self.desk().effects.len()
    }

    /// The kinds of all effects begun so far.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        self.desk()
            .effects
            .iter()
            .map(|effect| effect.kind)
            .collect()
    }

    /// How many effects are out now.
    pub(crate) fn outstanding(&self) -> usize {
        self.desk()
            .effects
            .iter()
            .filter(|effect| !effect.over)
            .count()
    }

    /// Answers an effect by its number, counted from 0, and wakes whoever waits for it.
    pub(crate) fn answer(&self, number: usize, answer: Answer) {
        let mut desk = self.desk();
        let effect = &mut desk.effects[number];
        assert!(!effect.over, "effect {number} is over");
        effect.answer = Some(answer);
        let waker = effect.waker.take();
        drop(desk);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Answers the effect that was begun last.
    pub(crate) fn answer_last(&self, answer: Answer) {
        self.answer(self.begun() - 1, answer);
    }

    /// Answers every exchange that is out and has no answer yet, and every wait whose time is over.
    pub(crate) fn answer_what_is_over(&self, exchange: impl Fn() -> Answer) {
        let is_over = |effect: &Effect, now| match effect.wait {
            Some(wait) => effect.begun + wait <= now,
            None => effect.answer.is_none(),
        };
        let desk = self.desk();
        let now = desk.elapsed;
        let over: Vec<_> = (0..desk.effects.len())
            .filter(|number| !desk.effects[*number].over && is_over(&desk.effects[*number], now))
            .map(|number| (number, desk.effects[number].wait.is_some()))
            .collect();
        drop(desk);
        for (number, is_wait) in over {
            self.answer(number, if is_wait { Answer::Slept } else { exchange() });
        }
    }

    /// How long the last wait was to last.
    pub(crate) fn last_wait(&self) -> Option<Duration> {
        self.desk()
            .effects
            .iter()
            .rev()
            .find_map(|effect| effect.wait)
    }

    /// Lets time pass on both clocks, and rings the alarms whose time has come.
    pub(crate) fn advance(&self, duration: Duration) {
        let mut desk = self.desk();
        desk.elapsed += duration;
        let now = desk.elapsed;
        let due = desk.alarms.iter_mut().filter(|it| it.rings_at <= now);
        let wakers: Vec<_> = due.filter_map(|it| it.waker.take()).collect();
        drop(desk);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// How long it is until each alarm rings that is set.
    pub(crate) fn alarms(&self) -> Vec<Duration> {
        let desk = self.desk();
        let set = desk.alarms.iter().filter(|it| !it.over);
        set.map(|it| it.rings_at.saturating_sub(desk.elapsed))
            .collect()
    }

    /// How many alarms were set so far.
    pub(crate) fn alarms_set(&self) -> usize {
        self.desk().alarms.len()
    }

    /// How much has passed.
    pub(crate) fn elapsed(&self) -> Duration {
        self.desk().elapsed
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.0
            .lock()
            .expect("no test panics while it holds the desk")
    }
}

impl Host for ManualHost {
    type Perform = Performing;

    fn perform(&self, step: Step) -> Performing {
        if let Step::Sleep(call) = &step
            && call.request().reason == SleepReason::Watch
        {
            let mut desk = self.desk();
            let rings_at = match desk.without_waits {
                true => desk.elapsed,
                false => desk.elapsed + call.request().duration,
            };
            desk.alarms.push(Alarm {
                rings_at,
                waker: None,
                over: false,
            });
            return Performing {
                host: self.clone(),
                number: Number::Alarm(desk.alarms.len() - 1),
                step: Some(step),
            };
        }
        let (kind, wait) = match &step {
            Step::Http(_) => ("http", None),
            Step::Sleep(call) => ("sleep", Some(call.request().duration)),
            Step::Prompt(_) => ("prompt", None),
            Step::Exec(_) => ("exec", None),
            other => panic!("no test needs {other:?}"),
        };
        let mut desk = self.desk();
        let begun = desk.elapsed;
        desk.effects.push(Effect {
            kind,
            wait,
            begun,
            ..Effect::default()
        });
        Performing {
            host: self.clone(),
            number: Number::Effect(desk.effects.len() - 1),
            step: Some(step),
        }
    }

    fn now(&self) -> Now {
        let elapsed = self.desk().elapsed;
        let milliseconds = i64::try_from(elapsed.as_millis()).expect("tests are short");
        Now::new(START + milliseconds, elapsed)
    }

    fn seed(&self) -> Result<Seed, NoRandomness> {
        if self.desk().without_randomness {
            return Err(NoRandomness::new("the test has taken it away"));
        }
        Ok(Seed::new([7; 32]))
    }

    fn spawn(&self, refresh: Refresh<Self>) -> Result<(), Refresh<Self>> {
        match &mut self.desk().background {
            Some(background) => {
                background.push(refresh);
                Ok(())
            }
            None => Err(refresh),
        }
    }
}

/// An effect that waits for the test's answer, or an alarm.
pub(crate) struct Performing {
    host: ManualHost,
    number: Number,
    step: Option<Step>,
}

#[derive(Clone, Copy)]
enum Number {
    Effect(usize),
    Alarm(usize),
}

impl Future for Performing {
    type Output = Step;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Step> {
        let mut desk = self.host.desk();
        let elapsed = desk.elapsed;
        let (waker, answer) = match self.number {
            Number::Effect(number) => {
                let effect = &mut desk.effects[number];
                (&mut effect.waker, effect.answer.take())
            }
            Number::Alarm(number) => {
                let alarm = &mut desk.alarms[number];
                let has_rung = alarm.rings_at <= elapsed;
                (&mut alarm.waker, has_rung.then_some(Answer::Slept))
            }
        };
        let Some(answer) = answer else {
            *waker = Some(cx.waker().clone());
            return Poll::Pending;
        };
        desk.end(self.number);
        drop(desk);
        let now = self.host.now();
        let step = self.step.take().expect("an effect is answered once");
        Poll::Ready(match (step, answer) {
            (_, Answer::Panic) => panic!("the host breaks, as the test told it to"),
            (Step::Http(call), Answer::Http(reply)) => call.reply(reply, now),
            (Step::Exec(call), Answer::Exec(output)) => call.reply(Ok(output), now),
            (Step::Sleep(call), Answer::Slept) => call.reply(Ok(()), now),
            (Step::Prompt(call), Answer::Shown) => call.reply(Ok(()), now),
            (step, _) => panic!("the test answers something else than {step:?}"),
        })
    }
}

impl Desk {
    fn end(&mut self, number: Number) {
        match number {
            Number::Effect(number) => self.effects[number].over = true,
            Number::Alarm(number) => self.alarms[number].over = true,
        }
    }
}

impl Drop for Performing {
    fn drop(&mut self) {
        self.host.desk().end(self.number);
    }
}

/// A waker that counts how often it was called.
#[derive(Default)]
pub(crate) struct Bell(AtomicUsize);

impl Bell {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn rings(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Polls once, waking `bell` when there is news.
pub(crate) fn poll_with<F: Future + Unpin>(future: &mut F, bell: &Arc<Bell>) -> Poll<F::Output> {
    Pin::new(future).poll(&mut TaskContext::from_waker(&Waker::from(bell.clone())))
}

/// Polls once.
pub(crate) fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_with(future, &Bell::new())
}

/// The output of a future that must be ready now.
pub(crate) fn ready<F: Future + Unpin>(future: &mut F) -> F::Output {
    match poll(future) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future is not ready"),
    }
}

/// An answer of the token endpoint: a token for an hour.
pub(crate) fn token(secret: &str) -> Answer {
    let body = format!(r#"{{"access_token":"{secret}","expires_in":3600,"token_type":"Bearer"}}"#);
    json(200, &body)
}

/// An answer of an endpoint in JSON.
pub(crate) fn json(status: u16, body: &str) -> Answer {
    Answer::Http(Ok(HttpResponse::new(status, body.as_bytes())))
}

/// An answer of the token endpoint without a token.
pub(crate) fn status(status: u16) -> Answer {
    Answer::Http(Ok(HttpResponse::new(status, b"{}".as_slice())))
}

/// An answer of the token endpoint that asks for a pause of so many seconds.
pub(crate) fn throttled(seconds: &'static str) -> Answer {
    let mut answer = HttpResponse::new(429, b"{}".as_slice());
    let field = HeaderValue::from_static(seconds);
    answer.headers.insert(RETRY_AFTER, field);
    Answer::Http(Ok(answer))
}

/// An answer of the token endpoint that takes its client for one in a loop.
pub(crate) fn looping() -> Answer {
    let body = br#"{"error":"invalid_request","error_codes":[50196]}"#;
    Answer::Http(Ok(HttpResponse::new(429, body.as_slice())))
}

pub(crate) fn credential() -> ClientSecretCredential {
    ClientSecretCredential::new("contoso.example", "client", "secret").expect("valid")
}
