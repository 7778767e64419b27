//! A token that is not cached, by a client secret, from an Entra in memory.

use std::hint::black_box;
use std::sync::Arc;

use azid_bench::world::{self, InMemory};
use azid_bench::{azid, floor};
use azid_core::{Credential, Now};
use azid_tokio::{Builder, TokioHost};
use azure_core::credentials::TokenCredential as _;

use crate::azure;
use crate::rounds::{compare, contestant};

/// The whole run, and the whole provider around it.
pub fn client_secret() {
    let runtime = azid::runtime();
    let answer = world::answer().into_bytes();
    let credential: Arc<dyn Credential> = Arc::new(azid::credential());
    let (entra, now) = (InMemory::new(), Now::wall(1_795_255_200_000));
    let clock = azid::Leaping::new();
    let shown = clock.clone();
    let host = TokioHost::new().http_client(InMemory::new());
    let host = host.clock(move || shown.now());
    let provider = runtime.block_on(async { Builder::new(host, azid::credential()).build() });
    let mut number = 0;
    compare(
        "cold client secret, Entra in memory",
        vec![
            contestant("encode and parse by hand", |times| {
                (0..times).for_each(|_| drop(black_box(floor::exchange(&answer))));
            }),
            contestant("azid-core's run", |times| {
                (0..times).for_each(|_| drop(black_box(azid::run(&credential, &entra, now))));
            }),
            contestant("azid-tokio, after the token expired", |times| {
                runtime.block_on(async {
                    for _ in 0..times {
                        let token = provider.get_token(&[world::SCOPE]).await;
                        drop(black_box(token.expect("there is a token in memory")));
                        clock.leap();
                    }
                });
            }),
            contestant("azure_identity, a new scope each time", |times| {
                let peer = azure::empty(); // nothing makes it forget a token
                runtime.block_on(async {
                    for _ in 0..times {
                        number += 1;
                        let scope = format!("https://vault-{number}.azure.net/.default");
                        drop(black_box(peer.get_token(&[&scope], None).await));
                    }
                });
            }),
        ],
    );
}
