//! What the failure of a developer tool means to a chain: where nobody is there to be asked, it
//! goes on; where somebody is refused, no other account steps in.

mod support {
    pub(crate) mod tools;
}

use std::sync::Arc;
use std::time::Duration;

use azid_core::effect::{Detail, ExecFailure, ExecOutput};
use azid_core::testing::{Reply, START, World, context, run};
use azid_core::{
    AzureCliCredential, AzureDeveloperCliCredential, AzurePowerShellCredential, Cause,
    ChainedTokenCredential, Context, Credential, DefaultAzureCredential, DeveloperToolsCredential,
    Environment, Error, ErrorKind, Now, Outcome, Run, Seed, Step, TokenRequest, ToolProblem,
};

use support::tools::{VAULT, ask, ended, for_vault, tools};

/// The chains in which az is followed by other tools.
fn chains() -> [Arc<dyn Credential>; 3] {
    let own = ChainedTokenCredential::new(AzureCliCredential::new())
        .link(AzurePowerShellCredential::new())
        .link(AzureDeveloperCliCredential::new());
    [
        Arc::new(own),
        Arc::new(DeveloperToolsCredential::new()),
        Arc::new(DefaultAzureCredential::new()),
    ]
}

/// Only developer tools are asked.
fn of_developers(context: Context) -> Context {
    let environment = Environment::from_pairs([("AZURE_TOKEN_CREDENTIALS", "dev")]);
    context.with_environment(environment)
}

/// Asks a chain whose first tool answers so, and whose other tools are ready with tokens.
fn first_answers(chain: Arc<dyn Credential>, request: TokenRequest, reply: Reply) -> Outcome {
    let token = ended(
        0,
        r#"{"accessToken":"of-another","expires_on":1795266000}"#,
        "",
    );
    let mut world = World::new([reply, token.clone(), token]);
    run(chain, of_developers(context(request)), &mut world)
}

fn vault() -> TokenRequest {
    TokenRequest::new([VAULT])
}

#[test]
fn an_account_that_entra_refuses_stops_every_chain_and_no_other_account_steps_in() {
    for code in [
        65001, 50076, 53003, 50158, 90002, 50020, 50057, 70011, 500_011,
    ] {
        for hint in ["", "To re-authenticate, please run:\naz login --scope x"] {
            for chain in chains() {
                let said = format!("ERROR: AADSTS{code}: no.\n{hint}");
                let outcome = first_answers(chain, vault(), ended(1, "", &said));
                assert!(outcome.memory.is_empty(), "nobody won");
                let error = outcome.result.expect_err("no other account is asked");
                assert_eq!(error.kind(), ErrorKind::Failed, "{error}");
                assert_eq!(error.credential(), "AzureCliCredential");
                assert!(error.advice().is_some(), "{error}");
            }
        }
    }
}

#[test]
fn a_subscription_that_az_does_not_know_stops_a_chain_and_says_what_to_do() {
    let said = "ERROR: Subscription 'x' not found. Check the spelling and casing and try again.";
    for chain in chains() {
        let outcome = first_answers(chain, vault(), ended(1, "", said));
        let error = outcome.result.expect_err("no other account is asked");
        assert_eq!(error.kind(), ErrorKind::Failed, "{error}");
        assert!(error.to_string().contains("Subscription 'x'"), "{error}");
        let advice = error.advice().expect("there is some");
        assert!(advice.contains("az account list"), "{advice}");
    }
}

#[test]
fn a_login_that_is_over_hands_on_to_the_next_tool_and_says_to_log_in_again() {
    for code in [
        50058, 50089, 50132, 50133, 50173, 70008, 70043, 700_082, 700_084,
    ] {
        let said = format!("AADSTS{code}: The token is not good any more.");
        for chain in chains() {
            let outcome = first_answers(chain, vault(), ended(1, "", &said));
            let token = outcome.result.expect("the next one has a token");
            assert_eq!(token.came_from(), "AzurePowerShellCredential");
        }
        let [az, ..] = tools();
        let error = ask(az, for_vault(), ended(1, "", &said)).expect_err("it is over");
        assert_eq!(error.advice(), Some("run `az login`"));
    }
    // One of two reasons is not mended by a login.
    let [az, ..] = tools();
    let both = ended(1, "", "AADSTS700082: expired. AADSTS65001: no consent.");
    let error = ask(az, for_vault(), both).expect_err("consent is missing");
    assert_eq!(error.kind(), ErrorKind::Failed);
}

#[test]
fn a_tool_that_is_broken_hands_on_to_the_next_tool_and_says_so() {
    let failed = |failure| Reply::Exec(Err(failure));
    let killed = Reply::Exec(Ok(ExecOutput {
        exit_code: None,
        stdout: Vec::new().into(),
        stderr: Vec::new().into(),
    }));
    let expired = r#"{"accessToken":"AT","expires_on":1795250000}"#;
    for (reply, says) in [
        (failed(ExecFailure::NotStartable), "interpreter"),
        (failed(ExecFailure::PermissionDenied), "may not run"),
        (failed(ExecFailure::OutputTooLarge { limit: 9 }), "9 bytes"),
        (
            failed(ExecFailure::Other(Detail::new("exec format error"))),
            "exec format error",
        ),
        (killed, "signal"),
        (
            ended(1, "", "Traceback: ModuleNotFoundError: azure"),
            "ModuleNotFoundError",
        ),
        (ended(127, "", "env: python3: No such file"), "python3"),
        (ended(0, "Welcome!", ""), "no token"),
        (ended(0, expired, ""), "expired"),
    ] {
        for chain in chains() {
            let outcome = first_answers(chain, vault(), reply.clone());
            let token = outcome.result.expect("the next one has a token");
            assert_eq!(token.came_from(), "AzurePowerShellCredential");
        }
        for tool in tools() {
            let error = ask(tool, for_vault(), reply.clone()).expect_err("it is broken");
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
            assert!(error.to_string().contains(says), "{error}");
            assert!(error.advice().is_some(), "{error}");
        }
    }
}

#[test]
fn a_missing_module_and_a_policy_are_told_apart_from_a_login() {
    for (said, problem) in [
        ("AZID_NO_AZ_ACCOUNTS", ToolProblem::ModuleMissing),
        (
            "AuthorizationManager check failed.",
            ToolProblem::ForbiddenByPolicy,
        ),
        ("Run Connect-AzAccount to login.", ToolProblem::LoggedOut),
    ] {
        let [.., powershell] = tools();
        let error = ask(powershell, for_vault(), ended(1, "", said)).expect_err("no token");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let Cause::Tool(tool) = error.cause() else {
            panic!("{error}");
        };
        assert_eq!(*tool.problem(), problem);
    }
}

#[test]
fn a_request_that_a_tool_cannot_be_asked_is_a_failure_and_is_not_handed_on() {
    let two = TokenRequest::new([VAULT, "openid"]);
    for chain in chains() {
        let outcome = first_answers(chain, two.clone(), ended(0, "{}", ""));
        let error = outcome.result.expect_err("az takes one scope");
        assert_eq!(error.kind(), ErrorKind::Failed);
        assert!(matches!(error.cause(), Cause::Invalid(_)), "{error}");
    }
}

#[test]
fn claims_stop_a_chain_at_the_tool_that_somebody_is_logged_in_to() {
    let claims = || vault().claims(r#"{"access_token":{"nbf":{"value":"1"}}}"#);
    let token = r#"{"accessToken":"too-old","expires_on":1795266000}"#;
    for chain in chains() {
        let outcome = first_answers(chain.clone(), claims(), ended(0, token, ""));
        let error = outcome.result.expect_err("az cannot satisfy them");
        assert_eq!(error.kind(), ErrorKind::InteractionRequired);
        assert!(error.to_string().contains("az login"), "{error}");

        let nobody = || {
            ended(
                1,
                "",
                "Please run 'az login'. Run Connect-AzAccount to login.",
            )
        };
        let broken = || ended(1, "", "ModuleNotFoundError: No module named 'azure'");
        let of_azd = r#"{"token":"of-azd","expiresOn":"2026-11-21T13:00:00Z"}"#;
        for az in [nobody(), broken()] {
            let mut world = World::new([az, nobody(), ended(0, of_azd, "")]);
            let context = of_developers(context(claims()));
            let outcome = run(Arc::clone(&chain), context, &mut world);
            let token = outcome.result.expect("azd satisfies them");
            assert_eq!(token.expose(), "of-azd");
        }
    }
}

/// Runs a chain where no tool ever answers, on virtual time.
fn while_all_hang(chain: Arc<dyn Credential>, at_most: Option<Duration>) -> (Error, Duration) {
    let mut elapsed = Duration::ZERO;
    let mut context = of_developers(Context::new(vault(), at(elapsed), Seed::new([1; 32])));
    if let Some(at_most) = at_most {
        context = context.with_deadline(at_most);
    }
    let mut step = Run::start(chain, context);
    loop {
        step = match step {
            Step::Done(outcome) => return (outcome.result.expect_err("all hang"), elapsed),
            Step::Exec(call) => {
                elapsed += call.request().timeout;
                call.reply(Err(ExecFailure::TimedOut), at(elapsed))
            }
            step => panic!("a tool is run: {step:?}"),
        };
    }
}

fn at(elapsed: Duration) -> Now {
    let milliseconds = i64::try_from(elapsed.as_millis()).expect("it is short");
    Now::new(START + milliseconds, elapsed)
}

#[test]
fn tools_that_hang_take_their_time_outs_and_no_more_and_the_table_says_whose_time_it_was() {
    let seconds = Duration::from_secs;
    let [_, tools, default] = chains();
    let brief = DefaultAzureCredential::new().process_timeout(seconds(4));
    let briefer = DeveloperToolsCredential::new().process_timeout(seconds(2));
    for (chain, each) in [
        (tools, seconds(30)),
        (default, seconds(30)),
        (Arc::new(brief), seconds(4)),
        (Arc::new(briefer), seconds(2)),
    ] {
        let (error, elapsed) = while_all_hang(chain, None);
        assert_eq!(elapsed, each * 3);
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let took: Vec<_> = error.links().iter().map(|link| link.took).collect();
        assert_eq!(took, [each; 3]);
        let row = format!(
            "AzureCliCredential           unavailable  {}.0 s",
            each.as_secs()
        );
        let shown = error.to_string().replace("unavailable   ", "unavailable  ");
        assert!(shown.contains(&row), "{shown}");
        assert!(shown.contains("killed when its time was up"), "{shown}");
    }
}

#[test]
fn a_tool_that_hangs_leaves_time_for_those_after_it_where_the_run_has_little() {
    let [_, tools, default] = chains();
    for chain in [tools, default] {
        let (error, elapsed) = while_all_hang(chain, Some(Duration::from_secs(20)));
        assert_eq!(elapsed, Duration::from_secs(20));
        let took = |link: &azid_core::LinkError| link.took.as_secs();
        let took: Vec<_> = error.links().iter().map(took).collect();
        assert_eq!(took, [10, 5, 5], "each is asked");
    }
}
