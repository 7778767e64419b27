//! Every input that is committed for a fuzz target, replayed as an ordinary test.

use std::fs;
use std::path::Path;

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
    replay("environment_map", azid_tests::fuzz::environment_map);
}

#[test]
fn every_committed_transcript_keeps_its_promise() {
    replay("transcript", azid_tests::fuzz::transcript);
}

#[test]
fn every_committed_run_keeps_its_promise() {
    replay("whole_run", azid_tests::fuzz::whole_run);
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
fn replay(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    let mut replayed = 0;
    for entry in fs::read_dir(&folder).expect("a target has a corpus") {
        let path = entry.expect("the corpus can be listed").path();
        println!("{}", path.display());
        body(&fs::read(&path).expect("an input can be read"));
        replayed += 1;
    }
    assert!(replayed > 0, "{} is empty", folder.display());
}
