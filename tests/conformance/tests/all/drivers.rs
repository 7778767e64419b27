//! The drivers that are compared, all on virtual time and without proxies.

use std::sync::Arc;

use azid_async::Flight;
use azid_async_std::AsyncStdHost;
use azid_core::effect::Refusal;
use azid_core::{Context, Credential, Outcome, Run, Step};
use azid_native::Proxies;
use azid_tokio::TokioHost;

use crate::clock::VirtualClock;

/// Drives one run of a credential to its end.
pub(crate) type Driver = fn(Arc<dyn Credential>, Context, VirtualClock) -> Outcome;

pub(crate) const DRIVERS: [(&str, Driver); 4] = [
    ("a bare loop", bare_loop),
    ("ureq", ureq),
    ("tokio", tokio),
    ("async-std", async_std),
];

/// Does itself all that needs no socket, no file and no process.
fn bare_loop(credential: Arc<dyn Credential>, context: Context, clock: VirtualClock) -> Outcome {
    let transport = ureq_host(&clock);
    let mut step = Run::start(credential, context);
    loop {
        step = match step {
            Step::Done(outcome) => return outcome,
            Step::Sleep(call) => {
                clock.sleep(call.request().duration);
                call.reply(Ok(()), clock.now())
            }
            step @ (Step::Http(_) | Step::ReadFile(_) | Step::Exec(_) | Step::Sign(_)) => {
                transport.perform(step)
            }
            other => other.refuse(Refusal::NoSuchEffect, clock.now()),
        }
    }
}

fn ureq(credential: Arc<dyn Credential>, context: Context, clock: VirtualClock) -> Outcome {
    azid_ureq::drive(&ureq_host(&clock), credential, context)
}

fn tokio(credential: Arc<dyn Credential>, context: Context, clock: VirtualClock) -> Outcome {
    let host = tokio_host(&clock).proxies(Proxies::none());
    tokio_runtime().block_on(Flight::new(Arc::new(host), Run::start(credential, context)))
}

fn async_std(credential: Arc<dyn Credential>, context: Context, clock: VirtualClock) -> Outcome {
    let host = async_std_host(&clock);
    async_std::task::block_on(Flight::new(Arc::new(host), Run::start(credential, context)))
}

pub(crate) fn ureq_host(clock: &VirtualClock) -> azid_ureq::Host {
    let (now, sleep) = (clock.clone(), clock.clone());
    azid_ureq::Host::new()
        .proxies(Proxies::none())
        .clock(move || now.now())
        .sleep(move |duration| sleep.sleep(duration))
}

pub(crate) fn tokio_host(clock: &VirtualClock) -> TokioHost {
    let (now, sleep) = (clock.clone(), clock.clone());
    TokioHost::new()
        .clock(move || now.now())
        .sleep(move |duration| {
            let clock = sleep.clone();
            async move { clock.sleep(duration) }
        })
}

pub(crate) fn tokio_runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder
        .enable_all()
        .build()
        .expect("the system has sockets")
}

pub(crate) fn async_std_host(clock: &VirtualClock) -> AsyncStdHost {
    let (now, sleep) = (clock.clone(), clock.clone());
    AsyncStdHost::new()
        .proxies(Proxies::none())
        .clock(move || now.now())
        .sleep(move |duration| {
            let clock = sleep.clone();
            async move { clock.sleep(duration) }
        })
}
