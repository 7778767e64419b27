//! Tokens that are cached, for many callers at once.

use std::hint::black_box;
use std::sync::Arc;
use std::thread;

use azid_bench::{azid, floor, world};
use azure_core::credentials::TokenCredential as _;
use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;

use crate::azure;
use crate::rounds::{compare, contestant};

const THREADS: usize = 2;
const TASKS: usize = 64;

/// How many hits a task has before it lets the others go on.
const TURN: usize = 100;

/// The times are those of one hit by the wall clock, of however many threads.
pub fn hits() {
    let scopes = world::scopes(1);
    let scope = world::SCOPE;
    let swapped = floor::Swapped::new(&scopes);
    let on_ureq = azid::on_ureq(&scopes);
    let on_tokio = azid::on_tokio(&azid::runtime(), &scopes);
    compare(
        "hits on two threads, one scope (50 ns are 20 million a second)",
        vec![
            contestant("ArcSwap of a map, borrowed", |times| {
                on_threads(times, || _ = black_box(swapped.peek(black_box(scope))));
            }),
            contestant("ArcSwap of a map, an Arc", |times| {
                on_threads(times, || drop(black_box(swapped.get(black_box(scope)))));
            }),
            contestant("azid-ureq, borrowed", |times| {
                on_threads(times, || {
                    let scope = &[black_box(scope)];
                    black_box(on_ureq.with_cached_token(scope, |token| token.expose().len()));
                });
            }),
            contestant("azid-tokio, borrowed", |times| {
                on_threads(times, || {
                    let scope = &[black_box(scope)];
                    black_box(on_tokio.with_cached_token(scope, |token| token.expose().len()));
                });
            }),
            contestant("azid-ureq, a token", |times| {
                on_threads(times, || {
                    drop(black_box(on_ureq.get_token(&[black_box(scope)])));
                });
            }),
        ],
    );
}

fn on_threads(times: usize, hit: impl Fn() + Sync) {
    thread::scope(|threads| {
        for _ in 0..THREADS {
            threads.spawn(|| (0..times / THREADS).for_each(|_| hit()));
        }
    });
}

/// Tasks of one runtime.
pub fn tasks() {
    let scopes = world::scopes(1);
    let runtime = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_time()
        .build()
        .expect("a runtime without IO needs nothing");
    let swapped = Arc::new(floor::Swapped::new(&scopes));
    let on_tokio = azid::on_tokio(&runtime, &scopes);
    let peer = runtime.block_on(azure::holding(&scopes));
    compare(
        "hits of 64 tasks on two threads, one scope",
        vec![
            contestant("ArcSwap of a map", |times| {
                in_tasks(&runtime, times, |turns| {
                    let cache = swapped.clone();
                    async move {
                        for turn in 0..turns {
                            drop(black_box(cache.get(black_box(world::SCOPE))));
                            let_others(turn).await;
                        }
                    }
                });
            }),
            contestant("ArcSwap of a map, and the clock", |times| {
                in_tasks(&runtime, times, |turns| {
                    let cache = swapped.clone();
                    async move {
                        for turn in 0..turns {
                            drop(black_box(cache.get_by_the_clock(black_box(world::SCOPE))));
                            let_others(turn).await;
                        }
                    }
                });
            }),
            contestant("azid-tokio", |times| {
                in_tasks(&runtime, times, |turns| {
                    let provider = on_tokio.clone();
                    async move {
                        for turn in 0..turns {
                            let token = provider.get_token(&[black_box(world::SCOPE)]).await;
                            drop(black_box(token));
                            let_others(turn).await;
                        }
                    }
                });
            }),
            contestant("azure_identity", |times| {
                in_tasks(&runtime, times, |turns| {
                    let peer = peer.clone();
                    async move {
                        for turn in 0..turns {
                            let token = peer.get_token(&[black_box(world::SCOPE)], None).await;
                            drop(black_box(token));
                            let_others(turn).await;
                        }
                    }
                });
            }),
        ],
    );
}

async fn let_others(turn: usize) {
    if turn % TURN == 0 {
        yield_now().await;
    }
}

fn in_tasks<F>(runtime: &Runtime, times: usize, task: impl Fn(usize) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    runtime.block_on(async {
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| tokio::spawn(task(times / TASKS)))
            .collect();
        for task in tasks {
            task.await.expect("no task panics");
        }
    });
}
