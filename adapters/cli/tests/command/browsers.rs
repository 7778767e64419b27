//! The programs that open a sign-in page: where they come from, and what they get of the command.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use azid_emulator::demo;

use crate::support::{command, server, variables};

#[test]
fn no_browser_of_the_current_directory_is_run() {
    let server = server();
    let directory = directory("browser-here");
    let met = directory.join("met");
    for name in ["fooz", "xdg-settings", "xdg-open", "gio", "x-www-browser"] {
        program(
            &directory.join(name),
            &format!("echo {name} >>{}", met.display()),
        );
    }
    for (path, name, value) in [
        (".:/nowhere", "BROWSER", "fooz"),
        ("/nowhere:", "BROWSER", "fooz"),
        (".", "BROWSER", "./fooz"),
        (":/nowhere", "DISPLAY", ":0"),
    ] {
        let mut azid = command();
        azid.args(["login", "--browser", "--timeout", "1"]);
        azid.args(["--scope", demo::SCOPE]).envs(variables(&server));
        azid.env("PATH", path).env(name, value);
        let ended = azid.current_dir(&directory).output().expect("it ends");
        let errors = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(4), "{errors}");
        assert!(errors.contains("no browser was opened"), "{errors}");
        assert!(
            !met.exists(),
            "{path} {value}: {}",
            fs::read_to_string(&met).unwrap_or_default()
        );
    }
}

#[test]
fn an_opener_of_the_path_looks_for_programs_in_absolute_directories_alone() {
    let server = server();
    let directory = directory("browser-opener");
    let bin = directory.join("bin");
    fs::create_dir(&bin).expect("a new directory");
    let met = directory.join("met");
    program(
        &bin.join("xdg-open"),
        &format!("echo \"$PATH\" >{}", met.display()),
    );
    let mut azid = command();
    azid.args(["login", "--browser", "--timeout", "2"]);
    azid.args(["--scope", demo::SCOPE]).envs(variables(&server));
    azid.env("PATH", format!(".:{}::/usr/bin:bin:/bin", bin.display()));
    azid.env("DISPLAY", ":0");
    let ended = azid.current_dir(&directory).output().expect("it ends");
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert!(!errors.contains("no browser was opened"), "{errors}");
    let path = fs::read_to_string(&met).expect("the opener ran");
    assert_eq!(path, format!("{}:/usr/bin:/bin\n", bin.display()));
}

#[test]
fn a_browser_that_goes_on_holds_no_pipe_of_the_command_and_prints_nothing_into_it() {
    let server = server();
    let directory = directory("browser-lasting");
    let (browser, id) = (directory.join("browser"), directory.join("id"));
    let lasting = format!(
        "echo $$ >{}; echo noise; echo noise >&2; exec sleep 600",
        id.display()
    );
    program(&browser, &lasting);
    let mut azid = command();
    azid.args(["login", "--browser", "--timeout", "3"]);
    azid.args(["--scope", demo::SCOPE]).envs(variables(&server));
    let azid = azid
        .env("BROWSER", &browser)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let azid = azid.spawn().expect("the command runs");
    let (all_read, both) = std::sync::mpsc::channel();
    std::thread::spawn(move || all_read.send(azid.wait_with_output()));
    let ended = both.recv_timeout(Duration::from_secs(60));
    let id = fs::read_to_string(&id).expect("the browser ran");
    let killed = Command::new("kill")
        .arg(id.trim())
        .status()
        .expect("there is a kill");
    let ended = ended.expect("its pipes are closed").expect("it ends");
    assert!(killed.success(), "the browser outlived the command");
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(4), "{errors}");
    assert!(
        !errors.contains("noise") && ended.stdout.is_empty(),
        "{errors}"
    );
}

fn directory(name: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&directory); // of an earlier run
    fs::create_dir(&directory).expect("a new directory");
    directory
}

fn program(path: &Path, script: &str) {
    fs::write(path, format!("#!/bin/sh\n{script}\n")).expect("it is written");
    fs::set_permissions(path, Permissions::from_mode(0o755)).expect("it is ours");
}
