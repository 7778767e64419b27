//! People who sign in at the prompt.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use azid_emulator::{EmulatorServer, Fault, demo, verify_access_token};

use crate::support::{Ended, azid, command, published_keys, scratch, server, sign_in, variables};

const MARK: &str = "enter the code ";

#[test]
fn somebody_types_the_code_that_standard_error_shows_and_no_transcript_has_it() {
    let server = server();
    for runtime in ["ureq", "tokio", "async-std"] {
        let file = scratch(&format!("device-{runtime}.json"));
        let path = file.to_str().expect("text");
        let more = ["--runtime", runtime, "--transcript", path];
        let (ended, code) = device_code(&[&asked()[..], &more].concat(), &server);
        assert_eq!(ended.code, 0, "{}", ended.errors);
        is_the_users(&ended.output, &server);
        let transcript = std::fs::read_to_string(&file).expect("a transcript");
        assert!(!transcript.contains(&code) && !transcript.contains(ended.output.trim_end()));
    }
}

#[test]
fn a_name_and_a_password_are_found_in_the_environment_and_said_nowhere() {
    let server = server();
    let mut variables = variables(&server);
    let password = server.password_environment().into_iter();
    variables.extend(password.map(|(name, value)| (name.to_owned(), value)));
    let arguments = [
        "token",
        "--scope",
        demo::SCOPE,
        "--credential",
        "username-password",
    ];
    let ended = azid(&arguments, &variables);
    assert_eq!((ended.code, &*ended.errors), (0, ""));
    is_the_users(&ended.output, &server);

    let mut anywhere = variables.clone();
    anywhere.retain(|(name, _)| name != "AZURE_TENANT_ID");
    let ended = azid(&arguments, &anywhere);
    assert_eq!((ended.code, &*ended.errors), (0, ""), "of any organisation");

    const WRONG: &str = "wrong canary";
    variables.push(("AZURE_PASSWORD".to_owned(), WRONG.to_owned()));
    let ended = azid(&arguments, &variables);
    assert_eq!((ended.code, &*ended.output), (1, ""), "{}", ended.errors);
    assert!(ended.errors.contains("AADSTS50126"), "{}", ended.errors);
    assert!(!ended.errors.contains("canary"), "{}", ended.errors);
}

#[test]
fn a_login_says_who_signed_in_and_until_when_and_keeps_nothing() {
    let server = server();
    let arguments = [
        "login",
        "--device-code",
        "--scope",
        demo::SCOPE,
        "--client-id",
        demo::PUBLIC_CLIENT_ID,
    ];
    let (ended, _) = device_code(&arguments, &server);
    assert_eq!(ended.code, 0, "{}", ended.errors);
    for part in [demo::USER_NAME, demo::TENANT_ID, "good for 1 h, until 20"] {
        assert!(ended.output.contains(part), "{}", ended.output);
    }
    let shown = format!("{}{}", ended.output, ended.errors);
    assert!(!shown.contains("eyJ"), "{shown}");
    assert!(ended.errors.contains("nothing of it is kept"), "{shown}");
}

#[test]
fn without_a_browser_the_page_is_shown_and_waited_for() {
    let server = server();
    let token = [
        "token",
        "--scope",
        demo::SCOPE,
        "--credential",
        "interactive-browser",
    ];
    let login = ["login", "--browser", "--scope", demo::SCOPE];
    for (arguments, browser) in [
        (&login[..], None),
        (&login[..], Some("/bin/false")),
        (&login[..], Some("/nowhere/browser")),
        (&token[..], None),
    ] {
        let mut azid = command();
        azid.args(arguments).envs(variables(&server));
        azid.envs(browser.map(|browser| ("BROWSER", browser)));
        azid.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut azid = azid.spawn().expect("the command runs");
        let mut stderr = BufReader::new(azid.stderr.take().expect("it is a pipe"));
        let mut errors = String::new();
        while !errors.contains("still waiting") {
            let read = stderr.read_line(&mut errors).expect("text");
            assert_ne!(read, 0, "it goes on: {errors}");
        }
        assert!(errors.contains("no browser was opened"), "{errors}");
        let is_named = browser.is_none_or(|browser| errors.contains(browser));
        assert!(is_named, "{errors}");
        let is_page = |line: &&str| line.starts_with(&server.https_origin());
        let page = errors.lines().find(is_page).expect("the page's address");
        sign_in(&server, page);
        let ended = azid.wait_with_output().expect("it ends");
        assert_eq!(ended.status.code(), Some(0), "{errors}");
    }
}

#[test]
fn a_login_takes_a_device_code_where_no_browser_would_be_seen() {
    let server = server();
    let login = ["login", "--scope", demo::SCOPE];
    let (ended, _) = device_code(&login, &server);
    assert_eq!(ended.code, 0, "{}", ended.errors);
    assert!(ended.output.contains(demo::USER_NAME), "{}", ended.output);
}

#[test]
fn whoever_does_not_act_is_told_apart_from_a_failure() {
    let server = server();
    let login = |way, variables: &[(String, String)]| {
        let arguments = ["login", way, "--scope", demo::SCOPE, "--timeout", "2"];
        azid(&arguments, variables)
    };
    let reachable = variables(&server);
    for way in ["--device-code", "--browser"] {
        let ended = login(way, &reachable);
        assert_eq!((ended.code, &*ended.output), (4, ""), "{}", ended.errors);
        let why = "time ran out: nobody signed in within the 2 s";
        assert!(ended.errors.contains(why), "{}", ended.errors);
    }
    let (ended, _) = device_code_and(&asked(), &server, |code| server.decline_device(code));
    assert_eq!((ended.code, &*ended.output), (4, ""), "{}", ended.errors);
    server.inject("/devicecode", 20, Fault::status(503));
    let ended = login("--device-code", &reachable);
    assert_eq!((ended.code, &*ended.output), (1, ""), "{}", ended.errors);
}

#[test]
fn an_endpoint_that_fails_while_somebody_signs_in_is_not_their_delay() {
    let server = server();
    let arguments = [
        "login",
        "--device-code",
        "--scope",
        demo::SCOPE,
        "--timeout",
        "8",
    ];
    let (ended, _) = device_code_and(&arguments, &server, |_| {
        server.inject("/token", 20, Fault::status(500));
        true
    });
    assert_eq!((ended.code, &*ended.output), (1, ""), "{}", ended.errors);
    assert!(ended.errors.contains("HTTP 500"), "{}", ended.errors);
    assert!(
        !ended.errors.contains("nobody signed in"),
        "{}",
        ended.errors
    );
}

#[test]
fn a_login_has_one_way() {
    let ended = azid(&["login", "--device-code", "--browser"], &[]);
    assert_eq!((ended.code, &*ended.output), (2, ""), "{}", ended.errors);
}

/// What asks for a token for whoever types the code.
fn asked() -> Vec<&'static str> {
    vec![
        "token",
        "--scope",
        demo::SCOPE,
        "--credential",
        "device-code",
        "--client-id",
        demo::PUBLIC_CLIENT_ID,
    ]
}

/// Runs the command, and types the code that it shows on standard error; tells the code.
fn device_code(arguments: &[&str], server: &EmulatorServer) -> (Ended, String) {
    device_code_and(arguments, server, |code| {
        server.approve_device(code, demo::USER_NAME)
    })
}

/// Runs the command, and does with the code that it shows what the person does.
fn device_code_and(
    arguments: &[&str],
    server: &EmulatorServer,
    act: impl FnOnce(&str) -> bool,
) -> (Ended, String) {
    let mut command = command();
    command
        .args(arguments)
        .envs(variables(server))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut process = command.spawn().expect("the command runs");
    let mut stderr = BufReader::new(process.stderr.take().expect("it is a pipe"));
    let mut errors = String::new();
    while !errors.contains(MARK) {
        let read = stderr.read_line(&mut errors).expect("text");
        assert_ne!(read, 0, "it shows a code: {errors}");
    }
    let (_, code) = errors.split_once(MARK).expect("it is there");
    let code = code.split(' ').next().expect("a word").to_owned();
    assert!(act(&code));
    stderr.read_to_string(&mut errors).expect("text");
    let ended = process.wait_with_output().expect("it ends");
    let ended = Ended {
        code: ended.status.code().expect("it ends by itself"),
        output: String::from_utf8(ended.stdout).expect("text"),
        errors,
    };
    (ended, code)
}

fn is_the_users(token: &str, server: &EmulatorServer) {
    let now = azid_native::now().timestamp().unix_seconds();
    let claims = verify_access_token(
        token.trim_end(),
        &published_keys(server),
        now.unsigned_abs(),
    );
    let claims = claims.expect("a good token");
    assert_eq!(claims.object_id(), Some(demo::USER_OBJECT_ID));
    assert_eq!(claims.client_id(), Some(demo::PUBLIC_CLIENT_ID));
}
