//! Signals that end the command.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::{fs, io};

use azid_emulator::demo;

use crate::support::command;
use crate::tools::HungTools;

#[test]
fn a_signal_ends_the_command_and_the_tool_that_it_runs() {
    let token = ["token", "--scope", demo::SCOPE, "--credential", "azure-cli"];
    let with = |runtime| [&token[..], &["--runtime", runtime]].concat();
    for (arguments, signal, code) in [
        (with("ureq"), "INT", 130),
        (with("tokio"), "TERM", 143),
        (with("async-std"), "HUP", 129),
        (vec!["token", "--scope", demo::SCOPE], "QUIT", 131),
        (vec!["doctor"], "INT", 130),
        (vec!["doctor", "--json"], "TERM", 143),
    ] {
        let name = format!("signal-{}-{}", arguments[0], arguments.len());
        let tools = HungTools::new(&name, &["az"]);
        let (name, path) = tools.path();
        let mut azid = command();
        azid.args(&arguments).env(name, path);
        let azid = azid.env("AZURE_TOKEN_CREDENTIALS", "dev");
        let azid = azid.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let azid = azid.expect("the command runs");
        tools.start();
        send(signal, &azid);
        let ended = azid.wait_with_output().expect("it ends");
        assert_eq!(ended.status.code(), Some(code), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "", "{arguments:?}");
        tools.are_gone();
    }
}

#[test]
fn a_signal_leaves_no_file_of_the_emulator_behind() {
    for (arguments, signal, code) in [
        (["demo"], "INT", 130),
        (["demo"], "TERM", 143),
        (["emulate"], "INT", 0),
        (["emulate"], "HUP", 0),
    ] {
        let directory = empty_directory("emulator-files");
        let mut azid = command();
        azid.args(arguments).env("TMPDIR", &directory);
        azid.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut azid = azid.spawn().expect("the command runs");
        let mut output = BufReader::new(azid.stdout.take().expect("it is a pipe"));
        let mut line = String::new();
        output.read_line(&mut line).expect("it serves");
        assert_eq!(entries(&directory), 1, "its files are here: {line}");
        send(signal, &azid);
        io::copy(&mut output, &mut io::sink()).expect("all that share its output end");
        let ended = azid.wait().expect("it ends");
        assert_eq!(ended.code(), Some(code), "{arguments:?}");
        assert_eq!(entries(&directory), 0, "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_the_command_was_told_to_ignore_is_ignored() {
    let mut shell = Command::new("/bin/sh");
    let script = "trap '' HUP; exec \"$0\" emulate";
    shell.args(["-c", script, env!("CARGO_BIN_EXE_azid")]);
    shell.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut azid = shell.env_clear().spawn().expect("the command runs");
    let mut output = BufReader::new(azid.stdout.take().expect("it is a pipe"));
    output.read_line(&mut String::new()).expect("it serves");
    let status = fs::read_to_string(format!("/proc/{}/status", azid.id())).expect("it runs");
    send("TERM", &azid);
    assert_eq!(azid.wait().expect("it ends").code(), Some(0));
    let mask = |name| {
        let mask = status.lines().find_map(|line| line.strip_prefix(name));
        u64::from_str_radix(mask.expect("a line").trim(), 16).expect("a number")
    };
    assert_eq!(mask("SigIgn:") & 1, 1, "a hangup is ignored as before");
    assert_eq!(mask("SigCgt:") & 0b10, 0b10, "Ctrl-C is not");
}

fn send(signal: &str, process: &Child) {
    let id = process.id().to_string();
    let sent = Command::new("kill").args(["-s", signal, &id]).status();
    assert!(sent.expect("there is a kill").success());
}

fn empty_directory(name: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&directory); // of an earlier run
    fs::create_dir(&directory).expect("a new directory");
    directory
}

fn entries(directory: &PathBuf) -> usize {
    fs::read_dir(directory).expect("it is there").count()
}
