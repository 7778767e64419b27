//! What a program's logger sees of a request.

use std::env;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use ::log::{LevelFilter, Log, Metadata, Record};
use async_std::task::block_on;
use azid_async_std::AsyncStdHost;
use azid_core::effect::HttpRequest;
use azid_core::oauth::Form;
use http::HeaderName;

use crate::fetch::{fetch, requirements};
use crate::server::Server;

/// Keeps every record. What the HTTP library would say of the wire is off until it is switched on.
struct Keeper {
    wire: AtomicBool,
    kept: Mutex<String>,
}

static KEEPER: Keeper = Keeper {
    wire: AtomicBool::new(false),
    kept: Mutex::new(String::new()),
};

impl Log for Keeper {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.wire.load(Ordering::SeqCst) || !metadata.target().starts_with("ureq_proto")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let mut kept = self.kept.lock().expect("no logger panics");
            kept.push_str(&format!("{} {}\n", record.target(), record.args()));
        }
    }

    fn flush(&self) {}
}

#[test]
fn no_log_at_any_level_shows_a_secret() {
    const MARK: &str = "AZID_TEST_PROCESS";
    if env::var_os(MARK).is_none() {
        // The level of the log is the whole process's.
        let again = Command::new(env::current_exe().expect("this test"))
            .args(["log::no_log_at_any_level_shows_a_secret", "--exact"])
            .env(MARK, "")
            .output()
            .expect("it can be run again");
        let said = String::from_utf8_lossy(&again.stdout);
        return assert!(said.contains("1 passed"), "{said}");
    }
    ::log::set_logger(&KEEPER).expect("there is no other");
    ::log::set_max_level(LevelFilter::Trace);
    let (server, host) = (Server::start(), Arc::new(AsyncStdHost::new()));
    let form = Form::new().secret("client_secret", &"s3cr".into());
    let url = server.url("/token").parse().expect("a URL");
    let request = HttpRequest::post_form(url, &form)
        .secret_header(HeaderName::from_static("x-identity-header"), "s3cr".into())
        .expect("the value is fit")
        .requirements(requirements());
    let answer = block_on(fetch(&host, request.clone()));
    assert_eq!(answer.expect("an answer").status, 200);

    KEEPER.wire.store(true, Ordering::SeqCst);
    let failure = block_on(fetch(&host, request)).expect_err("it would be logged");
    assert!(failure.to_string().contains("log level"), "{failure}");
    assert_eq!(server.requests(), 1);
    let kept = KEEPER.kept.lock().expect("no logger panics");
    assert!(kept.contains("127.0.0.1"), "the log is read: {kept}");
    assert!(!kept.contains("s3cr"), "{kept}");
}
