//! Tokens renewed before they expire, and requests repeated.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, mpsc};
use std::time::{Duration, Instant};

use azid_core::{
    ChainedTokenCredential, Environment, ManagedIdentityCredential, Now, StaticTokenCredential,
    WorkloadIdentityCredential,
};
use azid_ureq::{EarlyRefresh, Event, Host, TokenProvider};

use crate::minting::{Clock, HOUR, LONG, SCOPE, numbered, provider, punctual, refused};
use crate::probe::host;
use crate::server::{Server, Stream, wait_for_client_to_leave};

#[test]
fn a_due_token_is_renewed_by_the_caller_who_finds_it_so() {
    let clock = Clock::new();
    let minted = clock.clone();
    let provider = provider(&clock, move |n| Ok(numbered(&minted, n)))
        .cache(punctual())
        .build();
    let expose = || {
        provider
            .get_token(SCOPE)
            .expect("there is a token")
            .expose()
            .to_owned()
    };
    assert_eq!(expose(), "token 1");
    clock.advance(HOUR - 300_001);
    assert_eq!(expose(), "token 1");
    clock.advance(1);
    assert_eq!(expose(), "token 2");
}

#[test]
fn a_refresh_that_fails_costs_nobody_the_token_that_is_held() {
    let clock = Clock::new();
    let minted = clock.clone();
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&events);
    let provider = provider(&clock, move |n| match n {
        1 | 4 => Ok(numbered(&minted, n)),
        _ => Err(refused("down")),
    })
    .cache(punctual())
    .on_event(move |event| {
        let name = match event {
            Event::Acquired { .. } => "acquired",
            Event::Failed { .. } => "failed",
            Event::RefreshFailed { .. } => "refresh failed",
            _ => "other",
        };
        seen.lock().expect("no listener panics").push(name);
    })
    .build();
    let expose = || {
        provider
            .get_token(SCOPE)
            .map(|token| token.expose().to_owned())
    };
    assert_eq!(expose().as_deref().ok(), Some("token 1"));
    clock.advance(HOUR - 300_000);
    for _ in 0..3 {
        assert_eq!(expose().as_deref().ok(), Some("token 1")); // the first of them tried
    }
    clock.advance(300_000);
    expose().expect_err("the token has expired");
    clock.advance(60_000);
    assert_eq!(expose().as_deref().ok(), Some("token 4"));
    let events = events.lock().expect("no listener panics");
    assert_eq!(
        *events,
        ["acquired", "refresh failed", "failed", "acquired"]
    );
}

#[test]
fn a_token_that_expired_while_its_refresh_failed_is_handed_out_to_nobody() {
    let clock = Clock::new();
    let minted = clock.clone();
    let provider = provider(&clock, move |n| match n {
        2 => {
            minted.advance(11_000);
            Err(refused("down"))
        }
        _ => Ok(numbered(&minted, n)),
    })
    .early_refresh(EarlyRefresh::Inline { at_most: LONG })
    .build();
    provider.get_token(SCOPE).expect("there is a token");
    clock.advance(HOUR - 10_000);
    let token = provider.get_token(SCOPE).expect("there is a new token");
    assert_eq!(token.expose(), "token 3");
}

#[test]
fn a_token_that_was_rejected_while_its_refresh_failed_is_handed_out_to_nobody() {
    let clock = Clock::new();
    let (minted, itself) = (clock.clone(), Arc::new(OnceLock::<TokenProvider>::new()));
    let caller = Arc::clone(&itself);
    let provider = provider(&clock, move |n| match n {
        2 => {
            let provider = caller.get().expect("it is built");
            let held = provider.get_token(SCOPE).expect("it is good so far");
            assert!(provider.invalidate(&held));
            Err(refused("down"))
        }
        _ => Ok(numbered(&minted, n)),
    })
    .build();
    itself.set(provider.clone()).expect("it is set once");
    provider.get_token(SCOPE).expect("there is a token");
    clock.advance(HOUR - 10_000);
    let token = provider.get_token(SCOPE).expect("there is a new token");
    assert_eq!(token.expose(), "token 3");
}

#[test]
fn a_refresh_on_a_thread_of_its_own_keeps_nobody_waiting() {
    let clock = Clock::new();
    let (go, gate) = mpsc::channel::<()>();
    let (gate, minted) = (Mutex::new(gate), clock.clone());
    let (landed, landing) = mpsc::channel();
    let provider = provider(&clock, move |n| {
        if n > 1 {
            gate.lock()
                .expect("no callback panics")
                .recv()
                .expect("the test lets it go");
        }
        Ok(numbered(&minted, n))
    })
    .cache(punctual())
    .early_refresh(EarlyRefresh::Spawn)
    .on_event(move |event| landed.send(event.clone()).expect("the test listens"))
    .build();
    let expose = || {
        provider
            .get_token(SCOPE)
            .expect("there is a token")
            .expose()
            .to_owned()
    };
    assert_eq!(expose(), "token 1");
    landing.recv_timeout(LONG).expect("a token was acquired");
    clock.advance(HOUR - 300_000);
    for _ in 0..3 {
        assert_eq!(expose(), "token 1"); // while the refresh waits for the gate
    }
    go.send(()).expect("the refresh waits");
    landing.recv_timeout(LONG).expect("a token was acquired");
    assert_eq!(expose(), "token 2");
}

#[test]
fn a_refresh_by_a_caller_ends_in_time_and_leaves_it_the_token_that_is_held() {
    let server = Server::start({
        let calls = AtomicUsize::new(0);
        move |_, stream| match calls.fetch_add(1, Ordering::SeqCst) {
            0 => say(
                stream,
                200,
                r#"{"access_token":"first","expires_in":"3600","token_type":"Bearer","resource":"r","expires_on":"1795258800"}"#,
            ),
            _ => wait_for_client_to_leave(stream),
        }
    });
    let clock = Clock::new();
    let time = clock.clone();
    let host = at_metadata(&server).clock(move || {
        // Wall time is virtual; deadlines run in real time.
        let milliseconds = time.0.load(Ordering::SeqCst);
        Now::new(milliseconds, ORIGIN.elapsed())
    });
    let provider = TokenProvider::builder(ManagedIdentityCredential::new())
        .host(host)
        .cache(punctual())
        .early_refresh(EarlyRefresh::Inline {
            at_most: Duration::from_millis(50),
        })
        .build();
    let expose = || {
        provider
            .get_token(SCOPE)
            .expect("there is a token")
            .expose()
            .to_owned()
    };
    assert_eq!(expose(), "first");
    clock.advance(HOUR - 300_000);
    let start = Instant::now();
    assert_eq!(expose(), "first");
    assert!(start.elapsed() < LONG);
    assert_eq!(server.requests().len(), 2);
}

static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

#[test]
fn a_retry_waits_by_the_hosts_own_sleep_and_is_told() {
    let server = Server::start({
        let calls = AtomicUsize::new(0);
        move |_, stream| match calls.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => say(stream, 503, "{}"),
            _ => say(
                stream,
                200,
                r#"{"access_token":"AT","expires_on":"1795258800","token_type":"Bearer"}"#,
            ),
        }
    });
    let clock = Clock::new();
    let waits = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&waits);
    let provider = TokenProvider::builder(ManagedIdentityCredential::new())
        .host(clock.keep_for(at_metadata(&server)))
        .on_event(move |event| {
            if let Event::Retry { wait } = event {
                told.lock().expect("no listener panics").push(*wait);
            }
        })
        .build();
    let before = clock.in_an_hour();
    assert_eq!(
        provider
            .get_token(SCOPE)
            .expect("there is a token")
            .expose(),
        "AT"
    );
    let waits = waits.lock().expect("no listener panics");
    assert_eq!((waits.len(), server.connections()), (2, 1));
    let slept: i64 = waits.iter().map(|wait| wait.as_millis() as i64).sum();
    assert_eq!(
        clock.in_an_hour(),
        before.after(Duration::from_millis(slept as u64))
    );
}

#[test]
fn a_listener_that_panics_at_a_retry_does_not_end_the_run() {
    let server = Server::start({
        let calls = AtomicUsize::new(0);
        move |_, stream| match calls.fetch_add(1, Ordering::SeqCst) {
            0 => say(stream, 503, "{}"),
            _ => say(
                stream,
                200,
                r#"{"access_token":"AT","expires_on":"1795258800","token_type":"Bearer"}"#,
            ),
        }
    });
    let provider = TokenProvider::builder(ManagedIdentityCredential::new())
        .host(Clock::new().keep_for(at_metadata(&server)))
        .on_event(|_| panic!("a slip in the user's listener"))
        .build();
    let token = provider.get_token(SCOPE).expect("there is a token");
    assert_eq!(token.expose(), "AT");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn the_listener_hears_what_each_link_of_a_chain_answered_and_which_one_won() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&heard);
    let clock = Clock::new();
    let of_its_own = StaticTokenCredential::new("AT", clock.in_an_hour()).expect("a token");
    let chain = ChainedTokenCredential::new(WorkloadIdentityCredential::new()).link(of_its_own);
    let provider = TokenProvider::builder(chain)
        .host(clock.keep_for(host()))
        .on_event(move |event| {
            let mut told = told.lock().expect("no listener panics");
            told.push(match event {
                Event::Link { verdict } => (verdict.link, verdict.error.is_none()),
                _ => ("another event", true),
            });
        })
        .build();
    provider.get_token(SCOPE).expect("there is a token");
    assert_eq!(
        *heard.lock().expect("no listener panics"),
        [
            ("WorkloadIdentityCredential", false),
            ("StaticTokenCredential", true),
            ("another event", true),
        ]
    );
}

/// A host that finds this server where the metadata service is.
fn at_metadata(server: &Server) -> Host {
    let variable = ("AZURE_POD_IDENTITY_AUTHORITY_HOST", server.url(""));
    host().environment(Environment::from_pairs([variable]))
}

fn say(stream: &mut dyn Stream, status: u16, body: &str) -> io::Result<()> {
    let head = format!("HTTP/1.1 {status} .\r\ncontent-type: application/json\r\n");
    write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len())
}
