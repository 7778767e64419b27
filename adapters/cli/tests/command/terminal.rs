//! What only a terminal and a desktop see.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use azid_emulator::demo;

use crate::support::{command, scratch, server, sign_in, variables};

const COLOUR: &str = "\x1b[2m";
const PROGRESS: &str = "\x1b[Ktrying ";

#[test]
fn a_terminal_gets_colours_and_progress_and_may_decline_the_colours() {
    let on_terminal = |variables: &[(&str, &str)]| {
        let mut script = Command::new("/usr/bin/script");
        script
            .args(["--quiet", "--return", "--command"])
            .arg(format!("{} doctor", env!("CARGO_BIN_EXE_azid")))
            .arg("/dev/null")
            .env_clear()
            .envs(variables.iter().copied())
            .stdin(Stdio::null());
        let ended = script.output().expect("it is part of every Linux");
        assert_eq!(ended.status.code(), Some(3));
        String::from_utf8(ended.stdout).expect("text")
    };
    let xterm = ("TERM", "xterm");
    let seen = on_terminal(&[xterm]);
    assert!(seen.contains(COLOUR) && seen.contains(PROGRESS), "{seen}");
    let seen = on_terminal(&[xterm, ("NO_COLOR", "1")]);
    assert!(!seen.contains(COLOUR) && seen.contains(PROGRESS), "{seen}");
    let seen = on_terminal(&[("TERM", "dumb")]);
    assert!(!seen.contains('\x1b'), "{seen}");
}

#[test]
fn somebody_signs_in_with_the_browser_that_the_environment_names() {
    let server = server();
    let (browser, pipe) = (scratch("browser"), scratch("browser.page"));
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("there is mkfifo").success());
    let script = format!("#!/bin/sh\necho \"$1\" > '{}'\n", pipe.display());
    fs::write(&browser, script).expect("a file");
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o700)).expect("its own file");
    let mut login = command();
    login
        .args(["login", "--browser", "--scope", demo::SCOPE])
        .envs(variables(&server))
        .env("BROWSER", &browser)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let login = login.spawn().expect("the command runs");
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(fs::read_to_string(pipe))); // waits for the browser
    let told = told.recv_timeout(Duration::from_secs(60));
    let page = told.expect("a browser").expect("the page's address");
    sign_in(&server, page.trim());
    let ended = login.wait_with_output().expect("it ends");
    let output = String::from_utf8(ended.stdout).expect("text");
    let errors = String::from_utf8(ended.stderr).expect("text");
    assert_eq!(ended.status.code(), Some(0), "{errors}");
    assert!(output.contains(demo::USER_NAME), "{output}");
}
