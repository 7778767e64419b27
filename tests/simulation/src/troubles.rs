//! What happens to single hosts, and when: drawn before the simulation begins.

use std::time::Duration;

use azid_core::Secret;

use crate::flying::Reply;
use crate::queue::Queue;
use crate::random::Random;
use crate::{Scenario, TroubleKind};

/// Everything that can come next. Hosts and flights go by their numbers.
#[derive(Debug)]
pub(crate) enum Event {
    /// A caller asks, as one does now and then.
    Ask(usize),
    /// A flight's effect is done.
    Reply(usize, u64, Reply),
    /// Something happens to a host.
    Happens(usize, Happening),
    /// A person types the code that a program has shown them.
    TypesCode(Secret),
    /// The oldest secret or certificate ends.
    Retire,
    /// Every refresh token is revoked.
    Revoke,
}

/// What happens to a host.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Happening {
    Restart,
    /// By so many milliseconds.
    ClockIsAhead(i64),
    MetadataRestart,
    NewProof(usize),
    Challenge,
}

impl Happening {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::ClockIsAhead(_) => "clock",
            Self::MetadataRestart => "metadata restart",
            Self::NewProof(_) => "new proof",
            Self::Challenge => "challenge",
        }
    }
}

/// Puts in the queue what happens to hosts; answers how many rotations there are.
pub(crate) fn plan(scenario: &Scenario, queue: &mut Queue<Event>, random: &mut Random) -> usize {
    let mut rotations = 0;
    for trouble in &scenario.troubles {
        let during = &trouble.during;
        if trouble.kind == TroubleKind::Rotation {
            rotations += 1;
            queue.put(during.end, Event::Retire);
        }
        if trouble.kind == TroubleKind::Revocation {
            queue.put(random.within(during.clone()), Event::Revoke);
        }
        for host in 0..scenario.hosts {
            let what = match trouble.kind {
                TroubleKind::Restarts => Happening::Restart,
                TroubleKind::MetadataRestarts => Happening::MetadataRestart,
                TroubleKind::Rotation => Happening::NewProof(rotations),
                TroubleKind::Challenges => Happening::Challenge,
                TroubleKind::ClockJumps(most) => {
                    let by = random.within(Duration::ZERO..2 * most).as_millis() as i64;
                    let right = Happening::ClockIsAhead(0);
                    queue.put(during.end, Event::Happens(host, right));
                    Happening::ClockIsAhead(by - most.as_millis() as i64)
                }
                _ => continue,
            };
            let at = random.within(during.clone());
            queue.put(at, Event::Happens(host, what));
        }
    }
    rotations
}
