//! The built command in a clean environment, and emulators for it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use azid_emulator::{Emulator as Models, EmulatorServer, Keys, Landing, ServerOptions, demo};
use url::Url;

pub(crate) type Variables = Vec<(String, String)>;

/// How the command ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) output: String,
    pub(crate) errors: String,
}

/// Runs the command with these variables and no others; of two with one name the last counts.
pub(crate) fn azid(arguments: &[&str], variables: &[(String, String)]) -> Ended {
    azid_told(arguments, variables, "")
}

/// The same with something on its standard input.
pub(crate) fn azid_told(arguments: &[&str], variables: &[(String, String)], input: &str) -> Ended {
    let mut command = command();
    command
        .args(arguments)
        .envs(variables.iter().cloned())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut process = command.spawn().expect("the command runs");
    let mut stdin = process.stdin.take().expect("it is a pipe");
    let _ = stdin.write_all(input.as_bytes()); // one that does not read it may have ended
    drop(stdin);
    let ended = process.wait_with_output().expect("the command ends");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ended {
        code: ended.status.code().expect("it ends by itself"),
        output: text(ended.stdout),
        errors: text(ended.stderr),
    }
}

/// The command, in an environment without a variable.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_azid"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// A file of one test's own.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if path.exists() {
        std::fs::remove_file(&path).expect("a file of an earlier run");
    }
    path
}

/// An emulator in this process.
pub(crate) fn server() -> EmulatorServer {
    let keys = Keys::generate();
    let models = Models::new(demo::world(&keys), keys.entra.clone());
    EmulatorServer::start(models, ServerOptions::default()).expect("a server")
}

/// What points the command at it.
pub(crate) fn variables(server: &EmulatorServer) -> Variables {
    let variables = server.environment().iter();
    variables
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

/// Signs the demo's person in at a page, and brings the answer to the program that waits for it.
pub(crate) fn sign_in(server: &EmulatorServer, page: &str) {
    let Landing::Form { action, body } = server.sign_in(page, demo::USER_NAME) else {
        panic!("the page has an answer for the program");
    };
    post(&action.parse().expect("a URL"), &body);
}

/// Sends a form to a listener on this machine.
fn post(url: &Url, body: &str) {
    let port = url.port().expect("a listener's");
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("it listens");
    let request = format!(
        "POST / HTTP/1.1\r\nHost: localhost:{port}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

pub(crate) fn published_keys(server: &EmulatorServer) -> String {
    let request = http::Request::get(format!("/{}/discovery/v2.0/keys", demo::TENANT_ID));
    let request = request.body(Vec::new()).expect("a request");
    let now = azid_native::now().timestamp().unix_seconds().unsigned_abs();
    let response = server.with_emulator(|models| models.handle(&request, now));
    String::from_utf8(response.into_body()).expect("text")
}

/// `azid emulate` in a process of its own, ended when the test is over.
pub(crate) struct Emulator {
    process: Child,
    pub(crate) variables: Variables,
    pub(crate) environments: Environments,
}

type Environments = BTreeMap<String, BTreeMap<String, String>>;

impl Emulator {
    /// Starts one and reads all nine variables that it prints.
    pub(crate) fn start(name: &str) -> Self {
        let file = scratch(&format!("{name}.environments.json"));
        let mut command = command();
        command
            .args(["emulate", "--environments"])
            .arg(&file)
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut process = command.spawn().expect("the command runs");
        let output = process.stdout.take().expect("it is a pipe");
        let lines = BufReader::new(output).lines().take(9);
        let variables = lines.map(|line| exported(&line.expect("text"))).collect();
        let all = std::fs::read_to_string(file).expect("the file is written first");
        Self {
            process,
            variables,
            environments: serde_json::from_str(&all).expect("an object of objects"),
        }
    }

    /// What a program on a host of this kind sees: the host's variables alone, and the emulator's
    /// certificate authority.
    pub(crate) fn host(&self, name: &str) -> Variables {
        let trust = (
            "SSL_CERT_FILE".to_owned(),
            self.variable("SSL_CERT_FILE").to_owned(),
        );
        let mut variables = vec![trust];
        variables.extend(self.environments[name].clone());
        variables
    }

    /// The standard variables and these.
    pub(crate) fn and(&self, name: &str) -> Variables {
        let mut variables = self.variables.clone();
        variables.extend(self.environments[name].clone());
        variables
    }

    pub(crate) fn variable(&self, name: &str) -> &str {
        let found = self.variables.iter().find(|(it, _)| it == name);
        &found.expect("it is among the variables").1
    }

    /// Ends it as a service manager would; answers its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        self.end();
        self.process.wait().expect("it ends").code()
    }

    fn end(&self) {
        let id = self.process.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status();
        assert!(sent.expect("there is a kill").success());
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if let Ok(None) = self.process.try_wait() {
            self.end(); // and not by a kill, which would leave its files behind
            let _ = self.process.wait();
        }
    }
}

/// Reads `export NAME='value'`; no value of the demo's world has a quotation mark in it.
fn exported(line: &str) -> (String, String) {
    let pair = line
        .strip_prefix("export ")
        .and_then(|it| it.split_once('='));
    let (name, quoted) = pair.expect("an export");
    let value = quoted
        .strip_prefix('\'')
        .and_then(|it| it.strip_suffix('\''));
    (name.to_owned(), value.expect("quotation marks").to_owned())
}
