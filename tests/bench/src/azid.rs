//! azid as its users have it.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};

use azid_core::effect::Refusal;
use azid_core::{
    AccessToken, ClientSecretCredential, Context, Credential, Now, Outcome, Run, Seed, Step,
    TokenRequest,
};
use azid_tokio::TokioHost;
use tokio::runtime::Runtime;

use crate::world::{self, InMemory};

/// The credential of all subjects.
pub fn credential() -> ClientSecretCredential {
    ClientSecretCredential::new(world::TENANT, world::CLIENT, world::SECRET)
        .expect("the credential is well-formed")
}

/// A clock that can leap ahead, after which no token is good any more.
#[derive(Clone, Debug)]
pub struct Leaping {
    start: Instant,
    leaps: Arc<AtomicU32>,
}

impl Leaping {
    /// One that shows the time.
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            leaps: Arc::default(),
        }
    }

    /// Lets two hours pass.
    pub fn leap(&self) {
        self.leaps.fetch_add(1, Ordering::Relaxed);
    }

    /// What it shows.
    pub fn now(&self) -> Now {
        let ahead = Duration::from_secs(7200) * self.leaps.load(Ordering::Relaxed);
        let wall = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default() + ahead;
        Now::new(wall.as_millis() as i64, self.start.elapsed() + ahead)
    }
}

impl Default for Leaping {
    fn default() -> Self {
        Self::new()
    }
}

/// A provider on tokio that holds a token for each scope.
pub fn on_tokio(runtime: &Runtime, scopes: &[String]) -> azid_tokio::TokenProvider {
    runtime.block_on(async {
        let host = TokioHost::new().http_client(InMemory::new());
        let provider = azid_tokio::Builder::new(host, credential()).build();
        for scope in scopes {
            provider
                .get_token(&[scope])
                .await
                .expect("there is a token in memory");
        }
        provider
    })
}

/// A blocking provider that holds a token for each scope: it shares the cache of one on tokio.
pub fn on_ureq(scopes: &[String]) -> azid_ureq::TokenProvider {
    let filled = on_tokio(&runtime(), scopes);
    azid_ureq::TokenProvider::builder(credential())
        .cache(Arc::clone(filled.cache()))
        .build()
}

/// A runtime on this thread.
pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime without IO needs nothing")
}

/// A whole run by the smallest driver, with Entra in memory.
pub fn run(credential: &Arc<dyn Credential>, entra: &InMemory, now: Now) -> AccessToken {
    let request = TokenRequest::new([black_box(world::SCOPE)]);
    let mut step = Run::start(
        Arc::clone(credential),
        Context::new(request, now, Seed::new([7; 32])),
    );
    loop {
        step = match step {
            Step::Done(Outcome { result, .. }) => {
                return result.expect("there is a token in memory");
            }
            Step::Http(call) => {
                black_box(call.request());
                call.reply(Ok(entra.answer()), now)
            }
            other => other.refuse(Refusal::NoSuchEffect, now),
        };
    }
}
