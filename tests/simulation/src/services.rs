//! The models of Entra and of the metadata services, behind a network that has its troubles.

use std::time::Duration;

use azid_core::effect::{Detail, HttpFailure, HttpReply, HttpRequest, HttpResponse};
use azid_core::{Secret, SecretBytes};
use azid_emulator::demo::{CLIENT_ID, USER_NAME};
use azid_emulator::{Entra, Imds, SigningKey};
use http::header::RETRY_AFTER;
use http::{HeaderMap, Request};

use crate::directory::{directory, machine};
use crate::proofs::Proofs;
use crate::random::Random;
use crate::{Proof, Scenario, Trouble, TroubleKind};

/// When simulations start: 2026-11-21 10:00 UTC, in seconds since 1970.
pub(crate) const START: u64 = 1_795_255_200;

/// The address of the metadata service, on every machine that has one.
const METADATA: &str = "169.254.169.254";

/// How long a metadata service is away when it is restarted, and until when it then answers 410.
const AWAY: Duration = Duration::from_secs(10);
const UPDATING: Duration = Duration::from_secs(70);

/// Whom a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Party {
    Entra,
    Metadata,
}

/// What a request comes to.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// After how long.
    pub(crate) taken: Duration,
    pub(crate) reply: HttpReply,
    /// Whether there was an answer, and it did not arrive.
    pub(crate) is_lost: bool,
}

/// Whom the hosts ask.
#[derive(Debug)]
pub(crate) struct Services {
    entra: Entra,
    /// The metadata service of each host that is a virtual machine.
    machines: Vec<Option<Metadata>>,
    troubles: Vec<Trouble>,
    answered: (u64, u32),
}

#[derive(Debug)]
struct Metadata {
    service: Imds,
    away_until: Duration,
}

impl Party {
    /// Whom a request is for, by its address.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        match request.url.host_str() {
            Some(METADATA) => Self::Metadata,
            _ => Self::Entra,
        }
    }
}

impl Services {
    pub(crate) fn new(scenario: &Scenario, proofs: &Proofs) -> Self {
        let key = SigningKey::imitation();
        let metadata = |host| {
            is_machine(scenario.proof, host).then(|| Metadata {
                service: Imds::new(machine(), key.clone()),
                away_until: Duration::ZERO,
            })
        };
        let mut entra = Entra::new(directory(proofs), key.clone());
        entra.refuse_rotated_refresh_tokens(true);
        Self {
            entra,
            machines: (0..scenario.hosts).map(metadata).collect(),
            troubles: scenario.troubles.clone(),
            answered: (0, 0),
        }
    }

    /// What a request comes to that a host sends now.
    pub(crate) fn exchange(
        &mut self,
        host: usize,
        request: &HttpRequest,
        now: Duration,
        random: &mut Random,
    ) -> Exchange {
        let quick = random.within(Duration::from_millis(20)..Duration::from_millis(120));
        let (taken, reply) = self
            .trouble(now, quick, random)
            .or_else(|| self.absence(host, Party::of(request), now, quick))
            .unwrap_or_else(|| (quick, Ok(self.answer(host, request, now))));
        let was_given = reply.is_ok();
        let (taken, reply) = self.carry(taken, reply, now, random);
        let limit = request.requirements.timeout;
        let (taken, reply) = match taken < limit {
            true => (taken, reply),
            false => (limit, Err(HttpFailure::TimedOut)),
        };
        Exchange {
            taken,
            is_lost: was_given && reply.is_err(),
            reply,
        }
    }

    /// Restarts the metadata service of a host.
    pub(crate) fn restart_metadata(&mut self, host: usize, now: Duration) {
        if let Some(machine) = &mut self.machines[host] {
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

    /// Lets the person type a code that a program has shown them.
    pub(crate) fn type_code(&mut self, code: &Secret, now: Duration) {
        let now = unix_seconds(now);
        self.entra.approve_device(code.expose(), USER_NAME, now);
    }

    /// Revokes every refresh token.
    pub(crate) fn revoke(&mut self) {
        self.entra.revoke_refresh_tokens(USER_NAME);
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

    /// What comes back where nobody is.
    fn absence(
        &self,
        host: usize,
        party: Party,
        now: Duration,
        quick: Duration,
    ) -> Option<(Duration, HttpReply)> {
        if party == Party::Entra {
            return None;
        }
        let is_away = |trouble: &Trouble| {
            trouble.kind == TroubleKind::MetadataOutage && trouble.during.contains(&now)
        };
        match &self.machines[host] {
            None => Some((Duration::MAX, Err(HttpFailure::TimedOut))),
            Some(machine) if now < machine.away_until => Some((quick, refused())),
            Some(_) => {
                let is_away = self.troubles.iter().any(is_away);
                is_away.then(|| (quick, refused()))
            }
        }
    }

    fn answer(&mut self, host: usize, request: &HttpRequest, now: Duration) -> HttpResponse {
        let asked = as_received(request);
        let machine = match Party::of(request) {
            Party::Metadata => self.machines[host].as_mut(),
            Party::Entra => None,
        };
        let answer = match machine {
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

/// Whether a host is a virtual machine.
pub(crate) fn is_machine(proof: Proof, host: usize) -> bool {
    match proof {
        Proof::Secret | Proof::Certificate | Proof::Person => false,
        Proof::ManagedIdentity => true,
        Proof::Chain => host.is_multiple_of(2),
    }
}

/// The time that services have.
pub(crate) fn unix_seconds(now: Duration) -> u64 {
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
