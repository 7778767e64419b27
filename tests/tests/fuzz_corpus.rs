//! Every input that is committed for a fuzz target, replayed as an ordinary test.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_target_has_a_program_a_corpus_a_test_here_and_its_rows() {
    let named = |text: &str, before: &str| -> BTreeSet<String> {
        let names = text.split(before).skip(1);
        let end = |rest: &str| rest.find(['"', '`']).expect("a name ends");
        names.map(|rest| rest[..end(rest)].to_owned()).collect()
    };
    let files = |folder: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(fuzz().join(folder)).expect("the folder is there");
        let paths = entries.map(|entry| entry.expect("it can be listed").path());
        let names = paths.map(|path| path.file_stem().map(|name| name.to_string_lossy().into()));
        names.map(|name| name.expect("a name")).collect()
    };
    let read = |name: &str| fs::read_to_string(fuzz().join(name)).expect("a file of the fuzzers");
    let targets = named(&read("Cargo.toml"), "[[bin]]\nname = \"");
    assert_eq!(files("fuzz_targets"), targets);
    assert_eq!(files("corpus"), targets);
    assert_eq!(named(include_str!("fuzz_corpus.rs"), " replay(\""), targets);
    for table in read("README.md").split("\n| target |").skip(1) {
        assert_eq!(named(table, "\n| `"), targets);
    }
}

#[test]
fn every_committed_token_answer_keeps_its_promise() {
    replay("token_answer", azid_tests::fuzz::token_answer);
}

#[test]
fn every_committed_challenge_keeps_its_promise() {
    replay("arc_challenge", azid_tests::fuzz::arc_challenge);
}

#[test]
fn every_committed_certificate_file_keeps_its_promise() {
    replay("certificate_file", azid_tests::fuzz::certificate_file);
}

#[test]
fn every_committed_request_to_the_listener_keeps_its_promise() {
    replay("loopback_request", azid_tests::fuzz::loopback_request);
}

#[test]
fn every_committed_answer_with_a_device_code_keeps_its_promise() {
    replay("device_code_answer", azid_tests::fuzz::device_code_answer);
}

#[test]
fn every_committed_error_keeps_its_promise() {
    replay("error_body", azid_tests::fuzz::error_body);
}

#[test]
fn every_committed_output_of_a_tool_keeps_its_promise() {
    replay("tool_output", azid_tests::fuzz::tool_output);
}

#[test]
fn every_committed_environment_keeps_its_promise() {
    let is_compared = replay("environment_map", azid_tests::fuzz::environment_map);
    assert!(
        is_compared.contains(&true),
        "none is compared with its replay"
    );
}

#[test]
fn every_committed_transcript_keeps_its_promise() {
    let is_compared = replay("transcript", azid_tests::fuzz::transcript);
    assert!(
        is_compared.contains(&true),
        "none is compared with its replay"
    );
}

#[test]
fn every_committed_run_keeps_its_promise() {
    let is_compared = replay("whole_run", azid_tests::fuzz::whole_run);
    assert!(
        is_compared.contains(&true),
        "none is compared with its replay"
    );
}

#[test]
fn every_committed_challenge_of_a_service_keeps_its_promise() {
    replay("service_challenge", azid_tests::fuzz::service_challenge);
}

#[test]
fn every_committed_snapshot_keeps_its_promise() {
    replay("cache_snapshot", azid_tests::fuzz::cache_snapshot);
}

#[test]
fn every_committed_life_of_a_cache_keeps_its_promise() {
    replay("cache_operations", azid_tests::fuzz::cache_operations);
}

#[expect(
    clippy::print_stdout,
    reason = "names the input, and is shown only when the test fails"
)]
fn replay<T>(target: &str, body: fn(&[u8]) -> T) -> Vec<T> {
    let folder = fuzz().join("corpus").join(target);
    let mut replayed = Vec::new();
    for entry in fs::read_dir(&folder).expect("a target has a corpus") {
        let path = entry.expect("the corpus can be listed").path();
        println!("{}", path.display());
        replayed.push(body(&fs::read(&path).expect("an input can be read")));
    }
    assert!(!replayed.is_empty(), "{} is empty", folder.display());
    replayed
}

/// The folder of the fuzz targets.
fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}
