//! The system's root certificates. They are read once for each process, so each case runs this
//! test again in a process of its own.

use std::path::PathBuf;
use std::process::Command;

use azid_core::effect::{HttpFailure, Tls};
use azid_native::client_config;

/// Runs the named test in a new process whose environment names this file of roots.
fn again(test: &str, roots: &str) {
    beside(test, roots, None);
}

/// The same, where the environment names this directory of roots as well.
fn beside(test: &str, roots: &str, directory: Option<&PathBuf>) {
    let own = std::env::current_exe().expect("a test is a program");
    let mut command = Command::new(own);
    command
        .args(["--exact", test])
        .env("SSL_CERT_FILE", roots)
        .env_remove("SSL_CERT_DIR")
        .env("AZID_AGAIN", test);
    if let Some(directory) = directory {
        command.env("SSL_CERT_DIR", directory);
    }
    let status = command.status().expect("a test can be run again");
    assert!(status.success(), "{test} failed in its own process");
}

fn is_again(test: &str) -> bool {
    std::env::var("AZID_AGAIN").is_ok_and(|name| name == test)
}

#[test]
fn a_store_that_cannot_be_read_is_a_failure_each_time() {
    const NAME: &str = "a_store_that_cannot_be_read_is_a_failure_each_time";
    if !is_again(NAME) {
        return again(NAME, "/nonexistent/roots.pem");
    }
    for _ in 0..2 {
        let failure = client_config(&Tls::default()).expect_err("there is no such file");
        assert!(
            matches!(&failure, HttpFailure::Tls(detail) if detail.as_str().contains("SSL_CERT_FILE")
                && detail.as_str().contains("/nonexistent/roots.pem")),
            "{failure}"
        );
    }
}

#[test]
fn a_file_that_is_missing_is_a_failure_though_there_are_roots_in_a_directory() {
    const NAME: &str = "a_file_that_is_missing_is_a_failure_though_there_are_roots_in_a_directory";
    if !is_again(NAME) {
        let directory = std::env::temp_dir().join(format!("azid-roots-{}", std::process::id()));
        std::fs::create_dir(&directory).expect("a temporary directory can be written to");
        let root = rcgen::generate_simple_self_signed([]).expect("a certificate");
        std::fs::write(directory.join("root.pem"), root.cert.pem()).expect("it is empty");
        beside(NAME, "/nonexistent/roots.pem", Some(&directory));
        return std::fs::remove_dir_all(&directory).expect("nobody else uses it");
    }
    let failure = client_config(&Tls::default()).expect_err("there is no such file");
    assert!(
        matches!(&failure, HttpFailure::Tls(detail) if detail.as_str().contains("SSL_CERT_FILE")
            && detail.as_str().contains("/nonexistent/roots.pem")),
        "{failure}"
    );
}

#[test]
fn a_store_without_certificates_is_a_failure() {
    const NAME: &str = "a_store_without_certificates_is_a_failure";
    if !is_again(NAME) {
        return again(NAME, concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    }
    let failure = client_config(&Tls::default()).expect_err("a manifest holds no certificate");
    assert!(
        matches!(&failure, HttpFailure::Tls(detail) if detail.as_str().contains("SSL_CERT_FILE")),
        "{failure}"
    );
}

#[cfg(unix)]
#[test]
fn a_store_without_an_end_is_a_failure_and_not_read() {
    const NAME: &str = "a_store_without_an_end_is_a_failure_and_not_read";
    if !is_again(NAME) {
        return again(NAME, "/dev/zero");
    }
    let failure = client_config(&Tls::default()).expect_err("a device is no file");
    assert!(
        matches!(&failure, HttpFailure::Tls(detail) if detail.as_str().contains("/dev/zero is no regular file")),
        "{failure}"
    );
}

#[test]
fn an_empty_variable_is_named_and_what_to_do_about_it() {
    const NAME: &str = "an_empty_variable_is_named_and_what_to_do_about_it";
    if !is_again(NAME) {
        return again(NAME, "");
    }
    let failure = client_config(&Tls::default()).expect_err("there is no file of that name");
    let told = failure.to_string();
    assert!(
        told.contains("SSL_CERT_FILE is set and empty: unset it"),
        "{told}"
    );
}
