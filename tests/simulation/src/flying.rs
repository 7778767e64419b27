//! Flights of the fleet: each effect is answered by the services, the host itself or a person.
//!
//! fly ─► step ─► effect ─► reply ─► step … ─► land ─► those who wait

use std::time::Duration;

use azid_core::effect::{FileFailure, HttpReply, PromptRequest};
use azid_core::{Outcome, SecretBytes, Step, TokenRequest};
use azid_shared::{LeaseGuard, allowance};

use crate::Flaw;
use crate::caller::Caller;
use crate::fleet::Fleet;
use crate::host::Flight;
use crate::provider::refuse;
use crate::services::Party;
use crate::troubles::Event;

/// How long a host takes to read a file, to sign or to show something.
const LOCAL: Duration = Duration::from_millis(2);

/// How long a person takes to type a code, and how many of ten do so at all.
const TYPING: std::ops::Range<Duration> = Duration::from_secs(20)..Duration::from_secs(200);
const TYPISTS: f64 = 0.9;

/// What comes back for an effect.
#[derive(Debug)]
pub(crate) enum Reply {
    Http(HttpReply),
    File(Result<SecretBytes, FileFailure>),
    Signature(Vec<u8>),
    Slept,
    Shown,
    Nothing,
}

impl Fleet<'_> {
    /// Starts a flight for a resource, on which these callers wait.
    pub(crate) fn fly(
        &mut self,
        host: usize,
        lease: LeaseGuard,
        resource: usize,
        request: TokenRequest,
        callers: Vec<Caller>,
    ) {
        self.flights += 1;
        let number = self.flights;
        let seed = self.random.seed();
        let this = &mut self.hosts[host];
        let is_monotonic = this.clock.is_monotonic;
        self.judge
            .took_off(self.now, host, number, resource, is_monotonic);
        let now = this.clock.now(self.now);
        let is_early = this.provider.held(&request, now).is_some();
        let step = this.provider.start(request.clone(), is_early, now, seed);
        let flight = Flight {
            lease,
            step: None,
            resource,
            request,
            is_early,
            callers,
            queue: Vec::new(),
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
        flight.lease.extend(allowance(&step), now);
        let (taken, reply) = match step {
            Step::Done(outcome) => return self.land(host, number, outcome),
            Step::Http(ref call) => {
                let request = call.request();
                self.judge.sent(self.now, host, number, Party::of(request));
                self.report.sent(self.now);
                let random = &mut self.random;
                let exchange = self.services.exchange(host, request, self.now, random);
                if exchange.is_lost {
                    self.judge.lost_an_answer(host);
                }
                (exchange.taken, Reply::Http(exchange.reply))
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
            Step::Prompt(ref call) => {
                self.judge.prompted(self.now, host, number);
                let PromptRequest { device_code, .. } = call.request();
                let typed = self.random.within(TYPING);
                if self.random.happens(TYPISTS) {
                    let code = device_code.user_code.clone();
                    self.queue.put(self.now + typed, Event::TypesCode(code));
                }
                self.report.prompts += 1;
                self.trace.note(self.now, host, "prompted");
                (LOCAL, Reply::Shown)
            }
            _ => (LOCAL, Reply::Nothing),
        };
        flight.step = Some(step);
        self.queue
            .put(self.now + taken, Event::Reply(host, number, reply));
    }

    /// Takes what came back for a flight's effect.
    pub(crate) fn reply(&mut self, host: usize, number: u64, reply: Reply) {
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
            (Step::Prompt(call), Reply::Shown) => call.reply(Ok(()), now),
            (step, _) => refuse(step, now),
        };
        self.go_on(host, number, next);
    }

    fn land(&mut self, host: usize, number: u64, mut outcome: Outcome) {
        let is_shared = !self.has(Flaw::TellsOfFailedRefreshes);
        let forgets = self.has(Flaw::ForgetsWhatItLearned);
        let this = &mut self.hosts[host];
        let now = this.clock.now(self.now);
        let Some(flight) = this.flights.remove(&number) else {
            return;
        };
        flight.lease.settle(&mut outcome, now);
        if forgets {
            this.provider.forget_memory();
        }
        let mut result = outcome.result;
        self.judge
            .landed(host, number, result.as_ref().ok(), now.timestamp());
        self.report.tokens += u64::from(result.is_ok());
        let is_failed = result.is_err();
        // Where a token is held that still works, all get that one.
        if is_shared {
            let held = |error| this.provider.held(&flight.request, now).ok_or(error);
            result = result.or_else(held);
        }
        for caller in flight.callers {
            match &result {
                Ok(token) => self.serve(host, caller, token.clone()),
                // It was begun for those who had a token, and may have done less than it could.
                Err(_) if flight.is_early && is_shared => self.decide(host, caller),
                Err(error) => self.disappoint(host, &caller, error),
            }
        }
        if is_failed && self.has(Flaw::TriesAgainAtOnce) {
            let provider = &mut self.hosts[host].provider;
            let (request, lane) = (&flight.request, provider.lane());
            if let (_, Some(lease)) = provider.ask(request, lane, now, self.flights + 1) {
                self.fly(host, lease, flight.resource, flight.request, Vec::new());
            }
        }
        for caller in flight.queue {
            self.decide(host, caller);
        }
    }
}
