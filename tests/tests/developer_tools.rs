//! The tools that developers log in to: how they are asked, what their words mean, what is shown.

use std::sync::Arc;
use std::time::Duration;

use azid_core::effect::{ExecFailure, ExecOutput, ExecRequest};
use azid_core::testing::{Reply, START, World, context, run};
use azid_core::{
    AccessToken, AzureCliCredential, AzureDeveloperCliCredential, AzurePowerShellCredential, Cause,
    Context, Credential, Environment, Error, ErrorKind, Lane, Memory, Platform, Position, Run,
    Step, TokenRequest, ToolProblem,
};

const VAULT: &str = "https://vault.azure.net/.default";

/// One of each.
fn tools() -> [Arc<dyn Credential>; 3] {
    [
        Arc::new(AzureCliCredential::new()),
        Arc::new(AzureDeveloperCliCredential::new()),
        Arc::new(AzurePowerShellCredential::new()),
    ]
}

fn ended(exit_code: i32, stdout: &str, stderr: &str) -> Reply {
    Reply::Exec(Ok(ExecOutput {
        exit_code: Some(exit_code),
        stdout: stdout.as_bytes().into(),
        stderr: stderr.as_bytes().into(),
    }))
}

fn ask(
    credential: Arc<dyn Credential>,
    context: Context,
    reply: Reply,
) -> Result<AccessToken, Error> {
    run(credential, context, &mut World::new([reply])).result
}

fn az(stdout: &str) -> Result<AccessToken, Error> {
    let credential = Arc::new(AzureCliCredential::new());
    ask(credential, for_vault(), ended(0, stdout, ""))
}

fn azd_says(stderr: &str) -> Error {
    let credential = Arc::new(AzureDeveloperCliCredential::new());
    ask(credential, for_vault(), ended(1, "", stderr)).expect_err("it ended with an error")
}

fn for_vault() -> Context {
    context(TokenRequest::new([VAULT]))
}

/// What the host is asked to run.
fn request(credential: Arc<dyn Credential>, context: Context) -> ExecRequest {
    match Run::start(credential, context) {
        Step::Exec(call) => call.request().clone(),
        step => panic!("no program is run: {step:?}"),
    }
}

#[test]
fn a_tool_that_takes_one_scope_is_never_handed_the_first_of_several() {
    let two = || context(TokenRequest::new([VAULT, "openid"]));
    let [az, azd, powershell] = tools();
    for credential in [az, powershell] {
        let error = ask(credential, two(), ended(0, "{}", "")).expect_err("two are too many");
        assert!(matches!(error.cause(), Cause::Invalid(_)), "{error}");
    }
    let asked = request(azd, two()).arguments.join(" ");
    assert!(
        asked.ends_with(&format!("--scope {VAULT} --scope openid")),
        "{asked}"
    );
}

#[test]
fn an_az_of_any_age_is_understood() {
    let lives = |stdout: &str| {
        let token = az(stdout).unwrap_or_else(|error| panic!("{stdout}: {error}"));
        assert_eq!(token.kind(), "Bearer");
        (token.expires_on().unix_milliseconds() - START) / 60_000
    };
    let moment =
        r#"{"accessToken":"AT","expiresOn":"1999-01-01 00:00:00.0","expires_on":1795266000}"#;
    assert_eq!(lives(moment), 180);
    // {"exp":1795266000}
    let jwt = r#"{"accessToken":"e30.eyJleHAiOjE3OTUyNjYwMDB9.c2ln","expiresOn":"2026-11-21 12:00:00.000000"}"#;
    assert_eq!(lives(jwt), 180);
    for unknown in ["null", "\"2026-11-21 23:00:00.000000\"", "\"soon\"", "7"] {
        let stdout = format!(r#"{{"accessToken":"AT","expiresOn":{unknown}}}"#);
        assert_eq!(lives(&stdout), 5, "a short life: {stdout}");
    }
}

#[test]
fn the_date_of_azd_is_read_in_utc_and_with_escapes() {
    for date in [
        r"2026-11-21T13:00:00Z",
        r"2026-11-21T13:00:00.1234567Z",
        r"2026-11-21T15:00:00+02:00",
        r"2026\u002d11-21T13:00:00\u005a",
    ] {
        let stdout = format!(r#"{{"token":"AT","expiresOn":"{date}"}}"#);
        let credential = Arc::new(AzureDeveloperCliCredential::new());
        let token = ask(credential, for_vault(), ended(0, &stdout, "")).expect("a token");
        assert_eq!(token.expires_on().unix_seconds(), 1_795_266_000, "{date}");
    }
}

#[test]
fn what_azd_says_is_shown_in_words_whatever_its_version() {
    for said in [
        r#"{"error":"consent","message":"AADSTS65001: no consent","suggestion":"ask"}"#,
        "{\"type\":\"consoleMessage\",\"timestamp\":\"t\",\"data\":{\"message\":\"\"}}\n{\"error\":\"AADSTS65001: no consent\"}",
        r#"{"type":"consoleMessage","timestamp":"t","data":{"message":"\nERROR: AADSTS65001: no consent\n"}}"#,
        "ERROR: AADSTS65001: no consent",
    ] {
        let error = azd_says(said);
        assert_eq!(error.kind(), ErrorKind::Failed, "{said}");
        let shown = error.to_string();
        assert!(shown.contains("AADSTS65001: no consent"), "{shown}");
        assert!(
            !shown.contains('{') && !shown.contains("consoleMessage"),
            "{shown}"
        );
        assert!(shown.contains("consent is missing"), "the cure: {shown}");
    }
    let logged_out = azd_says("not logged in, run `azd auth login` to login");
    assert_eq!(logged_out.kind(), ErrorKind::Unavailable);
    assert_eq!(logged_out.advice(), Some("run `azd auth login`"));
}

#[test]
fn every_run_of_a_tool_has_a_time_limit_and_the_runs_deadline_shortens_it() {
    for credential in tools() {
        let usual = request(credential.clone(), for_vault());
        assert_eq!(usual.timeout, Duration::from_secs(30));
        let hurry = for_vault().with_deadline(Duration::from_secs(3));
        assert_eq!(request(credential, hurry).timeout, Duration::from_secs(3));
    }
    let brief = AzureCliCredential::new().process_timeout(Duration::from_secs(7));
    let brief = request(Arc::new(brief), for_vault());
    assert_eq!(brief.timeout, Duration::from_secs(7));
}

#[test]
fn only_ascii_that_means_nothing_to_a_shell_is_among_the_arguments() {
    for bad in ["тенант", "a b", "a;b", "$(id)", "a&b", ""] {
        assert!(AzureCliCredential::new().tenant(bad).is_err(), "{bad}");
        assert!(
            AzureDeveloperCliCredential::new().tenant(bad).is_err(),
            "{bad}"
        );
        assert!(
            AzurePowerShellCredential::new().tenant(bad).is_err(),
            "{bad}"
        );
    }
    for bad in ["подписка", "a;b", "-x", "", "a\"b", "%PATH%"] {
        assert!(
            AzureCliCredential::new().subscription(bad).is_err(),
            "{bad}"
        );
    }
    let refused = [
        TokenRequest::new(["--help"]),
        TokenRequest::new(["https://x/$(id)"]),
        TokenRequest::new(["https://x/&calc"]),
        TokenRequest::new([VAULT]).tenant("--debug"),
        TokenRequest::new([VAULT]).tenant("x;y"),
    ];
    for credential in tools() {
        for request in refused.clone() {
            let result = ask(credential.clone(), context(request), ended(0, "{}", ""));
            let error = result.expect_err("it is not handed on");
            assert!(matches!(error.cause(), Cause::Invalid(_)), "{error}");
        }
    }
}

#[test]
fn az_is_handed_a_tenant_or_a_subscription_and_never_both() {
    let az = AzureCliCredential::new;
    assert!(
        az().tenant("t")
            .expect("a tenant")
            .subscription("s")
            .is_err()
    );
    assert!(
        az().subscription("s")
            .expect("a subscription")
            .tenant("t")
            .is_err()
    );
    let configured = r#"{"tenant":"t","subscription":"s"}"#;
    let both: AzureCliCredential = serde_json::from_str(configured).expect("it is read");
    let error = ask(Arc::new(both), for_vault(), ended(0, "{}", "")).expect_err("one of the two");
    assert!(matches!(error.cause(), Cause::Invalid(_)), "{error}");
}

#[test]
fn one_process_at_a_time_is_run_for_a_credential() {
    for credential in tools() {
        assert_eq!(
            credential.lane(&Memory::default(), &Environment::default()),
            Lane::OneAtATime
        );
    }
}

#[test]
fn claims_name_the_login_that_satisfies_them() {
    let claims = r#"{"access_token":{"nbf":{"value":"1"}}}"#;
    let encoded = "eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7InZhbHVlIjoiMSJ9fX0=";
    let asks = || context(TokenRequest::new([VAULT]).claims(claims));
    let az = AzureCliCredential::new()
        .tenant("contoso.com")
        .expect("a tenant");
    let powershell = AzurePowerShellCredential::new().tenant("contoso.com");
    let powershell = powershell.expect("a tenant");
    let az_login =
        format!("az login --tenant contoso.com --claims-challenge {encoded} --scope {VAULT}");
    let connect = format!("Connect-AzAccount -Tenant contoso.com -ClaimsChallenge '{encoded}'");
    let cases: [(Arc<dyn Credential>, _); 2] =
        [(Arc::new(az), az_login), (Arc::new(powershell), connect)];
    for (credential, login) in cases {
        let not_run = Reply::Exec(Err(ExecFailure::NotFound));
        let error = ask(credential.clone(), asks(), not_run.clone()).expect_err("a person must");
        assert_eq!(error.kind(), ErrorKind::InteractionRequired);
        assert!(error.to_string().contains(&login), "{error}");
        let in_default_chain = asks().with_position(Position::InDefaultChain);
        let error = ask(credential, in_default_chain, not_run).expect_err("a person must");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
    let [_, azd, _] = tools();
    let asked = request(azd, asks()).arguments.join(" ");
    assert!(asked.ends_with(&format!("--claims {encoded}")), "{asked}");
}

#[test]
fn a_failure_stops_a_chain_of_ones_own_and_not_the_default_one() {
    let replies = [
        ended(1, "", "AADSTS65001: no consent"),
        ended(0, "Welcome!", ""),
        Reply::Exec(Err(ExecFailure::PermissionDenied)),
    ];
    let expected = [
        (Position::Alone, ErrorKind::Failed),
        (Position::InChain, ErrorKind::Failed),
        (Position::InDefaultChain, ErrorKind::Unavailable),
    ];
    for credential in tools() {
        for reply in &replies {
            for (position, kind) in expected {
                let context = for_vault().with_position(position);
                let error = ask(credential.clone(), context, reply.clone());
                assert_eq!(error.expect_err("no token").kind(), kind, "{position:?}");
            }
        }
    }
}

#[test]
fn a_tool_that_is_missing_slow_or_logged_out_is_unavailable_wherever_it_stands() {
    let logged_out = [
        "ERROR: Please run 'az login' to setup account.",
        "not logged in, run `azd auth login` to login",
        "Run Connect-AzAccount to login.",
    ];
    for (credential, logged_out) in tools().into_iter().zip(logged_out) {
        let replies = [
            Reply::Exec(Err(ExecFailure::NotFound)),
            Reply::Exec(Err(ExecFailure::TimedOut)),
            ended(127, "", "not found"),
            ended(1, "", logged_out),
        ];
        for reply in replies {
            let error = ask(credential.clone(), for_vault(), reply).expect_err("no token");
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
            assert!(error.advice().is_some(), "{error}");
        }
        // What Entra says counts before a hint to log in that stands beside it.
        let both = ended(1, "", &format!("AADSTS50076: multi-factor. {logged_out}"));
        let error = ask(credential, for_vault(), both).expect_err("no token");
        assert_eq!(error.kind(), ErrorKind::Failed, "{error}");
    }
}

#[test]
fn nothing_that_a_tool_printed_in_the_place_of_a_token_is_shown() {
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln";
    let spoilt = [
        ended(
            0,
            &format!(r#"{{"accessToken":"{token}","expires_on":1}}"#),
            "",
        ),
        ended(0, &format!(r#"WARNING {{"accessToken":"{token}"}}"#), ""),
        ended(1, &format!(r#"{{"accessToken":"{token}"}}"#), ""),
        ended(1, "", &format!("DEBUG: got {token}")),
        ended(1, "", r#"{"accessToken": "AT-opaque"}"#),
        ended(1, "", "Authorization: Bearer AT-opaque"),
    ];
    for credential in tools() {
        for reply in &spoilt {
            let result = ask(credential.clone(), for_vault(), reply.clone());
            let error = result.expect_err("that is no token");
            let shown = format!("{error} {error:?}");
            assert!(
                !shown.contains("eyJ") && !shown.contains("opaque"),
                "{shown}"
            );
        }
    }
}

#[test]
fn a_tool_runs_where_only_administrators_write_and_is_looked_for_on_the_path_alone() {
    let [az, _, powershell] = tools();
    let linux = Environment::from_pairs([("PATH", ".:bin::/usr/bin")]);
    let linux = for_vault()
        .with_environment(linux)
        .with_platform(Platform::Linux);
    let asked = request(az.clone(), linux);
    assert_eq!(asked.candidates, ["/usr/bin/az"]);
    assert_eq!(asked.directory.as_deref(), Some("/"));

    let pairs = [
        ("PATH", r".;C:\Tools"),
        ("PATHEXT", ".EXE;.CMD;.JS"),
        ("SYSTEMROOT", r"C:\Windows"),
    ];
    let windows = || {
        let environment = Environment::from_pairs(pairs);
        let context = for_vault().with_environment(environment);
        context.with_platform(Platform::Windows)
    };
    let asked = request(az, windows());
    assert_eq!(asked.candidates, [r"C:\Tools\az.exe", r"C:\Tools\az.cmd"]);
    assert_eq!(asked.directory.as_deref(), Some(r"C:\Windows"));
    let asked = request(powershell.clone(), windows());
    let older = [r"C:\Tools\powershell.exe", r"C:\Tools\powershell.cmd"];
    assert_eq!(asked.candidates[2..], older, "after PowerShell 7");

    let nowhere = for_vault().with_platform(Platform::Windows);
    let error = ask(powershell, nowhere, ended(0, "{}", "")).expect_err("no safe directory");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
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
