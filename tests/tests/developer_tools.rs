//! The tools that developers log in to: how they are asked, and how what they print is read.

mod support {
    pub(crate) mod tools;
}

use std::sync::Arc;
use std::time::Duration;

use azid_core::effect::{ExecFailure, ExecRequest};
use azid_core::testing::{Reply, START, context};
use azid_core::{
    AccessToken, AzureCliCredential, AzureDeveloperCliCredential, AzurePowerShellCredential, Cause,
    Context, Credential, Environment, Error, ErrorKind, PlanContext, Platform, Position, Readiness,
    Run, Step, TokenRequest,
};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use support::tools::{VAULT, ask, ended, for_vault, tools};

fn az(stdout: &str) -> Result<AccessToken, Error> {
    let credential = Arc::new(AzureCliCredential::new());
    ask(credential, for_vault(), ended(0, stdout, ""))
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
fn each_tool_is_asked_for_the_same_resource_in_its_own_form() {
    const APP: &str = "api://11111111-aaaa-4bbb-8ccc-000000000001";
    let handed = |credential: &Arc<dyn Credential>, scope: &str| {
        let arguments = request(credential.clone(), context(TokenRequest::new([scope]))).arguments;
        let last = arguments.last().expect("there are arguments").clone();
        match arguments.contains(&"-EncodedCommand".to_owned()) {
            true => decoded(&last),
            false => arguments[arguments.len() - 2..].join(" "),
        }
    };
    let [az, azd, powershell] = tools();
    for (scope, resource) in [
        (VAULT, "https://vault.azure.net"),
        ("https://vault.azure.net", "https://vault.azure.net"),
        (
            "https://management.azure.com//.default",
            "https://management.azure.com/",
        ),
        (
            "https://management.azure.com/",
            "https://management.azure.com/",
        ),
        (&format!("{APP}/.default"), APP),
        (APP, APP),
    ] {
        assert_eq!(handed(&az, scope), format!("--resource {resource}"));
        let scoped = format!("--scope {resource}/.default");
        assert!(handed(&azd, scope).ends_with(&scoped), "{scope}");
        let named = format!("ResourceUrl = '{resource}'");
        assert!(handed(&powershell, scope).contains(&named), "{scope}");
    }
    let permission = "https://graph.microsoft.com/User.Read";
    for tool in [az, azd] {
        assert_eq!(handed(&tool, permission), format!("--scope {permission}"));
    }
    let asks = context(TokenRequest::new([permission]));
    let error = ask(powershell, asks, ended(0, "{}", "")).expect_err("it takes resources");
    assert!(error.to_string().contains("{resource}/.default"), "{error}");
}

/// The script of an `-EncodedCommand`.
fn decoded(argument: &str) -> String {
    let bytes = STANDARD.decode(argument).expect("it is base64");
    let units = bytes
        .chunks(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    String::from_utf16(&units.collect::<Vec<_>>()).expect("it is UTF-16")
}

#[test]
fn the_script_keeps_to_what_constrained_language_mode_allows() {
    let [.., powershell] = tools();
    let arguments = request(powershell.clone(), for_vault()).arguments;
    let script = decoded(arguments.last().expect("the script"));
    // Its types may be named and their methods be called; `Console` is only tried.
    let types = script
        .split('[')
        .skip(1)
        .filter_map(|rest| rest.split(']').next());
    for name in types {
        assert!(["version", "string", "Console"].contains(&name), "{name}");
    }
    assert!(script.contains("try { [Console]"), "{script}");
    assert!(script.contains("catch { Write-Error"), "{script}");
    let said = "Cannot invoke method. Method invocation is supported only on core types in this language mode.";
    let error = ask(powershell, for_vault(), ended(1, "", said)).expect_err("it is forbidden");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("policy"), "{error}");
}

#[test]
fn a_byte_order_mark_before_the_json_is_skipped() {
    for tool in tools() {
        let stdout = "\u{feff}{\"accessToken\":\"AT\",\"expires_on\":1795266000}";
        let token = ask(tool, for_vault(), ended(0, stdout, "")).expect("a token");
        assert_eq!(token.expose(), "AT");
    }
}

#[test]
fn a_moment_of_expiry_that_makes_no_sense_is_refused_or_bounded() {
    let live = |expires: &str| {
        let stdout = format!(r#"{{"accessToken":"AT",{expires}}}"#);
        az(&stdout).map(|token| (token.expires_on().unix_milliseconds() - START) / 60_000)
    };
    for past in [
        r#""expires_on":1795250000"#,
        r#""expires_on":3600"#,
        r#""expires_on":0"#,
        r#""expires_on":-1795266000"#,
        r#""expires_on":-1e300"#,
    ] {
        let error = live(past).expect_err(past);
        assert!(
            matches!(error.cause(), Cause::ExpiredToken { .. }),
            "{error}"
        );
    }
    for (far, minutes) in [
        (r#""expires_on":2426407200"#, 30 * 24 * 60),
        (r#""expires_on":1e300"#, 30 * 24 * 60),
        (r#""expiresOn":"9999-12-31T23:59:59Z""#, 30 * 24 * 60),
        (r#""expiresOn":"0001-01-01T00:00:00Z""#, 5),
        (r#""expires_on":"soon""#, 5),
        (r#""expires_on":[]"#, 5),
        (r#""expiresOn":"2026-11-21T25:61:00Z""#, 5),
    ] {
        assert_eq!(live(far).expect("bounded"), minutes, "{far}");
    }
}

#[test]
fn a_plan_says_that_it_cannot_see_whether_a_tool_is_there() {
    let plan = |platform, pairs: &[(&str, &str)]| {
        let environment = Environment::from_pairs(pairs.iter().copied());
        let [az, ..] = tools();
        az.plan(&PlanContext {
            environment: &environment,
            platform,
            position: Position::Alone,
        })
    };
    let ready = plan(Platform::Linux, &[("PATH", "/usr/bin")]);
    assert_eq!(ready.readiness, Readiness::Ready);
    assert!(
        ready.to_string().ends_with("if `az` is on the PATH"),
        "{ready}"
    );
    let missing = |names: &[&'static str]| Readiness::Missing(names.to_vec());
    let nowhere = plan(Platform::Linux, &[("PATH", ".:bin")]);
    assert_eq!(nowhere.readiness, missing(&["PATH"]));
    let root = ("SYSTEMROOT", r"C:\Windows");
    assert_eq!(
        plan(Platform::Windows, &[root]).readiness,
        missing(&["PATH"])
    );
    assert_eq!(
        plan(Platform::Windows, &[]).readiness,
        missing(&["SYSTEMROOT"])
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
