//! The recorder of a run.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::record::{Answer, Content, Exchange, Granted, Message, Place, Printed, Reply};
use super::redact::Redactor;
use super::{Ending, Recorded, Recording, Transcript, VERSION};
use crate::context::{Context, Platform, Position};
use crate::credential::Credential;
use crate::effect::{
    AssertionFailure, AssertionRequest, AuthorizeAnswer, AuthorizeFailure, AuthorizeRequest,
    Authorized, ExecFailure, ExecOutput, ExecRequest, Failure, FileFailure, FileRequest, HttpReply,
    HttpRequest, KeyHandle, PromptFailure, PromptRequest, ProofKind, Requirement, Requirements,
    Roots, SignFailure, SignRequest, SleepFailure, SleepRequest, TokenFailure, TokenOrder,
};
use crate::environment::Environment;
use crate::error::{Error, LinkError};
use crate::memory::Memory;
use crate::request::TokenRequest;
use crate::retry::whole_milliseconds;
use crate::secret::{Secret, SecretBytes};
use crate::time::Timestamp;
use crate::token::AccessToken;

/// The inputs of a run, of which a recorder keeps what may be kept.
pub(crate) struct Origin<'a> {
    pub(crate) request: &'a TokenRequest,
    pub(crate) environment: &'a Environment,
    pub(crate) memory: &'a Memory,
    pub(crate) platform: Platform,
    pub(crate) position: Position,
    pub(crate) asks_nobody: bool,
    pub(crate) started: Timestamp,
    pub(crate) deadline: Duration,
}

/// Keeps a transcript while a run goes on.
pub(crate) struct Recorder {
    redactor: Redactor,
    transcript: Transcript,
    at: i64,
    elapsed: Duration,
}

impl Recorder {
    pub(crate) fn begin(credential: &dyn Credential, origin: Origin<'_>) -> Box<dyn Recording> {
        let mut redactor = Redactor::default();
        let environment = redactor.environment(origin.environment);
        let transcript = Transcript {
            version: VERSION,
            credential: credential.name().to_owned(),
            configuration: credential.configuration(&mut redactor),
            request: origin.request.clone(),
            environment,
            memory: origin.memory.redacted(&mut redactor),
            platform: origin.platform,
            position: origin.position,
            asks_nobody: origin.asks_nobody,
            started: origin.started,
            deadline: whole_milliseconds(origin.deadline),
            exchanges: Vec::new(),
            ending: Ending::Error {
                kind: String::new(),
                credential: String::new(),
                cause: String::new(),
                error: String::new(),
                codes: Vec::new(),
                advice: None,
                links: Vec::new(),
            },
        };
        Box::new(Self {
            redactor,
            transcript,
            at: 0,
            elapsed: Duration::ZERO,
        })
    }

    fn reply<O, F: Failure, T>(
        &mut self,
        reply: &Result<O, F>,
        record: impl FnOnce(&mut Redactor, &O) -> T,
    ) -> Reply<T, F> {
        match reply {
            Ok(output) => Reply::Ok(record(&mut self.redactor, output)),
            Err(failure) => Reply::Failure(failure.without_words()),
        }
    }

    fn push(&mut self, message: Message) {
        self.transcript.exchanges.push(Exchange {
            message,
            at: self.at,
            elapsed: self.elapsed,
        });
    }
}

impl Recording for Recorder {
    fn hear(&mut self, cx: &Context) {
        let started = self.transcript.started.unix_milliseconds();
        let now = cx.now().timestamp().unix_milliseconds();
        self.at = now.saturating_sub(started);
        self.elapsed = whole_milliseconds(cx.elapsed());
    }

    fn http(&mut self, request: &HttpRequest, reply: &HttpReply) {
        let redactor = &mut self.redactor;
        for secret in request.secrets() {
            redactor.placeholder("secret", secret.expose());
        }
        let is_form = request
            .headers
            .get(http::header::CONTENT_TYPE)
            .is_some_and(|value| {
                value
                    .as_bytes()
                    .starts_with(b"application/x-www-form-urlencoded")
            });
        let url = redactor.url(&request.url);
        let headers = redactor.headers(&request.headers, true);
        let body = if is_form {
            let fields = url::form_urlencoded::parse(request.body.expose());
            Content::Form(
                redactor.form(fields.map(|(name, value)| (name.into_owned(), value.into_owned()))),
            )
        } else {
            redactor.content("body", request.body.expose())
        };
        let message = Message::Http {
            method: request.method.to_string(),
            url,
            headers,
            body,
            requirements: requirements(&request.requirements),
            reply: match reply {
                Ok(response) => {
                    let body = redactor.content("body", response.body.expose());
                    let headers = redactor.headers(&response.headers, false);
                    Reply::Ok(Answer {
                        status: response.status,
                        headers,
                        body,
                    })
                }
                Err(failure) => Reply::Failure(failure.without_words()),
            },
        };
        self.push(message);
    }

    fn file(&mut self, request: &FileRequest, reply: &Result<SecretBytes, FileFailure>) {
        let reply = self.reply(reply, |redactor, content| {
            redactor.content("file", content.expose())
        });
        self.push(Message::ReadFile {
            path: request.path.clone(),
            max_bytes: request.max_bytes,
            reply,
        });
    }

    fn exec(&mut self, request: &ExecRequest, reply: &Result<ExecOutput, ExecFailure>) {
        // Before the output is known: an argument that happens to be in it is no secret.
        let arguments = request
            .arguments
            .iter()
            .map(|argument| self.redactor.text(argument))
            .collect();
        let reply = self.reply(reply, |redactor, output| Printed {
            exit_code: output.exit_code,
            stdout: redactor.stdout(output.stdout.expose()),
            stderr: redactor.stderr(output.stderr.expose()),
        });
        self.push(Message::Exec {
            program: request.program.clone(),
            arguments,
            reply,
        });
    }

    fn sign(&mut self, request: &SignRequest, reply: &Result<Vec<u8>, SignFailure>) {
        let signer = match &request.key {
            KeyHandle::Named(name) => Some(name.to_string()),
            KeyHandle::InMemory(_) => None,
        };
        // A signature is recorded in the form that it has in an assertion.
        let reply = self.reply(reply, |redactor, signature| {
            let text = String::from_utf8(signature.clone())
                .ok()
                .filter(|text| super::is_placeholder(text));
            redactor.placeholder(
                "signature",
                &text.unwrap_or_else(|| URL_SAFE_NO_PAD.encode(signature)),
            )
        });
        self.push(Message::Sign {
            algorithm: request.algorithm,
            signer,
            reply,
        });
    }

    fn assertion(&mut self, request: &AssertionRequest, reply: &Result<Secret, AssertionFailure>) {
        let kind = match request.kind {
            ProofKind::ClientSecret => "secret",
            ProofKind::ClientAssertion => "assertion",
        };
        let reply = self.reply(reply, |redactor, proof| {
            redactor.placeholder(kind, proof.expose())
        });
        self.push(Message::Assertion {
            kind: request.kind,
            callback: request.callback.to_string(),
            client_id: request.client_id.clone(),
            token_endpoint: request.token_endpoint.to_string(),
            reply,
        });
    }

    fn token(&mut self, request: &TokenOrder, reply: &Result<AccessToken, TokenFailure>) {
        let reply = self.reply(reply, |redactor, token| Granted {
            token: redactor.one_secret("token", token.expose()),
            token_type: token.kind().to_owned(),
            expires_on: token.expires_on(),
            refresh_on: token.refreshes_on(),
        });
        self.push(Message::Token {
            callback: request.callback.to_string(),
            reply,
        });
    }

    fn prompt(&mut self, request: &PromptRequest, reply: &Result<(), PromptFailure>) {
        let reply = self.reply(reply, |_, ()| ());
        // Foreign text as a whole, its host too.
        let verification_uri = self.redactor.url(&request.device_code.verification_uri);
        let verification_uri = self.redactor.text(&verification_uri);
        self.push(Message::Prompt {
            callback: request.callback.to_string(),
            verification_uri,
            reply,
        });
    }

    fn authorize(
        &mut self,
        request: &AuthorizeRequest,
        reply: &Result<Authorized, AuthorizeFailure>,
    ) {
        let endpoint = self.redactor.url(&request.endpoint);
        let state = request.state.expose();
        self.redactor.placeholder("state", state);
        let reply = self.reply(reply, |redactor, authorized| {
            let (code, error, description) = match &authorized.answer {
                AuthorizeAnswer::Code(code) => (
                    Some(redactor.placeholder("code", code.expose())),
                    None,
                    None,
                ),
                AuthorizeAnswer::Denied { error, description } => {
                    let description = redactor.text(description.as_str());
                    let description = Some(description).filter(|text| !text.is_empty());
                    (None, Some(redactor.text(error)), description)
                }
            };
            Place {
                port: authorized.port,
                code,
                error,
                description,
            }
        });
        self.push(Message::Authorize { endpoint, reply });
    }

    fn sleep(&mut self, request: &SleepRequest, reply: &Result<(), SleepFailure>) {
        let reply = self.reply(reply, |_, ()| ());
        self.push(Message::Sleep {
            reason: request.reason,
            nominal: whole_milliseconds(request.nominal),
            reply,
        });
    }

    fn finish(mut self: Box<Self>, result: &Result<AccessToken, Error>) -> Recorded {
        self.transcript.ending = match result {
            Ok(token) => Ending::Token {
                token: self.redactor.placeholder("token", token.expose()),
                token_type: token.kind().to_owned(),
                expires_on: token.expires_on(),
                refresh_on: token.refreshes_on(),
                source: token.came_from().to_owned(),
            },
            Err(error) => Ending::Error {
                kind: error.kind().name().to_owned(),
                credential: error.credential().to_owned(),
                cause: error.cause().name(),
                error: error
                    .service()
                    .map(|service| self.redactor.text(service.error()))
                    .unwrap_or_default(),
                codes: error
                    .service()
                    .map(|service| service.codes().to_vec())
                    .unwrap_or_default(),
                advice: error.advice().map(str::to_owned),
                links: error.links().iter().map(LinkError::in_short).collect(),
            },
        };
        self.transcript.into()
    }
}

fn requirements(requirements: &Requirements) -> Vec<Requirement> {
    let tls = &requirements.tls;
    let named = [
        (requirements.no_proxy, Requirement::NoProxy),
        (requirements.plain_http, Requirement::PlainHttp),
        (tls.pin.is_some(), Requirement::TlsPin),
        (tls.roots != Roots::System, Requirement::ExclusiveRoots),
        (tls.server_name.is_some(), Requirement::ServerName),
    ];
    named
        .into_iter()
        .filter(|(required, _)| *required)
        .map(|(_, name)| name)
        .collect()
}
