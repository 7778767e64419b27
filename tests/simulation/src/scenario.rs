//! What is simulated: a fleet, its callers, and what goes wrong.

use std::ops::Range;
use std::time::Duration;

use crate::directory::RESOURCES;
use crate::flaw::Flaw;
use crate::random::Random;

const HOUR: Duration = Duration::from_secs(3600);

/// A fleet of hosts that all do the same, and the troubles that it meets.
///
/// ```
/// use std::time::Duration;
/// use azid_simulation::{Proof, Scenario, TroubleKind, simulate};
///
/// let hour = Duration::from_secs(3600);
/// let scenario = Scenario::new(20, 3 * hour, Proof::Secret)
///     .trouble(hour..2 * hour, TroubleKind::Outage);
/// let report = simulate(&scenario, 7);
/// assert!(report.violations.is_empty(), "{report}");
/// ```
#[derive(Clone, Debug)]
pub struct Scenario {
    /// How many hosts there are.
    pub hosts: usize,
    /// How long it goes on.
    pub span: Duration,
    /// By what the hosts get their tokens.
    pub proof: Proof,
    /// How many resources each host has tokens for, one to [`MOST_RESOURCES`](Self::MOST_RESOURCES).
    /// Each question is about one of them.
    pub resources: usize,
    /// How often a caller on each host asks for a token: each pause is drawn evenly between half
    /// of it and one and a half.
    pub asks_every: Duration,
    /// In what time after the start each host has its first caller.
    pub starts_within: Duration,
    /// What goes wrong.
    pub troubles: Vec<Trouble>,
    /// What the hosts themselves do wrong, to see that it is noticed.
    pub flaw: Option<Flaw>,
}

/// By what a host gets its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A client secret in a file; a token lives for an hour.
    Secret,
    /// A certificate in a file, with continuous access evaluation; a token lives for a day.
    Certificate,
    /// The managed identity of a virtual machine, each with a metadata service of its own; a token
    /// lives for a day.
    ManagedIdentity,
    /// A chain: the managed identity, and else what the environment describes. Every other host is a
    /// virtual machine and has nothing in its environment; the others have a secret there and no
    /// metadata service.
    Chain,
    /// A person who types a device code, once; each later token uses up the refresh token that
    /// the one before it brought. A token lives for an hour.
    Person,
}

impl Proof {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Secret,
        Self::Certificate,
        Self::ManagedIdentity,
        Self::Chain,
        Self::Person,
    ];
}

/// Something that goes wrong for a while.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// From when until when.
    pub during: Range<Duration>,
    /// What.
    pub kind: TroubleKind,
}

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TroubleKind {
    /// The endpoint is gone: half of the connections are refused, the others never answered.
    Outage,
    /// This share of requests gets a 500, 502, 503 or 504.
    Storm(f64),
    /// The endpoint answers so many requests a second; the others get a 429, with the wish for
    /// this pause, or without.
    Throttling {
        /// How many it answers.
        per_second: u32,
        /// In whole seconds.
        retry_after: Option<Duration>,
    },
    /// This share of connections ends before the answer.
    Loss(f64),
    /// Answers take up to so long.
    Delay(Duration),
    /// The clock of each host jumps at some moment by up to so long, back or forth, and is set
    /// right at the end.
    ClockJumps(Duration),
    /// The program on each host is started anew at some moment.
    Restarts,
    /// Each host's metadata service is restarted at some moment: it is away for ten seconds and
    /// answers 410 for a minute more.
    MetadataRestarts,
    /// Every metadata service is away.
    MetadataOutage,
    /// At some moment the services that a host calls accept no token any more that was issued before,
    /// as when a session was revoked. A caller who handles claims challenges gets one.
    Challenges,
    /// At some moment every refresh token that was issued until then is revoked.
    Revocation,
    /// A new secret or certificate reaches each host at some moment; at the end the old one is of
    /// no use any more.
    Rotation,
}

impl Scenario {
    /// As many resources as there are.
    pub const MOST_RESOURCES: usize = RESOURCES.len();

    /// A fleet without troubles. A caller asks each minute, and all hosts start within one.
    pub fn new(hosts: usize, span: Duration, proof: Proof) -> Self {
        Self {
            hosts,
            span,
            proof,
            resources: 1,
            asks_every: Duration::from_secs(60),
            starts_within: Duration::from_secs(60),
            troubles: Vec::new(),
            flaw: None,
        }
    }

    /// Lets callers ask for tokens for so many resources.
    pub fn asking_for(mut self, resources: usize) -> Self {
        self.resources = resources.clamp(1, Self::MOST_RESOURCES);
        self
    }

    /// Lets callers ask so often.
    pub fn asking_every(mut self, pause: Duration) -> Self {
        self.asks_every = pause;
        self
    }

    /// Lets all hosts start within this time.
    pub fn starting_within(mut self, time: Duration) -> Self {
        self.starts_within = time;
        self
    }

    /// Adds a trouble.
    pub fn trouble(mut self, during: Range<Duration>, kind: TroubleKind) -> Self {
        self.troubles.push(Trouble { during, kind });
        self
    }

    /// Adds a trouble of some kind each week or so, of up to an hour each, and a rotation each
    /// quarter, drawn from the seed.
    pub fn with_ordinary_troubles(mut self, seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x7765_6174_6865_7221);
        let mut start = random.within(HOUR..7 * 24 * HOUR);
        while start + HOUR < self.span {
            let end = start + random.within(Duration::from_secs(60)..HOUR);
            let kind = drawn(self.proof, &mut random);
            self = self.trouble(start..end, kind);
            start = end + random.within(24 * HOUR..13 * 24 * HOUR);
        }
        let mut rotation = 90 * 24 * HOUR;
        let rotates = matches!(self.proof, Proof::Secret | Proof::Certificate);
        while rotation + 24 * HOUR < self.span && rotates {
            self = self.trouble(rotation..rotation + 24 * HOUR, TroubleKind::Rotation);
            rotation += 90 * 24 * HOUR;
        }
        self
    }

    /// Gives every host a flaw.
    pub fn flawed(mut self, flaw: Flaw) -> Self {
        self.flaw = Some(flaw);
        self
    }
}

fn drawn(proof: Proof, random: &mut Random) -> TroubleKind {
    let has_metadata = matches!(proof, Proof::ManagedIdentity | Proof::Chain);
    match random.number() % 10 {
        0 => TroubleKind::Outage,
        1 => TroubleKind::Storm(0.8),
        2 => TroubleKind::Throttling {
            per_second: 0,
            retry_after: Some(Duration::from_secs(20)),
        },
        3 => TroubleKind::Throttling {
            per_second: 0,
            retry_after: None,
        },
        4 => TroubleKind::Loss(0.5),
        5 => TroubleKind::Delay(Duration::from_secs(45)),
        6 if has_metadata => TroubleKind::MetadataRestarts,
        6 => TroubleKind::Restarts,
        7 => TroubleKind::Challenges,
        8 if has_metadata => TroubleKind::MetadataOutage,
        8 if proof == Proof::Person => TroubleKind::Revocation,
        _ => TroubleKind::ClockJumps(HOUR),
    }
}
