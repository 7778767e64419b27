//! The fleet on its one clock: takes event after event, and tells the judge of each.
//!
//! ask ─► provider ─► token | error | flight ─► effect ─► reply ─► effect ─► … ─► landing

use std::sync::Arc;
use std::time::Duration;

use azid_core::cache::{Decision, Lease, RefreshSettings};
use azid_core::effect::{FileFailure, HttpReply};
use azid_core::{AccessToken, Credential, Error, Outcome, SecretBytes, Step, TokenRequest};

use crate::host::{Flight, Host};
use crate::invariants::{Caller, Judge};
use crate::proofs::Proofs;
use crate::provider::{Provider, refuse};
use crate::queue::Queue;
use crate::random::Random;
use crate::resource::Presented;
use crate::services::Services;
use crate::trace::Trace;
use crate::troubles::{Event, Happening, plan};
use crate::{Bounds, Flaw, Report, Scenario};

/// How long a host takes to read a file or to sign.
const LOCAL: Duration = Duration::from_millis(2);

/// How long a caller waits who is to ask again.
const AGAIN: Duration = Duration::from_secs(1);

/// What comes back for an effect.
#[derive(Debug)]
pub(crate) enum Reply {
    Http(HttpReply),
    File(Result<SecretBytes, FileFailure>),
    Signature(Vec<u8>),
    Slept,
    Nothing,
}

pub(crate) struct Fleet<'a> {
    scenario: &'a Scenario,
    random: Random,
    queue: Queue<Event>,
    now: Duration,
    credential: Arc<dyn Credential>,
    request: TokenRequest,
    proofs: Proofs,
    services: Services,
    hosts: Vec<Host>,
    unserved: usize,
    flights: u64,
    judge: Judge,
    trace: Trace,
    report: Report,
}

impl<'a> Fleet<'a> {
    pub(crate) fn new(scenario: &'a Scenario, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut queue = Queue::new();
        let rotations = plan(scenario, &mut queue, &mut random);
        let proofs = Proofs::new(scenario.proof, rotations + 1);
        let (credential, request) = proofs.credential();
        let bounds = Bounds::of(scenario);
        let mut fleet = Self {
            services: Services::new(scenario, &proofs),
            judge: Judge::new(bounds.clone(), scenario.hosts),
            report: Report::new(seed, bounds),
            trace: Trace::new(),
            hosts: Vec::new(),
            unserved: scenario.hosts,
            flights: 0,
            now: Duration::ZERO,
            scenario,
            random,
            queue,
            credential,
            request,
            proofs,
        };
        for host in 0..scenario.hosts {
            let provider = fleet.provider();
            let is_monotonic = fleet.random.happens(0.7);
            fleet.hosts.push(Host::new(provider, is_monotonic));
            let start = fleet.random.within(Duration::ZERO..scenario.starts_within);
            let start = if fleet.has(Flaw::ActsInStep) {
                Duration::ZERO
            } else {
                start
            };
            fleet.queue.put(start, Event::Ask(host));
        }
        fleet
    }

    pub(crate) fn run(mut self) -> Report {
        while let Some((at, event)) = self.queue.take() {
            if at >= self.scenario.span {
                break;
            }
            self.now = at;
            self.judge.passed(at);
            match event {
                Event::Ask(host) => {
                    let pause = self.scenario.asks_every;
                    let drawn = self.random.within(pause / 2..pause * 3 / 2);
                    let pause = if self.has(Flaw::ActsInStep) {
                        pause
                    } else {
                        drawn
                    };
                    self.queue.put(at + pause, Event::Ask(host));
                    self.ask(host);
                }
                Event::AskAgain(host, caller) => self.decide(host, caller),
                Event::Reply(host, flight, reply) => self.reply(host, flight, reply),
                Event::Happens(host, what) => self.happen(host, what),
                Event::Retire => self.services.retire(&self.proofs),
            }
        }
        self.report.trace = self.trace.hash();
        self.report.violations = self.judge.into_violations();
        self.report
    }

    fn provider(&mut self) -> Provider {
        let settings = RefreshSettings::default();
        let (credential, request) = (Arc::clone(&self.credential), self.request.clone());
        Provider::new(credential, request, settings, self.random.seed())
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.scenario.flaw == Some(flaw)
    }

    fn ask(&mut self, host: usize) {
        self.report.questions += 1;
        let caller = self.judge.asked(self.now, host);
        self.decide(host, caller);
    }

    fn decide(&mut self, host: usize, caller: Caller) {
        let seed = self.random.seed();
        if self.has(Flaw::ForgetsTokens) {
            self.hosts[host].provider.forget_tokens();
        }
        if self.has(Flaw::FliesAlone) {
            self.hosts[host].provider.forget_flights(seed);
        }
        let this = &mut self.hosts[host];
        let now = this.clock.now(self.now);
        match this.provider.ask(now) {
            Decision::Ready(token) => self.serve(host, caller, token),
            Decision::ReadyAndRefresh(token, lease) => {
                if self.has(Flaw::TellsOfFailedRefreshes) {
                    return self.fly(host, lease, vec![caller]);
                }
                self.fly(host, lease, Vec::new());
                self.serve(host, caller, token);
            }
            Decision::Start(lease) => match this.last.clone() {
                Some(old) if self.has(Flaw::KeepsExpiredTokens) => {
                    self.fly(host, lease, Vec::new());
                    self.serve(host, caller, old.token);
                }
                _ => self.fly(host, lease, vec![caller]),
            },
            Decision::Join(id) => {
                let is_lost = self.scenario.flaw == Some(Flaw::LosesCallers);
                let flight = this.flight(id).filter(|_| !is_lost);
                if let Some(flight) = flight {
                    flight.callers.push(caller);
                }
            }
            Decision::NotYet(error) => self.disappoint(host, caller, &error),
            // Who waits for anything else takes the token that is held, or asks again.
            _ => match this.provider.held(now) {
                Some(token) => self.serve(host, caller, token),
                None => {
                    let again = Event::AskAgain(host, caller);
                    self.queue.put(self.now + AGAIN, again);
                }
            },
        }
    }

    fn fly(&mut self, host: usize, lease: Lease, callers: Vec<Caller>) {
        self.flights += 1;
        let number = self.flights;
        let seed = self.random.seed();
        let this = &mut self.hosts[host];
        let step = this.provider.start(this.clock.now(self.now), seed);
        let flight = Flight {
            lease,
            step: None,
            callers,
        };
        this.flights.insert(number, flight);
        self.go_on(host, number, step);
    }

    /// Begins a step's effect.
    fn go_on(&mut self, host: usize, number: u64, step: Step) {
        let this = &mut self.hosts[host];
        let now = this.clock.now(self.now);
        let Some(flight) = this.flights.get_mut(&number) else {
            return;
        };
        this.provider.watch(&flight.lease, &step, now);
        let (taken, reply) = match step {
            Step::Done(outcome) => return self.land(host, number, outcome),
            Step::Http(ref call) => {
                self.judge.sent(self.now, host, this.clock.is_monotonic);
                self.report.sent(self.now);
                let random = &mut self.random;
                let (taken, reply) = self
                    .services
                    .exchange(host, call.request(), self.now, random);
                (taken, Reply::Http(reply))
            }
            Step::Sleep(ref call) => (call.request().duration, Reply::Slept),
            Step::ReadFile(ref call) => {
                let file = self.proofs.read(call.request(), this.proof);
                (LOCAL, Reply::File(file))
            }
            Step::Sign(ref call) => {
                let signature = self.proofs.sign(call.request().message.expose());
                (LOCAL, Reply::Signature(signature))
            }
            _ => (LOCAL, Reply::Nothing),
        };
        flight.step = Some(step);
        self.queue
            .put(self.now + taken, Event::Reply(host, number, reply));
    }

    fn reply(&mut self, host: usize, number: u64, reply: Reply) {
        let this = &mut self.hosts[host];
        let now = this.clock.now(self.now);
        let flight = this.flights.get_mut(&number);
        let Some(step) = flight.and_then(|flight| flight.step.take()) else {
            return; // the program that waited for it is no more
        };
        let next = match (step, reply) {
            (Step::Http(call), Reply::Http(reply)) => {
                let is_well = matches!(&reply, Ok(response) if response.status == 200);
                self.judge.answered(self.now, host, is_well);
                self.trace
                    .note(self.now, host, if is_well { "200" } else { "failure" });
                call.reply(reply, now)
            }
            (Step::ReadFile(call), Reply::File(reply)) => call.reply(reply, now),
            (Step::Sign(call), Reply::Signature(signature)) => call.reply(Ok(signature), now),
            (Step::Sleep(call), Reply::Slept) => call.reply(Ok(()), now),
            (step, _) => refuse(step, now),
        };
        self.go_on(host, number, next);
    }

    fn land(&mut self, host: usize, number: u64, outcome: Outcome) {
        let is_shared = !self.has(Flaw::TellsOfFailedRefreshes);
        let this = &mut self.hosts[host];
        let now = this.clock.now(self.now);
        let Some(flight) = this.flights.remove(&number) else {
            return;
        };
        this.provider.settle(flight.lease, &outcome, now);
        if let Ok(token) = &outcome.result {
            self.report.tokens += 1;
            self.judge.acquired(host, number, token);
        }
        let is_failed = outcome.result.is_err();
        let mut result = outcome.result;
        if is_shared {
            result = this.provider.share(result, now);
        }
        for caller in flight.callers {
            match &result {
                Ok(token) => self.serve(host, caller, token.clone()),
                Err(error) => self.disappoint(host, caller, error),
            }
        }
        if is_failed && self.has(Flaw::TriesAgainAtOnce) {
            let decision = self.hosts[host].provider.ask(now);
            if let Decision::Start(lease) = decision {
                self.fly(host, lease, Vec::new());
            }
        }
    }

    /// Gives a caller a token, which they use at once.
    fn serve(&mut self, host: usize, caller: Caller, token: AccessToken) {
        let keeps_all = self.has(Flaw::KeepsExpiredTokens);
        let this = &mut self.hosts[host];
        let now = this.clock.now(self.now);
        let local = now.timestamp();
        self.judge.served(self.now, host, caller, &token, local);
        self.trace.note(self.now, host, "served");
        if !this.was_served {
            this.was_served = true;
            self.unserved -= 1;
            self.report.all_served = (self.unserved == 0).then_some(self.now);
        }
        let presented = match this.last.take() {
            Some(last) if last.token == token => last,
            _ => Presented::new(token),
        };
        if keeps_all || presented.is_accepted(self.now) {
            this.last = Some(presented);
            return;
        }
        let token = presented.token;
        this.provider.invalidate(&token, now);
        self.judge.rejected(self.now, host, &token);
        self.ask(host);
    }

    fn disappoint(&mut self, host: usize, caller: Caller, error: &Error) {
        let local = self.hosts[host].clock.now(self.now).timestamp();
        self.judge.refused(self.now, host, caller, local);
        self.trace.note(self.now, host, "refused");
        self.report.refused(self.now, error);
    }

    fn happen(&mut self, host: usize, what: Happening) {
        self.trace.note(self.now, host, what.name());
        match what {
            Happening::Restart => {
                let provider = self.provider();
                let this = &mut self.hosts[host];
                this.provider = provider;
                this.flights.clear();
                self.judge.restarted(self.now, host);
            }
            Happening::ClockIsAhead(by) => {
                self.hosts[host].clock.ahead = by;
                self.judge.clock_was_set(self.now, host);
            }
            Happening::MetadataRestart => self.services.restart_metadata(host, self.now),
            Happening::NewProof(version) => self.hosts[host].proof = version,
        }
    }
}
