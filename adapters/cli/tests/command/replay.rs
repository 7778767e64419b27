//! Transcripts at the prompt: written, replayed, drawn, and files that are none.

use std::fs;
use std::path::PathBuf;

use azid_core::Transcript;
use serde_json::Value;

use crate::support::{Emulator, azid, azid_told, scratch, server, variables};
use crate::{CREDENTIALS, RUNTIMES, token};

#[test]
fn what_the_command_records_of_each_credential_in_each_runtime_replays_as_itself() {
    let emulator = Emulator::start("recorded");
    let user_token = &emulator.environments["on-behalf-of"]["AZID_USER_ASSERTION_FILE"];
    for (credential, environment) in CREDENTIALS {
        let variables = emulator.and(environment);
        for runtime in RUNTIMES {
            let file = scratch(&format!("recorded-{credential}-{runtime}.json"));
            let path = file.to_str().expect("text");
            let mut arguments = token(credential);
            arguments.extend(["--runtime", runtime, "--transcript", path]);
            if credential == "on-behalf-of" {
                arguments.extend(["--user-assertion-file", user_token]);
            }
            let ended = azid(&arguments, &variables);
            assert_eq!((ended.code, &*ended.errors), (0, ""), "{credential}");

            let stored = fs::read_to_string(&file).expect("a transcript");
            let transcript: Transcript = serde_json::from_str(&stored).expect("a transcript");
            if let Some(recorded) = transcript.recorded_credential() {
                let replayed = transcript.replay(recorded);
                let again = serde_json::to_string_pretty(&replayed).expect("it serialises");
                assert_eq!(again + "\n", stored, "{credential} {runtime}");
            }
            let ended = azid(&["replay", path], &[]);
            assert_eq!((ended.code, &*ended.errors), (0, ""), "{credential}");
            assert!(ended.output.contains("the run is the recorded one"));
        }
    }
}

#[test]
fn a_run_that_fails_is_recorded_and_fails_so_again() {
    let server = server();
    let mut variables = variables(&server);
    variables.push(("AZURE_CLIENT_SECRET".to_owned(), "wrong".to_owned()));
    let file = scratch("replay-failed.json");
    let path = file.to_str().expect("text");
    let ended = azid(
        &[&token("client-secret")[..], &["--transcript", path]].concat(),
        &variables,
    );
    assert_eq!(ended.code, 1);
    let ended = azid(&["replay", path], &[]);
    assert_eq!((ended.code, &*ended.errors), (0, ""));
}

#[test]
fn a_certificate_in_a_file_is_replayed_with_the_flags_that_it_had() {
    let server = server();
    let (file, certificate) = (scratch("replay-flags.json"), scratch("replay-none.pem"));
    fs::write(&certificate, "c4nary").expect("it is written");
    let [path, certificate] = [&file, &certificate].map(|it| it.to_str().expect("text"));
    let mut arguments = token("client-certificate");
    arguments.extend(["--certificate", certificate, "--transcript", path]);
    let ended = azid(&arguments, &variables(&server));
    assert_eq!(ended.code, 1, "{}", ended.errors);
    let ended = azid(&["replay", path, "--certificate", certificate], &[]);
    assert_eq!((ended.code, &*ended.errors), (0, ""), "{}", ended.output);
    let ended = azid(&["replay", path, "--certificate", "/another.pem"], &[]);
    assert_eq!(ended.code, 1, "{}", ended.output);
    assert!(ended.output.contains("+   \"path\": \"/another.pem\""));
    let ended = azid(&["replay", path], &[]);
    assert_eq!((ended.code, &*ended.output), (2, ""));
}

#[test]
fn a_replay_says_which_exchange_is_the_first_that_differs_and_how() {
    let (file, mut stored) = recorded("replay-differs.json");
    let path = file.to_str().expect("text");
    let url = &mut stored["exchanges"][0]["url"];
    let asked = url.as_str().expect("a URL").to_owned();
    *url = asked.replace("/v2.0/", "/v3.0/\u{9b}2J").into();
    fs::write(&file, stored.to_string()).expect("it is written");
    let ended = azid(&["replay", path], &[]);
    assert_eq!(ended.code, 1);
    assert!(
        ended
            .errors
            .starts_with("azid: the run differs from exchange 1 on: http POST https://"),
        "{}",
        ended.errors
    );
    assert!(
        ended.output.contains("\n-   \"url\": \"https://")
            && ended.output.contains("\n+   \"url\": \"https://"),
        "{}",
        ended.output
    );
    assert!(!(ended.output + &ended.errors).contains(['\x1b', '\u{9b}']));
}

#[test]
fn an_ending_and_a_start_that_differ_are_told_from_exchanges() {
    let (file, stored) = recorded("replay-ends.json");
    let path = file.to_str().expect("text");
    for (member, value, place) in [
        ("ending", "token_type", "in how it ends"),
        (
            "configuration",
            "client_secret",
            "before the first exchange",
        ),
    ] {
        let mut changed = stored.clone();
        let place_of_it = match member {
            "ending" => &mut changed["ending"]["token"][value],
            _ => &mut changed[member][value],
        };
        assert!(place_of_it.is_string(), "{member}");
        *place_of_it = "redacted-other-7".into();
        fs::write(&file, changed.to_string()).expect("it is written");
        let ended = azid(&["replay", path], &[]);
        assert_eq!(ended.code, 1);
        let said = format!("azid: the run differs {place}\n");
        assert_eq!(ended.errors, said, "{}", ended.output);
    }
}

#[test]
fn a_diagram_of_a_transcript_is_printed_and_nothing_else() {
    let (file, _) = recorded("replay-diagram.json");
    let ended = azid(&["replay", file.to_str().expect("text"), "--diagram"], &[]);
    assert_eq!((ended.code, &*ended.errors), (0, ""));
    let lines: Vec<_> = ended.output.lines().collect();
    assert_eq!(lines[0], "sequenceDiagram");
    assert_eq!(
        lines.last(),
        Some(&"    A-->>P0: redacted-token-1, a Bearer token")
    );
}

#[test]
fn a_file_that_is_no_transcript_is_refused_in_one_line_that_moves_nothing() {
    let (file, stored) = recorded("replay-hostile.json");
    let path = file.to_str().expect("text");
    let mut newer = stored.clone();
    newer["version"] = 2.into();
    let mut unknown = stored.clone();
    unknown["\x1b[2J"] = 1.into();
    let mut forged = Vec::new();
    for place in ["/exchanges/0", "/exchanges/0/reply/ok", "/ending/token"] {
        let mut nested = stored.clone();
        let members = nested.pointer_mut(place).expect("it is there");
        members["forged"] = 1.into();
        forged.push((nested.to_string().into_bytes(), "unknown field `forged`"));
    }
    for name in ["environment", "headers"] {
        let (before, after) = (format!("\"{name}\":{{"), "\"A\":\"1\",\"A\":\"2\",");
        let twice = stored
            .to_string()
            .replacen(&before, &(before.clone() + after), 1);
        assert!(twice.contains(after), "{twice}");
        forged.push((twice.into_bytes(), "duplicate entry `A`"));
    }
    let mut own = stored;
    let members = own.as_object_mut().expect("an object");
    members.remove("configuration");
    for (content, why) in [
        (b"\xff\xfe\x00".to_vec(), "no transcript: expected value"),
        (Vec::new(), "no transcript: EOF"),
        (b"[".repeat(1_000_000), "no transcript: "),
        (
            format!("{{\"version\":1,\"memory\":{}", "[".repeat(100_000)).into_bytes(),
            "no transcript: ",
        ),
        (newer.to_string().into_bytes(), "this is version 2"),
        (unknown.to_string().into_bytes(), "unknown field"),
        (own.to_string().into_bytes(), "only the program"),
        (vec![b' '; 64 * 1024 * 1024 + 1], "it is longer than"),
    ]
    .into_iter()
    .chain(forged)
    {
        fs::write(&file, content).expect("it is written");
        let ended = azid(&["replay", path], &[]);
        assert_eq!((ended.code, &*ended.output), (2, ""), "{why}");
        assert!(ended.errors.contains(why), "{}", ended.errors);
        assert_eq!(ended.errors.lines().count(), 1, "{}", ended.errors);
        assert!(!ended.errors.contains('\x1b'));
    }
    fs::remove_file(&file).expect("it is there");
    let ended = azid(&["replay", path], &[]);
    assert_eq!((ended.code, &*ended.output), (2, ""));
}

#[test]
fn a_transcript_comes_by_standard_input_too_and_after_a_byte_order_mark() {
    let (file, stored) = recorded("replay-input.json");
    let text = format!("\u{feff}{stored}");
    let ended = azid_told(&["replay", "-"], &[], &text);
    assert_eq!((ended.code, &*ended.errors), (0, ""));
    let said = "ClientSecretCredential: the run is the recorded one, in 1 exchange\n";
    assert_eq!(ended.output, said);
    fs::write(&file, text).expect("it is written");
    let ended = azid(&["replay", file.to_str().expect("text")], &[]);
    assert_eq!((ended.code, &*ended.output), (0, said));
}

#[cfg(unix)]
#[test]
fn a_pipe_that_nobody_writes_to_is_no_transcript_and_not_waited_for() {
    let pipe = scratch("replay-pipe");
    let path = pipe.to_str().expect("text");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("there is a mkfifo").success());
    let ended = azid(&["replay", path], &[]);
    assert_eq!((ended.code, &*ended.output), (2, ""));
    assert!(ended.errors.contains("no regular file"), "{}", ended.errors);
}

#[test]
fn who_wanted_a_transcript_is_told_when_nothing_was_run() {
    let file = scratch("replay-never.json");
    let path = file.to_str().expect("text");
    let arguments = [&token("client-secret")[..], &["--transcript", path]].concat();
    let ended = azid(&arguments, &[]);
    assert_eq!((ended.code, &*ended.output), (3, ""));
    let told = format!("no transcript written to {path}.\n");
    assert!(ended.errors.ends_with(&told), "{}", ended.errors);
    assert!(!fs::exists(&file).expect("a path"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_transcript_takes_the_place_of_a_file_that_others_could_read() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let link = scratch("replay-link.json"); // while what it led to is still there
    let file = scratch("replay-target.json");
    fs::write(&file, "an older one").expect("it is written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("it is ours");
    symlink(&file, &link).expect("a link");
    let server = server();
    let path = link.to_str().expect("text");
    let arguments = [&token("client-secret")[..], &["--transcript", path]].concat();
    assert_eq!(azid(&arguments, &variables(&server)).code, 0);
    let mode = fs::metadata(&file).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(
        fs::symlink_metadata(&link)
            .expect("it is there")
            .is_symlink()
    );
    assert_eq!(azid(&["replay", path], &[]).code, 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_token_is_not_lost_to_a_transcript_that_cannot_be_written() {
    let server = server();
    let arguments = [&token("client-secret")[..], &["--transcript", "/dev/full"]].concat();
    let ended = azid(&arguments, &variables(&server));
    assert_eq!(ended.code, 1);
    assert!(ended.output.starts_with("eyJ"), "{}", ended.errors);
    assert!(ended.errors.contains("/dev/full"), "{}", ended.errors);
    assert!(fs::exists("/dev/full").expect("a path"));
}

/// A transcript of a run that went well.
fn recorded(name: &str) -> (PathBuf, Value) {
    let server = server();
    let file = scratch(name);
    let path = file.to_str().expect("text");
    let arguments = [&token("client-secret")[..], &["--transcript", path]].concat();
    let ended = azid(&arguments, &variables(&server));
    assert_eq!(ended.code, 0, "{}", ended.errors);
    let stored = fs::read_to_string(&file).expect("a transcript");
    (file, serde_json::from_str(&stored).expect("JSON"))
}
