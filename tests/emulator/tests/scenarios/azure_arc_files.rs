//! The agent of Azure Arc over real sockets, with real key files.

use crate::support::escape;
use crate::wire::{Answer, connect, path_of, server, variable};
use azid_emulator::{AzureArc, EmulatorServer, Fault, HostKind, demo};
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn the_key_lies_in_its_file_until_it_is_used() {
    let server = server();
    let challenge = ask(&server, None);
    assert_eq!(challenge.status, 401);
    let path = realm(&challenge);
    assert_eq!(path.parent(), Some(server.azure_arc_key_directory()));
    let key = fs::read_to_string(&path).expect("the file is there");
    assert_eq!(ask(&server, Some("wrong")).status, 403);
    assert!(path.exists());
    let answer = ask(&server, Some(&key));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["client_id"], demo::SYSTEM_ASSIGNED_CLIENT_ID);
    assert!(!path.exists());
    assert_eq!(ask(&server, Some(&key)).status, 403);
}

#[cfg(unix)]
#[test]
fn the_key_is_for_this_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let server = server();
    let file = fs::metadata(realm(&ask(&server, None))).expect("a file");
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_directory_is_that_of_the_real_agent_wherever_it_can_be_written() {
    let server = server();
    let directory = server.azure_arc_key_directory();
    let real = Path::new(AzureArc::KEY_DIRECTORY);
    let own = server.ca_file().parent().expect("a directory");
    assert!(directory == real || directory.starts_with(own));
    let trial = real.join(format!("trial-of-a-scenario-{}", std::process::id()));
    let is_writable = fs::write(&trial, "").and_then(|()| fs::remove_file(&trial));
    assert_eq!(directory == real, is_writable.is_ok());
}

#[test]
fn a_server_takes_its_unused_keys_with_it_and_leaves_those_of_others() {
    let (first, second) = (server(), server());
    let [mine, too] = [(); 2].map(|()| realm(&ask(&first, None)));
    let other = realm(&ask(&second, None));
    assert!(mine.exists() && too.exists() && other.exists());
    drop(first);
    assert!(!mine.exists() && !too.exists() && other.exists());
    drop(second);
    assert!(!other.exists());
}

#[test]
fn a_challenge_whose_file_cannot_be_written_is_an_error_of_the_server() {
    let server = server();
    let nowhere = server.ca_file().join("not-a-directory");
    server.with_emulator(|emulator| {
        let agent = &mut emulator.hosts_mut().azure_arc;
        agent.set_key_directory(&nowhere.display().to_string());
    });
    assert_eq!(ask(&server, None).status, 500);
}

#[test]
fn a_fault_in_place_of_the_challenge_writes_no_file() {
    let server = server();
    let directory = server.ca_file().parent().expect("a directory").join("keys");
    fs::create_dir(&directory).expect("a new directory");
    server.with_emulator(|emulator| {
        let agent = &mut emulator.hosts_mut().azure_arc;
        agent.set_key_directory(&directory.display().to_string());
    });
    server.inject("/azure-arc/", 1, Fault::status(503));
    assert_eq!(ask(&server, None).status, 503);
    assert_eq!(fs::read_dir(&directory).expect("a directory").count(), 0);
    assert_eq!(ask(&server, None).status, 401);
    assert_eq!(fs::read_dir(&directory).expect("a directory").count(), 1);
}

fn ask(server: &EmulatorServer, key: Option<&str>) -> Answer {
    let endpoint = variable(server, HostKind::AzureArc, "IDENTITY_ENDPOINT");
    let authorization =
        key.map_or_else(String::new, |key| format!("Authorization: Basic {key}\r\n"));
    connect(server).ask(format!(
        "GET {}?api-version=2020-06-01&resource={} HTTP/1.1\r\n\
         Host: localhost\r\nMetadata: true\r\n{authorization}\r\n",
        path_of(&endpoint),
        escape(demo::RESOURCE)
    ))
}

fn realm(challenge: &Answer) -> PathBuf {
    let line = challenge
        .head
        .lines()
        .find_map(|line| line.strip_prefix("www-authenticate: Basic realm="));
    line.expect("a challenge").into()
}
