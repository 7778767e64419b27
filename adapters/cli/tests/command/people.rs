//! People who sign in at the prompt.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

use azid_emulator::{EmulatorServer, demo, verify_access_token};

use crate::support::{Ended, azid, command, published_keys, scratch, server, variables};

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
fn without_a_browser_the_way_out_is_told() {
    let server = server();
    for arguments in [
        vec!["login", "--browser"],
        vec![
            "token",
            "--scope",
            demo::SCOPE,
            "--credential",
            "interactive-browser",
        ],
    ] {
        let ended = azid(&arguments, &variables(&server));
        assert_eq!((ended.code, &*ended.output), (3, ""), "{}", ended.errors);
        assert!(
            ended.errors.contains("DeviceCodeCredential"),
            "{}",
            ended.errors
        );
        assert!(
            ended.errors.contains(&server.https_origin()),
            "{}",
            ended.errors
        );
    }
}

#[test]
fn a_login_has_one_way() {
    for arguments in [vec!["login"], vec!["login", "--device-code", "--browser"]] {
        let ended = azid(&arguments, &[]);
        assert_eq!((ended.code, &*ended.output), (2, ""), "{}", ended.errors);
    }
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
pub(crate) fn device_code(arguments: &[&str], server: &EmulatorServer) -> (Ended, String) {
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
    assert!(server.approve_device(&code, demo::USER_NAME));
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
