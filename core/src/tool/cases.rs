//! What can happen to any tool.

use crate::context::{Platform, Position};
use crate::effect::{Detail, ExecFailure, ExecOutput, Refusal};
use crate::request::TokenRequest;
use crate::testing::{Case, Reply};

/// How a tool ended, and what it printed.
pub(crate) fn ended(exit_code: i32, stdout: &str, stderr: impl AsRef<[u8]>) -> Reply {
    Reply::Exec(Ok(ExecOutput {
        exit_code: Some(exit_code),
        stdout: stdout.as_bytes().into(),
        stderr: stderr.as_ref().into(),
    }))
}

/// A case of a tool that ended with an error.
pub(crate) fn refused(case: Case, stderr: &str) -> Case {
    case.then(ended(1, "", stderr))
}

/// A case in the default chain.
pub(crate) fn in_default_chain(mut case: Case) -> Case {
    case.position = Position::InDefaultChain;
    case
}

/// The cases that every tool has: `begin` makes one without replies, `token` is what the tool
/// prints when all is well, `logged_out` what it says when nobody is logged in.
pub(crate) fn with_tool_answers(
    begin: impl Fn(&'static str) -> Case,
    token: &str,
    logged_out: &str,
) -> Vec<Case> {
    let fails = |name, failure: ExecFailure| begin(name).then(Reply::Exec(Err(failure)));
    let prints = |name, stdout: &str| begin(name).then(ended(0, stdout, ""));
    let says = |name, stderr: &str| refused(begin(name), stderr);
    let entra = "AADSTS50076: Due to a configuration change made by your administrator, you must use multi-factor authentication.\r\nTrace ID: 1\n";
    let two = || TokenRequest::new(["https://vault.azure.net/.default", "openid"]);
    let signal = ExecOutput {
        exit_code: None,
        stdout: token.as_bytes().into(),
        stderr: Default::default(),
    };
    vec![
        prints("a token", token),
        begin("a token on Windows")
            .on(Platform::Windows)
            .with("SYSTEMROOT", r"C:\Windows")
            .then(ended(0, token, "")),
        begin("Windows without its directory").on(Platform::Windows),
        begin("a token of another tenant")
            .asks(TokenRequest::new(["https://vault.azure.net/.default"]).tenant("fabrikam.com"))
            .then(ended(0, token, "")),
        begin("a token beside a warning").then(ended(0, token, "WARNING: update me\n")),
        fails("it is not installed", ExecFailure::NotFound),
        begin("a script around it does not find it").then(ended(127, "", "sh: not found\n")),
        says(
            "the command interpreter does not know it",
            "'az' is not recognized as an internal or external command,\r\noperable program or batch file.",
        ),
        says("nobody is logged in", logged_out),
        in_default_chain(says(
            "nobody is logged in, in the default chain",
            logged_out,
        )),
        says("Entra refuses", entra),
        in_default_chain(says("Entra refuses, in the default chain", entra)),
        says(
            "Entra refuses and a login would help",
            &format!("{entra}{logged_out}"),
        ),
        says(
            "the login is stale",
            "AADSTS700082: The refresh token has expired due to inactivity.",
        ),
        says("a refusal without a word", ""),
        begin("a refusal that is no text").then(ended(1, "", b"\xff az login")),
        says(
            "a refusal that shows a token",
            r#"DEBUG: {"accessToken": "AT"}"#,
        ),
        fails("it takes too long", ExecFailure::TimedOut),
        fails("this process may not run it", ExecFailure::PermissionDenied),
        in_default_chain(fails(
            "this process may not run it, in the default chain",
            ExecFailure::PermissionDenied,
        )),
        fails(
            "it prints without end",
            ExecFailure::OutputTooLarge { limit: 256 * 1024 },
        ),
        fails("a fault of the host", ExecFailure::Other(Detail::default())),
        begin("no programs on this host").then(Refusal::NoSuchEffect),
        begin("a signal ends it").then(Reply::Exec(Ok(signal))),
        prints("nothing is printed", ""),
        prints("junk is printed", "Welcome!\n"),
        in_default_chain(prints(
            "junk is printed, in the default chain",
            "Welcome!\n",
        )),
        prints("JSON without a token", r#"{"tokenType":"Bearer"}"#),
        prints(
            "a token that fits no header field",
            r#"{"accessToken":"AT\r\nX: 1","expires_on":1795266000}"#,
        ),
        prints(
            "a token that has expired",
            r#"{"accessToken":"AT","expires_on":1795250000}"#,
        ),
        in_default_chain(prints(
            "a token that has expired, in the default chain",
            r#"{"accessToken":"AT","expires_on":1795250000}"#,
        )),
        prints(
            "a token for centuries",
            r#"{"accessToken":"AT","expires_on":99999999999}"#,
        ),
        begin("a scope that a tool is not handed")
            .asks(TokenRequest::new(["https://vault.azure.net/;id"])),
        in_default_chain(
            begin("a scope that a tool is not handed, in the default chain")
                .asks(TokenRequest::new(["--help"])),
        ),
        begin("two scopes").asks(two()).then(ended(0, token, "")),
        begin("a tenant that is none")
            .asks(TokenRequest::new(["https://vault.azure.net/.default"]).tenant("тенант")),
    ]
}
