//! Counts instructions and allocations of subjects, by running itself under callgrind.
//!
//! The counts are of one thread of user code, so they do not depend on what else the machine does.

use std::env;
use std::hint::black_box;
use std::io;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use azid_core::{Credential, Now};

use crate::callgrind;
use crate::limits::{self, Counted};
use crate::world::{self, InMemory};
use crate::{azid, floor};

/// How often a subject is repeated to be counted, and before that to be warm.
pub const TIMES: usize = 100;

/// The argument of the run that is counted.
const COUNTED: &str = "--counted";

/// Something that is done over and over: so many times for each call.
pub type Work = Box<dyn FnMut(usize)>;

/// What is counted.
#[derive(Clone)]
pub struct Subject {
    /// Its name in the table and in the limits.
    pub name: &'static str,
    /// The name of the subject that it is compared with.
    pub floor: &'static str,
    /// Prepares it.
    pub prepare: fn() -> Work,
}

/// azid's subjects and their floors.
pub const SUBJECTS: &[Subject] = &[
    Subject {
        name: "hit: lock",
        floor: "",
        prepare: || locked(1),
    },
    Subject {
        name: "hit: swap",
        floor: "",
        prepare: || swapped(1),
    },
    Subject {
        name: "hit: azid-ureq",
        floor: "hit: lock",
        prepare: || on_ureq(1),
    },
    Subject {
        name: "hit: azid-tokio",
        floor: "hit: lock",
        prepare: || on_tokio(1),
    },
    Subject {
        name: "hit, borrowed: azid-ureq",
        floor: "hit: lock",
        prepare: borrowed_on_ureq,
    },
    Subject {
        name: "hit, borrowed: azid-tokio",
        floor: "hit: lock",
        prepare: borrowed_on_tokio,
    },
    Subject {
        name: "hit, header: azid-ureq",
        floor: "hit: lock",
        prepare: header,
    },
    Subject {
        name: "hit of 200: lock",
        floor: "",
        prepare: || locked(200),
    },
    Subject {
        name: "hit of 200: azid-ureq",
        floor: "hit of 200: lock",
        prepare: || on_ureq(200),
    },
    Subject {
        name: "hit of 200: azid-tokio",
        floor: "hit of 200: lock",
        prepare: || on_tokio(200),
    },
    Subject {
        name: "cold: encode, parse",
        floor: "",
        prepare: exchange,
    },
    Subject {
        name: "cold: azid-core",
        floor: "cold: encode, parse",
        prepare: run,
    },
];

/// The program: counts the subjects and prints the table; with `--check` it fails where a count is
/// above its limit.
///
/// # Errors
///
/// There is no valgrind, or its output cannot be read.
pub fn main(subjects: &[Subject]) -> io::Result<ExitCode> {
    if env::args().any(|argument| argument == COUNTED) {
        for subject in subjects {
            let mut work = (subject.prepare)();
            work(TIMES);
            one_counted_subject(&mut *work);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut program = Command::new(env::current_exe()?);
    program.arg(COUNTED);
    let totals = callgrind::count(&program, "one_counted_subject")?;
    if totals.len() != subjects.len() {
        let why = format!("{} subjects, {} counts", subjects.len(), totals.len());
        return Err(io::Error::other(why));
    }
    let counted: Vec<Counted> = subjects
        .iter()
        .zip(totals)
        .map(|(subject, total)| Counted {
            name: subject.name,
            floor: subject.floor,
            instructions: per_time(total.instructions),
            allocations: per_time(total.allocations),
        })
        .collect();
    print!("{}", limits::table(&counted));
    if !env::args().any(|argument| argument == "--check") {
        return Ok(ExitCode::SUCCESS);
    }
    let broken = limits::broken(&counted);
    broken
        .iter()
        .for_each(|what| println!("above its limit: {what}"));
    Ok(match broken.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Rounded up, so that a single allocation in all the times shows.
fn per_time(total: u64) -> u64 {
    total.div_ceil(TIMES as u64)
}

/// Callgrind counts from the entry of this function to its end, by its name.
#[inline(never)]
pub fn one_counted_subject(work: &mut dyn FnMut(usize)) {
    work(black_box(TIMES));
    black_box(()); // keeps the call from being the last thing, and thereby a jump
}

fn locked(count: usize) -> Work {
    let scopes = world::scopes(count);
    let cache = floor::Locked::new(&scopes);
    over(scopes, move |scope| drop(black_box(cache.get(scope))))
}

fn swapped(count: usize) -> Work {
    let scopes = world::scopes(count);
    let cache = floor::Swapped::new(&scopes);
    over(scopes, move |scope| drop(black_box(cache.get(scope))))
}

fn on_ureq(count: usize) -> Work {
    let scopes = world::scopes(count);
    let provider = azid::on_ureq(&scopes);
    over(scopes, move |scope| {
        drop(black_box(provider.get_token(&[scope])));
    })
}

fn on_tokio(count: usize) -> Work {
    let runtime = azid::runtime();
    let scopes = world::scopes(count);
    let provider = azid::on_tokio(&runtime, &scopes);
    Box::new(move |times| {
        runtime.block_on(async {
            for scope in scopes.iter().cycle().take(times) {
                drop(black_box(provider.get_token(&[black_box(scope)]).await));
            }
        });
    })
}

fn borrowed_on_ureq() -> Work {
    let scopes = world::scopes(1);
    let provider = azid::on_ureq(&scopes);
    over(scopes, move |scope| {
        let length = provider.with_cached_token(&[scope], |token| token.expose().len());
        assert_eq!(length, Some(1500));
    })
}

fn borrowed_on_tokio() -> Work {
    let runtime = azid::runtime();
    let scopes = world::scopes(1);
    let provider = azid::on_tokio(&runtime, &scopes);
    over(scopes, move |scope| {
        let length = provider.with_cached_token(&[scope], |token| token.expose().len());
        assert_eq!(length, Some(1500));
    })
}

/// The value of the field `Authorization`, as HTTP clients take it.
fn header() -> Work {
    let scopes = world::scopes(1);
    let provider = azid::on_ureq(&scopes);
    over(scopes, move |scope| {
        let field = provider.with_cached_token(&[scope], |token| token.authorization().cloned());
        assert!(matches!(black_box(field), Some(Ok(_))));
    })
}

fn exchange() -> Work {
    let answer = world::answer().into_bytes();
    Box::new(move |times| {
        for _ in 0..times {
            drop(black_box(floor::exchange(&answer)));
        }
    })
}

fn run() -> Work {
    let credential: Arc<dyn Credential> = Arc::new(azid::credential());
    let entra = InMemory::new();
    let now = Now::wall(1_795_255_200_000);
    Box::new(move |times| {
        for _ in 0..times {
            drop(black_box(azid::run(&credential, &entra, now)));
        }
    })
}

/// Work that goes through the scopes in turn.
fn over(scopes: Vec<String>, get: impl Fn(&str) + 'static) -> Work {
    Box::new(move |times| {
        for scope in scopes.iter().cycle().take(times) {
            get(black_box(scope));
        }
    })
}
