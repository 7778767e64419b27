//! The models of Entra and of the metadata services, behind a network that has its troubles.

use std::time::Duration;

use azid_core::SecretBytes;
use azid_core::effect::{Detail, HttpFailure, HttpReply, HttpRequest, HttpResponse};
use azid_emulator::demo::{CLIENT_ID, LOCATION, MACHINE_RESOURCE_ID, RESOURCE, TENANT_ID};
use azid_emulator::{
    Directory, Entra, Imds, Machine, ManagedIdentity, Resource, SigningKey, Tenant, TokenVersion,
};
use http::header::RETRY_AFTER;
use http::{HeaderMap, Request};

use crate::proofs::Proofs;
use crate::random::Random;
use crate::{Proof, Scenario, Trouble, TroubleKind};

/// When simulations start: 2026-11-21 10:00 UTC, in seconds since 1970.
pub(crate) const START: u64 = 1_795_255_200;

/// How long tokens of Entra live, and tokens of machines, in seconds.
const HOUR: u64 = 3_599;
const DAY: u64 = 86_399;

/// How long a metadata service is away when it is restarted, and until when it then answers 410.
const AWAY: Duration = Duration::from_secs(10);
const UPDATING: Duration = Duration::from_secs(70);

/// Whom the hosts ask.
#[derive(Debug)]
pub(crate) struct Services {
    entra: Entra,
    machines: Vec<Metadata>,
    troubles: Vec<Trouble>,
    answered: (u64, u32),
}

#[derive(Debug)]
struct Metadata {
    service: Imds,
    away_until: Duration,
}

impl Services {
    pub(crate) fn new(scenario: &Scenario, proofs: &Proofs) -> Self {
        let key = SigningKey::imitation();
        let metadata = || Metadata {
            service: Imds::new(machine(), key.clone()),
            away_until: Duration::ZERO,
        };
        let machines = match scenario.proof {
            Proof::ManagedIdentity => scenario.hosts,
            Proof::Secret | Proof::Certificate => 0,
        };
        Self {
            entra: Entra::new(directory(proofs), key.clone()),
            machines: (0..machines).map(|_| metadata()).collect(),
            troubles: scenario.troubles.clone(),
            answered: (0, 0),
        }
    }

    /// What a request comes to that a host sends now, and after how long.
    pub(crate) fn exchange(
        &mut self,
        host: usize,
        request: &HttpRequest,
        now: Duration,
        random: &mut Random,
    ) -> (Duration, HttpReply) {
        let quick = random.within(Duration::from_millis(20)..Duration::from_millis(120));
        let (taken, reply) = self
            .trouble(now, quick, random)
            .or_else(|| self.is_away(host, now).then(|| (quick, refused())))
            .unwrap_or_else(|| (quick, Ok(self.answer(host, request, now))));
        let (taken, reply) = self.carry(taken, reply, now, random);
        let limit = request.requirements.timeout;
        if taken >= limit {
            return (limit, Err(HttpFailure::TimedOut));
        }
        (taken, reply)
    }

    /// Restarts the metadata service of a host.
    pub(crate) fn restart_metadata(&mut self, host: usize, now: Duration) {
        if let Some(machine) = self.machines.get_mut(host) {
            machine.away_until = now + AWAY;
            machine.service.update_until(unix_seconds(now + UPDATING));
        }
    }

    /// Lets the application's oldest proof end.
    pub(crate) fn retire(&mut self, proofs: &Proofs) {
        let directory = self.entra.directory_mut();
        if let Some(application) = directory.application_mut(CLIENT_ID) {
            proofs.retire_oldest(application);
        }
    }

    /// What comes back in place of an answer.
    fn trouble(
        &mut self,
        now: Duration,
        quick: Duration,
        random: &mut Random,
    ) -> Option<(Duration, HttpReply)> {
        let answered = &mut self.answered;
        let mut current = self.troubles.iter().filter(|it| it.during.contains(&now));
        current.find_map(|trouble| match trouble.kind {
            TroubleKind::Outage if random.happens(0.5) => Some((quick, refused())),
            TroubleKind::Outage => Some((Duration::MAX, Err(HttpFailure::TimedOut))),
            TroubleKind::Storm(share) if random.happens(share) => {
                let status = [500, 502, 503, 504][random.number() as usize % 4];
                Some((quick, Ok(HttpResponse::new(status, &b""[..]))))
            }
            TroubleKind::Throttling {
                per_second,
                retry_after,
            } => {
                if answered.0 != now.as_secs() {
                    *answered = (now.as_secs(), 0);
                }
                answered.1 += 1;
                (answered.1 > per_second).then(|| (quick, Ok(throttled(retry_after))))
            }
            _ => None,
        })
    }

    /// What the network does to an answer.
    fn carry(
        &self,
        taken: Duration,
        reply: HttpReply,
        now: Duration,
        random: &mut Random,
    ) -> (Duration, HttpReply) {
        let current = self.troubles.iter().filter(|it| it.during.contains(&now));
        current.fold((taken, reply), |(taken, reply), trouble| {
            match trouble.kind {
                TroubleKind::Loss(share) if random.happens(share) => {
                    (taken, Err(HttpFailure::Lost { request_sent: true }))
                }
                TroubleKind::Delay(most) => {
                    let late = random.within(Duration::ZERO..most);
                    (taken.saturating_add(late), reply)
                }
                _ => (taken, reply),
            }
        })
    }

    fn is_away(&self, host: usize, now: Duration) -> bool {
        let machine = self.machines.get(host);
        machine.is_some_and(|machine| now < machine.away_until)
    }

    fn answer(&mut self, host: usize, request: &HttpRequest, now: Duration) -> HttpResponse {
        let asked = as_received(request);
        let answer = match self.machines.get_mut(host) {
            Some(machine) => machine.service.handle(&asked, unix_seconds(now)),
            None => self.entra.handle(&asked, unix_seconds(now)),
        };
        let (head, body) = answer.into_parts();
        HttpResponse {
            status: head.status.as_u16(),
            headers: head.headers,
            body: SecretBytes::new(body),
        }
    }
}

fn unix_seconds(now: Duration) -> u64 {
    START + now.as_secs()
}

fn as_received(request: &HttpRequest) -> Request<Vec<u8>> {
    let mut received = Request::new(request.body.expose().to_vec());
    *received.method_mut() = request.method.clone();
    *received.uri_mut() = request.url.as_str().parse().expect("a URL is a URI");
    *received.headers_mut() = request.headers.clone();
    received
}

fn refused() -> HttpReply {
    Err(HttpFailure::Connect(Detail::new("refused")))
}

fn throttled(retry_after: Option<Duration>) -> HttpResponse {
    let mut headers = HeaderMap::new();
    if let Some(pause) = retry_after {
        headers.insert(RETRY_AFTER, pause.as_secs().into());
    }
    HttpResponse {
        headers,
        ..HttpResponse::new(429, &b""[..])
    }
}

fn directory(proofs: &Proofs) -> Directory {
    Directory {
        tenants: vec![Tenant {
            id: TENANT_ID.to_owned(),
            domain: "simulated.onmicrosoft.com".to_owned(),
            token_seconds: HOUR,
            applications: vec![proofs.application()],
            users: Vec::new(),
            federated_domains: Vec::new(),
        }],
        resources: resources(),
        ..Directory::default()
    }
}

fn machine() -> Machine {
    Machine {
        tenant_id: TENANT_ID.to_owned(),
        location: LOCATION.to_owned(),
        system_assigned: Some(ManagedIdentity {
            client_id: CLIENT_ID.to_owned(),
            object_id: CLIENT_ID.to_owned(),
            resource_id: MACHINE_RESOURCE_ID.to_owned(),
        }),
        user_assigned: Vec::new(),
        resources: resources(),
        token_seconds: DAY,
    }
}

fn resources() -> Vec<Resource> {
    vec![Resource {
        identifier: RESOURCE.to_owned(),
        application_id: "cfa8b339-82a2-471a-a3c9-0fc0be7a4093".to_owned(),
        token_version: TokenVersion::V1,
    }]
}
