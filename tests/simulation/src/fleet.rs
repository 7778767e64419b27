//! The fleet on its one clock: takes event after event, and tells the judge of each.
//!
//! ask ─► provider ─► token | error | flight ─► … ─► landing
//!  ▲                   │
//!  └───── rejected ────┴─► used at a service

use std::sync::Arc;
use std::time::Duration;

use azid_core::{AccessToken, Credential, Environment, Error, Lane, TokenRequest};
use azid_shared::Asked;

use crate::caller::Caller;
use crate::host::Host;
use crate::judge::Judge;
use crate::proofs::Proofs;
use crate::provider::{Provider, Ticket};
use crate::queue::Queue;
use crate::random::Random;
use crate::resource::{Admission, Presented, challenge};
use crate::services::{Services, unix_seconds};
use crate::trace::Trace;
use crate::troubles::{Event, Happening, plan};
use crate::{Bounds, Flaw, Report, Scenario};

pub(crate) struct Fleet<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) random: Random,
    pub(crate) queue: Queue<Event>,
    pub(crate) now: Duration,
    credential: Arc<dyn Credential>,
    requests: Vec<TokenRequest>,
    /// Those of hosts with even numbers and with odd ones.
    environments: [Arc<Environment>; 2],
    pub(crate) proofs: Proofs,
    pub(crate) services: Services,
    pub(crate) hosts: Vec<Host>,
    unserved: usize,
    pub(crate) flights: u64,
    pub(crate) judge: Judge,
    pub(crate) trace: Trace,
    pub(crate) report: Report,
}

impl<'a> Fleet<'a> {
    pub(crate) fn new(scenario: &'a Scenario, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut queue = Queue::new();
        let rotations = plan(scenario, &mut queue, &mut random);
        let proofs = Proofs::new(scenario.proof, rotations + 1);
        let (credential, requests) = (proofs.credential(), proofs.requests(scenario));
        let bounds = Bounds::of(scenario);
        let mut fleet = Self {
            credential,
            requests,
            environments: [0, 1].map(|host| Arc::new(proofs.environment(host))),
            services: Services::new(scenario, &proofs),
            judge: Judge::new(bounds.clone(), scenario),
            report: Report::new(seed, bounds),
            trace: Trace::new(),
            hosts: Vec::new(),
            unserved: scenario.hosts,
            flights: 0,
            now: Duration::ZERO,
            scenario,
            random,
            queue,
            proofs,
        };
        for host in 0..scenario.hosts {
            let provider = fleet.provider(host);
            let is_monotonic = fleet.random.happens(0.7);
            let host_of = Host::new(provider, scenario.resources, is_monotonic);
            fleet.hosts.push(host_of);
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

    pub(crate) fn run(mut self, mut watch: impl FnMut(Duration)) -> Report {
        while let Some((at, event)) = self.queue.take() {
            if at >= self.scenario.span {
                break;
            }
            self.now = at;
            watch(at);
            self.judge.passed(at);
            match event {
                Event::Ask(host) => self.somebody_asks(host),
                Event::Reply(host, flight, reply) => self.reply(host, flight, reply),
                Event::Happens(host, what) => self.happen(host, what),
                Event::TypesCode(code) => self.services.type_code(&code, at),
                Event::Retire => self.services.retire(&self.proofs),
                Event::Revoke => {
                    self.services.revoke();
                    self.judge.revoked(at);
                }
            }
        }
        self.report.trace = self.trace.hash();
        (self.report.occasions, self.report.violations) =
            self.judge.into_verdict(self.scenario.span);
        self.report
    }

    fn provider(&mut self, host: usize) -> Provider {
        let environment = Arc::clone(&self.environments[host % 2]);
        let credential = Arc::clone(&self.credential);
        Provider::new(credential, environment, self.random.seed())
    }

    pub(crate) fn has(&self, flaw: Flaw) -> bool {
        self.scenario.flaw == Some(flaw)
    }

    fn somebody_asks(&mut self, host: usize) {
        let pause = self.scenario.asks_every;
        let drawn = self.random.within(pause / 2..pause * 3 / 2);
        let pause = if self.has(Flaw::ActsInStep) {
            pause
        } else {
            drawn
        };
        self.queue.put(self.now + pause, Event::Ask(host));
        let resource = match self.requests.len() {
            1 => 0,
            several => self.random.number() as usize % several,
        };
        self.ask(host, resource, self.requests[resource].clone(), None);
    }

    fn ask(
        &mut self,
        host: usize,
        resource: usize,
        request: TokenRequest,
        rejected: Option<AccessToken>,
    ) {
        self.report.questions += 1;
        let caller = Caller {
            number: self.report.questions,
            resource,
            request,
            rejected,
        };
        let clock = self.hosts[host].clock;
        self.judge.asked(self.now, host, &caller, clock);
        self.decide(host, caller);
    }

    pub(crate) fn decide(&mut self, host: usize, caller: Caller) {
        let seed = self.random.seed(); // whatever the flaw, so that each fleet meets the same world
        if self.has(Flaw::FliesAlone) {
            self.hosts[host].provider.forget_flights(seed);
        }
        let lane = match self.has(Flaw::IgnoresLanes) {
            true => Lane::PerKey,
            false => self.hosts[host].provider.lane(),
        };
        let (forgets, loses) = (self.has(Flaw::ForgetsTokens), self.has(Flaw::LosesCallers));
        let this = &mut self.hosts[host];
        let now = this.clock.now(self.now);
        if forgets && let Some(held) = this.provider.held(&caller.request, now) {
            this.provider.invalidate(&held, now);
        }
        let (resource, request) = (caller.resource, caller.request.clone());
        match this.provider.ask(&request, lane, now, self.flights + 1) {
            (Asked::Ready(token) | Asked::Nudge(token, _), _) => self.serve(host, caller, token),
            (Asked::Refresh { .. }, Some(lease)) if self.is_kept_waiting() => {
                self.fly(host, lease, resource, request, vec![caller]);
            }
            (Asked::Refresh { held, .. }, lease) => {
                if let Some(lease) = lease {
                    self.fly(host, lease, resource, request, Vec::new());
                }
                self.serve(host, caller, held);
            }
            (Asked::Wait(_), Some(lease)) => match self.hosts[host].last[resource].clone() {
                Some(old) if self.has(Flaw::KeepsExpiredTokens) => {
                    self.fly(host, lease, resource, request, Vec::new());
                    self.serve(host, caller, old.token);
                }
                _ => self.fly(host, lease, resource, request, vec![caller]),
            },
            (Asked::Wait(Ticket(number)), None) => {
                let flight = self.hosts[host].flights.get_mut(&number);
                if let Some(flight) = flight.filter(|_| !loses) {
                    flight.callers.push(caller);
                }
            }
            (Asked::Queue(Ticket(number)), _) => {
                if let Some(flight) = self.hosts[host].flights.get_mut(&number) {
                    flight.queue.push(caller);
                }
            }
            (Asked::NotYet(error), _) => self.disappoint(host, &caller, &error),
        }
    }

    /// Whether the caller who finds a token due waits for the next one, as unsound.
    fn is_kept_waiting(&self) -> bool {
        self.has(Flaw::TellsOfFailedRefreshes) || self.has(Flaw::WaitsForRefreshes)
    }

    /// Gives a caller a token, which they use at once.
    pub(crate) fn serve(&mut self, host: usize, caller: Caller, token: AccessToken) {
        let keeps_all = self.has(Flaw::KeepsExpiredTokens);
        let this = &mut self.hosts[host];
        let local = this.clock.now(self.now).timestamp();
        self.judge.served(self.now, host, &caller, &token, local);
        self.trace.note(self.now, host, "served");
        if !this.was_served {
            this.was_served = true;
            self.unserved -= 1;
            self.report.all_served = (self.unserved == 0).then_some(self.now);
        }
        let last = &mut this.last[caller.resource];
        let presented = match last.take() {
            Some(last) if last.token == token => last,
            _ => Presented::new(token),
        };
        let admission = presented.admission(this.accepted_from, self.now);
        if keeps_all || admission == Admission::Accepted {
            *last = Some(presented);
            return;
        }
        let (resource, token) = (caller.resource, presented.token);
        self.judge.rejected(self.now, host, resource, &token);
        self.trace.note(self.now, host, "rejected");
        if caller.rejected.is_some() {
            self.report.turned_away += 1; // one more try is all that a caller makes
            return;
        }
        let request = self.requests[resource].clone();
        let challenged = match admission {
            Admission::Revoked => {
                self.report.challenges += 1;
                let fields = challenge(&request, this.accepted_from);
                let challenged = request.clone().challenged_by(&fields);
                challenged.expect("the service's challenge is well-formed")
            }
            _ => None,
        };
        if self.has(Flaw::IgnoresRejections) {
            return self.ask(host, resource, request, Some(token));
        }
        if challenged.is_none() {
            let now = self.hosts[host].clock.now(self.now);
            self.hosts[host].provider.invalidate(&token, now);
        }
        let request = challenged.unwrap_or(request);
        self.ask(host, resource, request, Some(token));
    }

    pub(crate) fn disappoint(&mut self, host: usize, caller: &Caller, error: &Error) {
        let local = self.hosts[host].clock.now(self.now).timestamp();
        self.judge.refused(self.now, host, caller, local);
        self.trace.note(self.now, host, "refused");
        self.report.refused(self.now, error);
    }

    fn happen(&mut self, host: usize, what: Happening) {
        self.trace.note(self.now, host, what.name());
        match what {
            Happening::Restart => {
                let provider = self.provider(host);
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
            Happening::Challenge => self.hosts[host].accepted_from = unix_seconds(self.now),
        }
    }
}
