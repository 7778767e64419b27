//! What a run knows: its inputs, and where it stands.

mod place;

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::chain::LinkVerdict;
use crate::credential::Credential;
use crate::entropy::{Entropy, Seed};
use crate::environment::Environment;
use crate::error::{Cause, Error, ErrorKind};
use crate::memory::{Memory, MemoryChange};
use crate::moves::Link;
use crate::request::TokenRequest;
use crate::secret::Secret;
use crate::time::{Now, Timestamp};
use crate::token::AccessToken;
use crate::transcript::{Origin, Recorder, Recording};
use crate::user::SignInFault;

pub use self::place::{Platform, Position};

/// The inputs of a run, made by the host, and the state that its handlers share.
pub struct Context {
    environment: Option<Arc<Environment>>,
    platform: Platform,
    memory: Option<Arc<Memory>>,
    changes: Vec<MemoryChange>,
    verdicts: Vec<LinkVerdict>,
    entropy: Entropy,
    now: Now,
    elapsed: Duration,
    asked_at: Duration,
    is_cut_short: bool,
    turn: Turn,
    endpoint: Option<Url>,
    sent_secrets: Vec<Secret>,
    asks_nobody: bool,
    record: Option<Record>,
}

/// Begins a recording. Programs that never ask for one have none of its code.
type Record = fn(&dyn Credential, Origin<'_>) -> Box<dyn Recording>;

/// Whose turn it is, and under which terms.
#[derive(Clone)]
pub(crate) struct Turn {
    request: TokenRequest,
    deadline: Duration,
    position: Position,
    credential: &'static str,
}

impl Context {
    /// How long a run may take in all, unless said otherwise: long enough for a person to type a
    /// device code.
    pub const DEADLINE: Duration = Duration::from_secs(30 * 60);

    /// The context of a run that starts now, with an empty environment and an empty memory.
    pub fn new(request: TokenRequest, now: Now, seed: Seed) -> Self {
        Self {
            environment: None,
            platform: Platform::default(),
            memory: None,
            changes: Vec::new(),
            verdicts: Vec::new(),
            entropy: Entropy::new(seed),
            now,
            elapsed: Duration::ZERO,
            asked_at: Duration::ZERO,
            is_cut_short: false,
            turn: Turn {
                request,
                deadline: Self::DEADLINE,
                position: Position::default(),
                credential: "",
            },
            endpoint: None,
            sent_secrets: Vec::new(),
            asks_nobody: false,
            record: None,
        }
    }

    /// Gives the run a snapshot of the environment.
    pub fn with_environment(mut self, environment: impl Into<Arc<Environment>>) -> Self {
        self.environment = Some(environment.into());
        self
    }

    /// Says which platform the run's files and programs live on.
    pub fn with_platform(mut self, platform: Platform) -> Self {
        self.platform = platform;
        self
    }

    /// Gives the run what earlier runs left to remember.
    pub fn with_memory(mut self, memory: impl Into<Arc<Memory>>) -> Self {
        self.memory = Some(memory.into());
        self
    }

    /// Has the run, with all that it calls, ask no person for anything: for a token that somebody
    /// would rather have renewed, and nobody waits for. Where only a person could help, the error's
    /// kind is [`InteractionRequired`](ErrorKind::InteractionRequired).
    pub fn without_asking(mut self) -> Self {
        self.asks_nobody = true;
        self
    }

    /// Limits how long the run may take in all.
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.turn.deadline = deadline;
        self
    }

    /// Says where the credential stands.
    pub fn with_position(mut self, position: Position) -> Self {
        self.turn.position = position;
        self
    }

    /// Records a transcript, which the outcome then holds.
    pub fn record_transcript(mut self) -> Self {
        self.record = Some(Recorder::begin);
        self
    }

    /// What is asked for.
    pub fn request(&self) -> &TokenRequest {
        &self.turn.request
    }

    /// The environment.
    pub fn environment(&self) -> &Environment {
        self.environment.as_deref().unwrap_or(Environment::EMPTY)
    }

    /// The platform.
    pub fn platform(&self) -> Platform {
        self.platform
    }

    /// What earlier runs, and this one so far, left to remember.
    pub fn memory(&self) -> &Memory {
        self.memory.as_deref().unwrap_or(Memory::EMPTY)
    }

    /// Leaves something to remember for later runs.
    pub fn remember(&mut self, change: MemoryChange) {
        let memory = self.memory.get_or_insert_default();
        Arc::make_mut(memory).apply(change.clone());
        self.changes.push(change);
    }

    /// The run's source of random values.
    pub fn entropy(&mut self) -> &mut Entropy {
        &mut self.entropy
    }

    /// What time it was when the last reply came.
    pub fn now(&self) -> Now {
        self.now
    }

    /// When the last effect was asked for: the moment a lifetime counts from, by what the wall
    /// clock says now, so that a jump in between does not count.
    pub fn sent_at(&self) -> Timestamp {
        // In whole milliseconds, as a transcript has them, so that a replay finds the same.
        let taken = self.elapsed.as_millis() - self.asked_at.as_millis();
        let taken = u64::try_from(taken).unwrap_or(u64::MAX);
        self.now.timestamp().before(Duration::from_millis(taken))
    }

    /// How long the run has taken, by the monotonic clock where the host has one.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// How long the run, or the link that it is in, may still take.
    pub fn time_left(&self) -> Duration {
        self.turn.deadline.saturating_sub(self.elapsed)
    }

    /// Where the credential stands.
    pub fn position(&self) -> Position {
        self.turn.position
    }

    /// Whether a person may be shown a message or a sign-in page. Where not, the run refuses to; a
    /// flow that would get something ready for them need not even begin.
    pub fn may_ask(&self) -> bool {
        !self.asks_nobody
    }

    /// The name of the credential whose turn it is.
    pub fn credential(&self) -> &'static str {
        self.turn.credential
    }

    /// The error of a source that cannot be tried here: a chain goes on to the next link.
    ///
    /// A requirement that the host refused, and a callback that nobody registered, come out as
    /// *failed* all the same; what only a person can mend as *interaction required*, where a chain
    /// stops as well.
    ///
    /// # Errors
    ///
    /// Always: it is the error.
    pub fn unavailable<T>(&self, cause: impl Into<Cause>) -> Result<T, Error> {
        self.error(ErrorKind::Unavailable, cause.into())
    }

    /// The error of a source that was there and said no, or broke: a chain stops.
    ///
    /// An effect that the host does not have comes out as *unavailable* all the same, and what only a
    /// person can mend as *interaction required*.
    ///
    /// # Errors
    ///
    /// Always: it is the error.
    pub fn failed<T>(&self, cause: impl Into<Cause>) -> Result<T, Error> {
        self.error(ErrorKind::Failed, cause.into())
    }

    fn error<T>(&self, kind: ErrorKind, cause: Cause) -> Result<T, Error> {
        Err(Error::new(
            kind,
            self.turn.credential,
            self.endpoint.as_ref(),
            cause,
        ))
    }

    /// The error of a run that may not ask anybody and cannot go on without.
    pub(crate) fn person_required<T>(&self) -> Result<T, Error> {
        self.failed(Cause::SignIn {
            fault: SignInFault::Required(Box::new(self.turn.request.clone())),
            service: None,
        })
    }

    pub(crate) fn sent_secrets(&self) -> &[Secret] {
        &self.sent_secrets
    }

    /// What nobody is to be shown: the secrets that the run sent or knows, and spent refresh tokens.
    /// Those of other people, of whom there may be thousands, are none of its endpoint's.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let sent = self.sent_secrets.iter();
        sent.chain(self.memory().spent()).cloned().collect()
    }

    /// Takes note of a secret that may come back without having been sent.
    pub(crate) fn know(&mut self, secret: &Secret) {
        if !self.sent_secrets.contains(secret) {
            self.sent_secrets.push(secret.clone());
        }
    }

    pub(crate) fn asked_at(&self) -> Duration {
        self.asked_at
    }

    pub(crate) fn recorder(&self, credential: &dyn Credential) -> Option<Box<dyn Recording>> {
        let origin = Origin {
            request: &self.turn.request,
            environment: self.environment(),
            memory: self.memory(),
            platform: self.platform,
            position: self.turn.position,
            asks_nobody: self.asks_nobody,
            started: self.now.timestamp(),
            deadline: self.turn.deadline,
        };
        self.record.map(|record| record(credential, origin))
    }

    pub(crate) fn enter(&mut self, credential: &'static str) {
        self.turn.credential = credential;
        self.endpoint = None;
    }

    /// Hands over to another credential; answers the turn that [`leave`](Self::leave) goes back to.
    pub(crate) fn call(&mut self, credential: &'static str, link: Link) -> Turn {
        let caller = self.turn.clone();
        self.enter(credential);
        self.turn.position = link.position.unwrap_or(caller.position);
        let within = link
            .within
            .map(|within| self.elapsed.saturating_add(within));
        self.turn.deadline = within.map_or(caller.deadline, |within| within.min(caller.deadline));
        if let Some(request) = link.request {
            self.turn.request = request;
        }
        caller
    }

    pub(crate) fn leave(&mut self, caller: Turn) {
        self.turn = caller;
        self.endpoint = None;
    }

    /// Whether the last effect had less time than it asked for.
    pub(crate) fn was_cut_short(&self) -> bool {
        self.is_cut_short
    }

    pub(crate) fn ask(&mut self, secrets: &[Secret], is_cut_short: bool) {
        self.asked_at = self.elapsed;
        self.is_cut_short = is_cut_short;
        secrets.iter().for_each(|secret| self.know(secret)); // a poll sends the same each time
    }

    /// Takes note of whom an effect asked, if that was anybody, for what may go wrong from now on.
    pub(crate) fn answered_by(&mut self, endpoint: Option<Url>) {
        if endpoint.is_some() {
            self.endpoint = endpoint;
        }
    }

    pub(crate) fn hear(&mut self, now: Now, time_limit: Option<Duration>) {
        let limit = time_limit.unwrap_or(UNTIMED).min(self.time_left());
        self.elapsed = self.elapsed.saturating_add(now.since(self.now, limit));
        self.now = now;
    }

    pub(crate) fn check_request(&self) -> Result<(), Error> {
        self.turn
            .request
            .check()
            .or_else(|invalid| self.failed(invalid))
    }

    pub(crate) fn check_token(&self, token: AccessToken) -> Result<AccessToken, Error> {
        let (expires_on, now) = (token.expires_on(), self.now.timestamp());
        if expires_on > now {
            Ok(token)
        } else {
            self.failed(Cause::ExpiredToken { expires_on, now })
        }
    }

    /// Takes note of what a link of a chain answered.
    pub(crate) fn note(&mut self, verdict: LinkVerdict) {
        self.verdicts.push(verdict);
    }

    /// What the run leaves to remember, and what the links of its chains answered.
    pub(crate) fn take_notes(&mut self) -> (Vec<MemoryChange>, Vec<LinkVerdict>) {
        (mem::take(&mut self.changes), mem::take(&mut self.verdicts))
    }
}

/// What a jump of the wall clock counts for while an effect without a time limit is out.
const UNTIMED: Duration = Duration::from_secs(60);

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("request", &self.turn.request)
            .field("environment", self.environment())
            .field("platform", &self.platform)
            .field("position", &self.turn.position)
            .field("credential", &self.turn.credential)
            .field("elapsed", &self.elapsed)
            .finish_non_exhaustive()
    }
}
