//! Counts azid's subjects with those of its peer: `cargo bench --bench count`.

#[path = "../compare/azure.rs"]
mod azure;

use std::hint::black_box;
use std::io;
use std::process::ExitCode;

use azid_bench::count::{SUBJECTS, Subject, Work, main as count};
use azid_bench::{azid, world};
use azure_core::credentials::TokenCredential as _;

const PEERS: [Subject; 3] = [
    Subject {
        name: "hit: azure_identity",
        floor: "hit: lock",
        prepare: || hit(1),
    },
    Subject {
        name: "hit of 200: azure_identity",
        floor: "hit of 200: lock",
        prepare: || hit(200),
    },
    Subject {
        name: "cold: azure_identity",
        floor: "cold: encode, parse",
        prepare: cold,
    },
];

fn main() -> io::Result<ExitCode> {
    let subjects: Vec<Subject> = SUBJECTS.iter().cloned().chain(PEERS).collect();
    count(&subjects)
}

fn hit(count: usize) -> Work {
    let runtime = azid::runtime();
    let scopes = world::scopes(count);
    let credential = runtime.block_on(azure::holding(&scopes));
    Box::new(move |times| {
        runtime.block_on(async {
            for scope in scopes.iter().cycle().take(times) {
                drop(black_box(
                    credential.get_token(&[black_box(scope)], None).await,
                ));
            }
        });
    })
}

/// Nothing makes it forget a token, so each time asks for a new scope.
fn cold() -> Work {
    let runtime = azid::runtime();
    let credential = azure::empty();
    let scopes = world::scopes(1000);
    let mut next = 0;
    Box::new(move |times| {
        runtime.block_on(async {
            for scope in &scopes[next..next + times] {
                drop(black_box(
                    credential.get_token(&[black_box(scope)], None).await,
                ));
            }
        });
        next += times;
    })
}
