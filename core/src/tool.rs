//! What the credentials of developer tools share: one run of a program, and what came of it.
//!
//! begin ─► run the tool ─► token

mod argument;
#[cfg(feature = "testing")]
pub(crate) mod cases;
mod failure;
mod mask;
mod options;
mod output;
mod sign;
mod verdict;

use std::fmt;
use std::time::Duration;

pub use self::failure::{ToolError, ToolProblem};

pub(crate) use self::argument::{Subscription, Wanted, tenant};
pub(crate) use self::options::{TIMEOUT, is_usual, tool_options};
pub(crate) use self::output::{Printed, without_mark};
pub(crate) use self::sign::{MODULE_MISSING, signs_in};

use self::failure::words;
use self::sign::UNKNOWN_CLAIMS;
use crate::context::{Context, Platform, Position};
use crate::effect::{ExecFailure, ExecOutput, ExecRequest};
use crate::environment::Environment;
use crate::error::{Cause, Error};
use crate::moves::{Next, done, exec};
use crate::oauth::{LONGEST_LIFETIME, aadsts_codes};
use crate::plan::{Plan, PlanContext};
use crate::tenant::TenantId;
use crate::token::AccessToken;

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
    pub(crate) claims: Claims,
}

/// What becomes of the claims of a request; with the login command that satisfies them.
#[derive(Debug)]
pub(crate) enum Claims {
    /// There are none.
    Absent,
    /// The tool is handed them.
    Handed { login: String },
    /// The tool has no means to satisfy them.
    Unmet { login: String },
}

impl Order {
    /// Runs the tool and goes on with its token.
    ///
    /// Claims that it cannot satisfy are for a person, and it need not be run for that. In a chain
    /// it is, to see whether anybody is logged in: if nobody is, a later link may satisfy them.
    pub(crate) fn run(self, cx: &Context) -> Next {
        if let (Claims::Unmet { login }, Position::Alone) = (&self.claims, cx.position()) {
            return self.needs_login(login.clone(), cx);
        }
        let (environment, platform) = (cx.environment(), cx.platform());
        let directory =
            safe_directory(environment, platform).or_else(|cause| cx.unavailable(cause))?;
        let mut request = search(self.tool, environment, platform)
            .arguments(self.arguments.iter().map(String::as_str));
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
            Err(ExecFailure::NotFound) => {
                return self.ends(self.error(ToolProblem::NotInstalled), cx);
            }
            Err(failure @ (ExecFailure::TimedOut | ExecFailure::Refused(_))) => {
                return cx.unavailable(self.exec(failure));
            }
            Err(failure) => {
                let error = cx.unavailable(self.exec(failure));
                return error.map_err(|error| error.advise(LOOK_INTO_IT));
            }
        };
        if output.exit_code != Some(0) {
            return self.on_refusal(&output, cx);
        }
        let Some(printed) = Printed::read(output.stdout.expose()) else {
            return self.ends(self.error(ToolProblem::NoToken), cx);
        };
        if let Claims::Unmet { login } = &self.claims {
            return self.needs_login(login.clone(), cx);
        }
        let (sent, now) = (cx.sent_at(), cx.now().timestamp());
        let expires_on = printed.expires_on.map_or(sent.after(SHORT_LIFE), |moment| {
            moment.min(sent.after(LONGEST_LIFETIME))
        });
        if expires_on <= now {
            return cx.unavailable(Cause::ExpiredToken { expires_on, now });
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
        let problem = verdict::problem(self.tool, output.exit_code, &said);
        let problem = match (&self.claims, problem) {
            (Claims::Handed { login }, ToolProblem::Refused | ToolProblem::Broken)
            | (Claims::Unmet { login }, ToolProblem::Refused) => ToolProblem::Claims {
                login: login.clone(),
                too_old: said.contains(UNKNOWN_CLAIMS),
            },
            (_, problem) => problem,
        };
        let error = ToolError {
            exit_code: output.exit_code,
            message: words(&said),
            codes: aadsts_codes(&said).collect(),
            ..self.error(problem)
        };
        self.ends(error, cx)
    }

    /// The error of a tool that has no means to satisfy claims: a person must, by this command.
    fn needs_login(&self, login: String, cx: &Context) -> Next {
        let too_old = false;
        self.ends(self.error(ToolProblem::Claims { login, too_old }), cx)
    }

    fn ends(&self, error: ToolError, cx: &Context) -> Next {
        Err(Error::of(error.problem.kind(), cx.credential(), error))
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

/// What to do about a tool that is there and does not work.
const LOOK_INTO_IT: &str =
    "run it in a terminal to see what is wrong; if it does not work there either, install it again";

/// A run of a tool's program, wherever it may be.
fn search(tool: &Tool, environment: &Environment, platform: Platform) -> ExecRequest {
    let request = ExecRequest::new(tool.program).search(tool.program, environment, platform);
    match (platform, tool.windows_program) {
        (Platform::Windows, Some(other)) => request.search(other, environment, platform),
        _ => request,
    }
}

/// What a credential of a tool would do. Whether the program is there, a plan cannot see.
pub(crate) fn plan(tool: &Tool, credential: &'static str, cx: &PlanContext<'_>) -> Plan {
    if let Err(cause) = safe_directory(cx.environment, cx.platform) {
        return Plan::hindered(credential, cause);
    }
    if search(tool, cx.environment, cx.platform)
        .candidates
        .is_empty()
    {
        return Plan::missing(credential, vec!["PATH"]);
    }
    let Tool { name, program, .. } = tool;
    Plan::ready(credential).from_source(format!(
        "the account that {name} is logged in to, if `{program}` is on the PATH"
    ))
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
