//! What the credentials of developer tools share: one run of a program, and what came of it.
//!
//! begin ─► run the tool ─► token

mod argument;
#[cfg(feature = "testing")]
pub(crate) mod cases;
mod failure;
mod output;
mod sign;

use std::fmt;
use std::time::Duration;

pub use self::failure::{ToolError, ToolProblem};

pub(crate) use self::argument::{Subscription, scope, tenant};
pub(crate) use self::output::Printed;
pub(crate) use self::sign::{MODULE_MISSING, signs_in};

use self::failure::words;
use self::sign::{AADSTS, NOT_A_COMMAND, POLICY, STALE, UNKNOWN_CLAIMS};
use crate::context::{Context, Platform, Position};
use crate::effect::{ExecFailure, ExecOutput, ExecRequest};
use crate::environment::Environment;
use crate::error::{Cause, Error, ErrorKind};
use crate::moves::{Next, done, exec};
use crate::oauth::{LONGEST_LIFETIME, aadsts_codes};
use crate::tenant::TenantId;
use crate::token::AccessToken;

/// How long a tool may take unless said otherwise: a cold start alone takes up to 13 seconds.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// More than any tool prints.
const MAX_OUTPUT: usize = 256 * 1024;

/// How long a token is used of which nobody says how long it lives.
const SHORT_LIFE: Duration = Duration::from_secs(5 * 60);

/// A developer tool: what sets it apart from the others.
#[derive(PartialEq, Eq)]
pub(crate) struct Tool {
    /// What people call it.
    pub(crate) name: &'static str,
    /// Its program, and what else it may be called on Windows.
    pub(crate) program: &'static str,
    pub(crate) windows_program: Option<&'static str>,
    /// Variables that keep colours out of what it prints.
    pub(crate) environment: &'static [(&'static str, &'static str)],
    /// What it says when nobody is logged in.
    pub(crate) logged_out: &'static [&'static str],
    /// What to do when it is not installed, and when nobody is logged in: in its own tenant, or in
    /// one that was named.
    pub(crate) install: &'static str,
    pub(crate) advice: &'static str,
    pub(crate) tenant_advice: &'static str,
    /// What to do when its module is missing, if it is one that has modules.
    pub(crate) module_advice: &'static str,
}

impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.program)
    }
}

/// What a tool is run for.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) tool: &'static Tool,
    pub(crate) arguments: Vec<String>,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) timeout: Duration,
    /// The login command that satisfies the claims of the request, if the tool was given any.
    pub(crate) claims_login: Option<String>,
}

impl Order {
    /// Runs the tool and goes on with its token.
    pub(crate) fn run(self, cx: &Context) -> Next {
        let (environment, platform) = (cx.environment(), cx.platform());
        let directory =
            safe_directory(environment, platform).or_else(|cause| cx.unavailable(cause))?;
        let mut request = ExecRequest::new(self.tool.program)
            .arguments(self.arguments.iter().map(String::as_str))
            .search(self.tool.program, environment, platform);
        if let (Platform::Windows, Some(other)) = (platform, self.tool.windows_program) {
            request = request.search(other, environment, platform);
        }
        let variables = self.tool.environment.iter();
        request.environment = variables
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        request.directory = Some(directory);
        request.timeout = self.timeout;
        request.max_output = MAX_OUTPUT;
        exec(request, move |reply, cx| self.on_end(reply, cx))
    }

    fn on_end(&self, reply: Result<ExecOutput, ExecFailure>, cx: &mut Context) -> Next {
        let output = match reply {
            Ok(output) => output,
            Err(ExecFailure::NotFound) => return self.unavailable(ToolProblem::NotInstalled, cx),
            Err(failure @ ExecFailure::TimedOut) => return cx.unavailable(self.exec(failure)),
            Err(failure) => return failed(cx, self.exec(failure)),
        };
        if output.exit_code != Some(0) {
            return self.on_refusal(&output, cx);
        }
        let Some(printed) = Printed::read(output.stdout.expose()) else {
            return failed(cx, self.error(ToolProblem::NoToken));
        };
        let (sent, now) = (cx.sent_at(), cx.now().timestamp());
        let expires_on = printed.expires_on.map_or(sent.after(SHORT_LIFE), |moment| {
            moment.min(sent.after(LONGEST_LIFETIME))
        });
        if expires_on <= now {
            return failed(cx, Cause::ExpiredToken { expires_on, now });
        }
        done(
            AccessToken::new(printed.token, expires_on)
                .issued_on(sent)
                .source(cx.credential()),
        )
    }

    /// What a tool says when it has no token decides whether there is any use in asking it.
    fn on_refusal(&self, output: &ExecOutput, cx: &Context) -> Next {
        let said = String::from_utf8_lossy(output.stderr.expose());
        let says = |sign: &str| said.contains(sign);
        if matches!(output.exit_code, Some(127 | 9009)) || says(NOT_A_COMMAND) {
            return self.unavailable(ToolProblem::NotInstalled, cx);
        }
        if says(MODULE_MISSING) {
            return self.unavailable(ToolProblem::ModuleMissing, cx);
        }
        if says(POLICY) {
            return self.unavailable(ToolProblem::ForbiddenByPolicy, cx);
        }
        let error = |problem| ToolError {
            exit_code: output.exit_code,
            message: words(&said),
            codes: aadsts_codes(&said).collect(),
            ..self.error(problem)
        };
        let is_logged_out = self.tool.logged_out.iter().any(|sign| says(sign));
        if says(STALE) || (is_logged_out && !says(AADSTS)) {
            return cx.unavailable(error(ToolProblem::LoggedOut));
        }
        match self.claims_login.clone() {
            Some(login) => {
                let too_old = says(UNKNOWN_CLAIMS);
                needs_login(cx, error(ToolProblem::Claims { login, too_old }))
            }
            None => failed(cx, error(ToolProblem::Refused)),
        }
    }

    /// The error of a tool that has no means to satisfy claims: a person must, by this command.
    pub(crate) fn cannot_claim<T>(&self, login: String, cx: &Context) -> Result<T, Error> {
        let too_old = false;
        needs_login(cx, self.error(ToolProblem::Claims { login, too_old }))
    }

    fn unavailable<T>(&self, problem: ToolProblem, cx: &Context) -> Result<T, Error> {
        cx.unavailable(self.error(problem))
    }

    fn error(&self, problem: ToolProblem) -> ToolError {
        ToolError::new(self.tool, self.tenant.clone(), problem)
    }

    fn exec(&self, failure: ExecFailure) -> Cause {
        Cause::Exec {
            program: self.tool.program.to_owned(),
            failure,
        }
    }
}

/// The error of a tool that was there and is of no use. The default chain tries what a developer's
/// machine may have, so there it goes on; a credential that the program named has failed.
pub(crate) fn failed<T>(cx: &Context, cause: impl Into<Cause>) -> Result<T, Error> {
    match cx.position() {
        Position::InDefaultChain => cx.unavailable(cause),
        Position::Alone | Position::InChain => cx.failed(cause),
    }
}

fn needs_login<T>(cx: &Context, error: ToolError) -> Result<T, Error> {
    match cx.position() {
        Position::InDefaultChain => cx.unavailable(error),
        Position::Alone | Position::InChain => {
            let kind = ErrorKind::InteractionRequired;
            Err(Error::of(kind, cx.credential(), error))
        }
    }
}

/// Whether a time-out is the usual one, of which a configuration need not speak.
pub(crate) fn is_usual(timeout: &Duration) -> bool {
    *timeout == TIMEOUT
}

/// A directory that only administrators write to: tools read settings and code of the one that
/// they are started in.
fn safe_directory(environment: &Environment, platform: Platform) -> Result<String, Cause> {
    if platform != Platform::Windows {
        return Ok("/".to_owned());
    }
    let root = environment.get("SYSTEMROOT").unwrap_or_default();
    match root.as_bytes() {
        [drive, b':', b'\\', _, ..] if drive.is_ascii_alphabetic() => Ok(root.to_owned()),
        _ => Err(Cause::MissingVariables(vec!["SYSTEMROOT"])),
    }
}
