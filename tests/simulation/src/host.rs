//! One host: a provider, a clock that may be wrong, and the flights that are on their way.

use std::collections::BTreeMap;
use std::time::Duration;

use azid_core::{Now, Step, TokenRequest};
use azid_shared::LeaseGuard;

use crate::caller::Caller;
use crate::provider::Provider;
use crate::resource::Presented;
use crate::services::START;

/// A machine with a program that asks for tokens.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) provider: Provider,
    pub(crate) clock: Clock,
    /// The number of the secret or certificate that reached it last.
    pub(crate) proof: usize,
    pub(crate) flights: BTreeMap<u64, Flight>,
    /// The token that it handed out last for each resource.
    pub(crate) last: Vec<Option<Presented>>,
    /// From when on the services that it calls accept tokens, in seconds since 1970.
    pub(crate) accepted_from: u64,
    pub(crate) was_served: bool,
}

impl Host {
    pub(crate) fn new(provider: Provider, resources: usize, is_monotonic: bool) -> Self {
        Self {
            provider,
            clock: Clock {
                ahead: 0,
                is_monotonic,
            },
            proof: 0,
            flights: BTreeMap::new(),
            last: vec![None; resources],
            accepted_from: 0,
            was_served: false,
        }
    }
}

/// A run under its lease, and those who wait for it.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) lease: LeaseGuard,
    /// The effect that is out.
    pub(crate) step: Option<Step>,
    pub(crate) resource: usize,
    pub(crate) request: TokenRequest,
    /// Whether there was a good token when it began.
    pub(crate) is_early: bool,
    pub(crate) callers: Vec<Caller>,
    /// Those who cannot use what it brings, and ask again after it.
    pub(crate) queue: Vec<Caller>,
}

/// What a host takes for the time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// By how many milliseconds it is ahead of the true time.
    pub(crate) ahead: i64,
    /// Whether the host has a second clock that never jumps.
    pub(crate) is_monotonic: bool,
}

impl Clock {
    pub(crate) fn now(self, since_start: Duration) -> Now {
        let passed = since_start.as_millis() as i64;
        let wall = START as i64 * 1000 + passed + self.ahead;
        if self.is_monotonic {
            Now::new(wall, since_start)
        } else {
            Now::wall(wall)
        }
    }
}
