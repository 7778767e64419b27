//! A token that is cached, on one thread.

use std::hint::black_box;

use azid_bench::{azid, floor, world};
use azid_core::AccessToken;
use azure_core::credentials::TokenCredential as _;

use crate::azure;
use crate::rounds::{compare, contestant};

/// Among one scope and among a thousand, gone through in turn.
pub fn one_thread() {
    for count in [1, 1000] {
        let scopes = world::scopes(count);
        let runtime = azid::runtime();
        let (locked, swapped) = (floor::Locked::new(&scopes), floor::Swapped::new(&scopes));
        let on_ureq = azid::on_ureq(&scopes);
        let on_tokio = azid::on_tokio(&runtime, &scopes);
        let peer = runtime.block_on(azure::holding(&scopes));
        let in_turn = |times| scopes.iter().cycle().take(times).map(black_box);
        compare(
            &format!("hit, {count} scopes, one thread"),
            vec![
                contestant("RwLock of a map", |times| {
                    in_turn(times).for_each(|scope| drop(black_box(locked.get(scope))));
                }),
                contestant("ArcSwap of a map", |times| {
                    in_turn(times).for_each(|scope| drop(black_box(swapped.get(scope))));
                }),
                contestant("ArcSwap of a map, and the clock", |times| {
                    for scope in in_turn(times) {
                        drop(black_box(swapped.get_by_the_clock(scope)));
                    }
                }),
                contestant("azid-ureq", |times| {
                    in_turn(times).for_each(|scope| drop(black_box(on_ureq.get_token(&[scope]))));
                }),
                contestant("azid-ureq, borrowed", |times| {
                    for scope in in_turn(times) {
                        let length = |token: &AccessToken| token.expose().len();
                        black_box(on_ureq.with_cached_token(&[scope], length));
                    }
                }),
                contestant("azid-tokio", |times| {
                    runtime.block_on(async {
                        for scope in in_turn(times) {
                            drop(black_box(on_tokio.get_token(&[scope]).await));
                        }
                    });
                }),
                contestant("azure_identity", |times| {
                    runtime.block_on(async {
                        for scope in in_turn(times) {
                            drop(black_box(peer.get_token(&[scope], None).await));
                        }
                    });
                }),
            ],
        );
    }
}
