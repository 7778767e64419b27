//! The default chain: which credentials the variables choose, what is said before anything is
//! asked, and how soon it is over where nothing is there.

use std::sync::Arc;
use std::time::Duration;

use azid_core::effect::{
    ExecFailure, ExecRequest, FileFailure, HttpFailure, HttpResponse, Refusal,
};
use azid_core::testing::{Case, Reply, START};
use azid_core::{
    Cause, Context, Credential, CredentialConfig, DefaultAzureCredential, DefaultLink, Environment,
    Error, ErrorKind, ManagedIdentityCredential, ManagedIdentityId, Now, Outcome, Plan,
    PlanContext, Platform, Position, Readiness, Run, Seed, Step, TokenRequest, What,
};

const TOKEN: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"AT"}"#;

const SECRET: [(&str, &str); 3] = [
    ("AZURE_TENANT_ID", "contoso.com"),
    ("AZURE_CLIENT_ID", "app-id"),
    ("AZURE_CLIENT_SECRET", "c4nary"),
];

fn plan(credential: &dyn Credential, variables: &[(&str, &str)]) -> Plan {
    credential.plan(&PlanContext {
        environment: &Environment::from_pairs(variables.iter().copied()),
        platform: Platform::MacOs,
        position: Position::Alone,
    })
}

/// The credentials that the default chain would ask, in order.
fn chosen(credential: &DefaultAzureCredential, word: &str) -> Vec<&'static str> {
    let plan = plan(credential, &[("AZURE_TOKEN_CREDENTIALS", word)]);
    plan.links.iter().map(|link| link.credential).collect()
}

#[test]
fn the_variable_chooses_the_links_in_whatever_case_and_with_white_space() {
    let all = [
        "EnvironmentCredential",
        "WorkloadIdentityCredential",
        "ManagedIdentityCredential",
        "AzureCliCredential",
        "AzurePowerShellCredential",
        "AzureDeveloperCliCredential",
    ];
    let (deployed, tools) = all.split_at(3);
    let names: Vec<_> = DefaultLink::ALL
        .iter()
        .map(|link| link.credential())
        .collect();
    assert_eq!(names, all);
    let chain = DefaultAzureCredential::new();
    for word in ["", " "] {
        assert_eq!(chosen(&chain, word), all, "{word:?}");
    }
    for word in ["prod", "PROD", "\tProd "] {
        assert_eq!(chosen(&chain, word), deployed, "{word:?}");
    }
    assert_eq!(chosen(&chain, "Dev"), tools);
    for name in all {
        assert_eq!(chosen(&chain, name), [name]);
        assert_eq!(chosen(&chain, &name.to_uppercase()), [name]);
    }
    let without = chain.exclude(DefaultLink::WorkloadIdentity);
    assert_eq!(chosen(&without, "prod"), [all[0], all[2]]);
}

#[test]
fn a_value_that_means_nothing_is_a_failure_that_lists_the_valid_ones() {
    for word in ["developer", "production", "BrokerCredential", "prod,dev"] {
        let case = Case::new("an unknown word", DefaultAzureCredential::new());
        let error = error(case.with("AZURE_TOKEN_CREDENTIALS", word).run());
        assert_eq!(error.kind(), ErrorKind::Failed);
        let Cause::Invalid(invalid) = error.cause() else {
            panic!("{error}");
        };
        assert_eq!(invalid.what(), What::Variable("AZURE_TOKEN_CREDENTIALS"));
        let shown = error.to_string();
        for link in DefaultLink::ALL {
            assert!(shown.contains(link.credential()), "{shown}");
        }
        assert!(shown.contains("prod") && shown.contains("dev"), "{shown}");
    }
}

#[test]
fn where_the_variable_is_required_nothing_is_asked_without_it() {
    let chain = DefaultAzureCredential::new().require_variable();
    let case = Case::new("required", chain.clone());
    let outcome = SECRET
        .iter()
        .fold(case, |case, (name, value)| case.with(name, *value));
    let error = error(outcome.http(200, TOKEN).run());
    let missing = Cause::MissingVariables(vec!["AZURE_TOKEN_CREDENTIALS"]);
    assert_eq!((error.kind(), error.cause()), (ErrorKind::Failed, &missing));
    assert_eq!(chosen(&chain, "prod").len(), 3);
}

#[test]
fn an_excluded_link_stays_excluded_whatever_the_variable_says() {
    let chain = DefaultAzureCredential::new().exclude(DefaultLink::ManagedIdentity);
    let case = Case::new("nothing left", chain);
    let error = error(
        case.with("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
            .run(),
    );
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(error.to_string().contains("excluded"), "{error}");
}

#[test]
fn a_credential_that_is_named_alone_behaves_as_without_a_chain() {
    let nobody = || vec![Reply::from(HttpFailure::TimedOut); 8];
    let with = |case: Case| {
        let case = case.on(Platform::Other);
        nobody().into_iter().fold(case, Case::then)
    };
    let named = with(Case::new("named", DefaultAzureCredential::new()))
        .with("AZURE_TOKEN_CREDENTIALS", "managedidentitycredential")
        .run();
    let alone = with(Case::new("alone", ManagedIdentityCredential::new())).run();
    let exchanges = |outcome: &Outcome| {
        let transcript = outcome.transcript.clone().expect("cases record one");
        transcript.into_transcript().exchanges
    };
    assert!(exchanges(&alone).len() > 2, "it is patient");
    assert_eq!(exchanges(&named), exchanges(&alone));
    assert_eq!(error(named), error(alone));
}

#[test]
fn the_client_id_of_the_environment_names_the_managed_identity_unless_the_program_does() {
    let asks = |chain: DefaultAzureCredential| {
        let case = Case::new("managed", chain)
            .with("AZURE_CLIENT_ID", "of-environment")
            .with("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
            .on(Platform::Other)
            .http(200, TOKEN);
        let transcript = case.run().transcript.expect("cases record one");
        serde_json::to_string(&transcript.exchanges).expect("it serialises")
    };
    let chain = DefaultAzureCredential::new();
    assert!(asks(chain.clone()).contains("client_id=of-environment"));
    let id = ManagedIdentityId::ObjectId("of-program".into());
    let asked = asks(chain.managed_identity(id).expect("an id"));
    assert!(asked.contains("object_id=of-program"), "{asked}");
    assert!(!asked.contains("of-environment"), "{asked}");
}

#[test]
fn the_plan_says_what_would_be_tried_in_which_order_and_what_is_missing_where() {
    let chain = DefaultAzureCredential::new();
    let plan = plan(&chain, &[SECRET[0], SECRET[1]]);
    assert_eq!(
        plan.to_string(),
        "\
DefaultAzureCredential: ready
  EnvironmentCredential: not set: AZURE_CLIENT_SECRET
  WorkloadIdentityCredential: not set: AZURE_FEDERATED_TOKEN_FILE
  ManagedIdentityCredential: ready, from the instance metadata service at http://169.254.169.254
  AzureCliCredential: ready, from the account that the Azure CLI is logged in to, if `az` is on the PATH
  AzurePowerShellCredential: ready, from the account that Azure PowerShell is logged in to, if `pwsh` is on the PATH
  AzureDeveloperCliCredential: ready, from the account that the Azure Developer CLI is logged in to, if `azd` is on the PATH"
    );
    let json = serde_json::to_value(&plan).expect("a plan serialises");
    assert_eq!(
        json["links"][0]["readiness"]["missing"][0],
        "AZURE_CLIENT_SECRET"
    );
    assert_eq!(json["links"][2]["readiness"], "ready");
}

#[test]
fn a_plan_says_what_is_wrong_before_anything_is_asked() {
    let chain = DefaultAzureCredential::new();
    let broken = plan(
        &chain,
        &[
            SECRET[0],
            SECRET[1],
            SECRET[2],
            ("AZURE_AUTHORITY_HOST", "http://x"),
        ],
    );
    assert!(
        matches!(broken.readiness, Readiness::Invalid(_)),
        "{broken}"
    );
    assert!(
        broken.to_string().contains("AZURE_AUTHORITY_HOST"),
        "{broken}"
    );
    let named = plan(
        &chain,
        &[("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")],
    );
    assert_eq!(named.readiness, Readiness::NoLink);
    let unknown = plan(&chain, &[("AZURE_TOKEN_CREDENTIALS", "nothing")]);
    assert!(
        matches!(unknown.readiness, Readiness::Invalid(_)),
        "{unknown}"
    );
    let required = plan(&chain.require_variable(), &[]);
    assert_eq!(
        required.readiness,
        Readiness::Missing(vec!["AZURE_TOKEN_CREDENTIALS"])
    );
}

#[test]
fn a_default_chain_is_read_from_a_configuration_and_written_back() {
    let id = ManagedIdentityId::ClientId("app-id".into());
    let chain = DefaultAzureCredential::new()
        .exclude(DefaultLink::WorkloadIdentity)
        .require_variable()
        .remember_winner(false)
        .additionally_allowed_tenants(["*"])
        .process_timeout(Duration::from_secs(7))
        .managed_identity(id)
        .expect("an id");
    let config = CredentialConfig::from(chain);
    let written = serde_json::to_string(&config).expect("it is data");
    let expected = r#"{"credential":"default-azure","exclude":["workload-identity"],"require_variable":true,"remember_winner":false,"managed_identity":{"client-id":"app-id"},"additionally_allowed_tenants":["*"],"process_timeout_milliseconds":7000}"#;
    assert_eq!(written, expected);
    assert_eq!(
        serde_json::from_str::<CredentialConfig>(&written).expect("it is read"),
        config
    );
    let plain: CredentialConfig =
        serde_json::from_str(r#"{"credential":"default-azure"}"#).expect("plain");
    assert_eq!(plain, DefaultAzureCredential::new().into());
}

#[test]
fn off_azure_the_default_chain_is_over_within_three_seconds_and_its_error_is_a_table() {
    for platform in [Platform::Linux, Platform::Windows, Platform::Other] {
        let (error, elapsed) = in_a_black_hole(&[], platform);
        assert!(elapsed <= Duration::from_secs(3), "{elapsed:?}");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let links: Vec<_> = error.links().iter().map(|link| link.link).collect();
        assert_eq!(
            links,
            DefaultLink::ALL
                .iter()
                .map(|link| link.credential())
                .collect::<Vec<_>>()
        );
        let shown = error.to_string();
        assert!(
            shown.contains("AZURE_CLIENT_SECRET") && shown.contains("169.254.169.254"),
            "{shown}"
        );
    }
}

#[test]
fn with_tools_that_never_answer_the_default_chain_is_over_when_their_time_outs_are() {
    let chain = |timeout| DefaultAzureCredential::new().process_timeout(timeout);
    for timeout in [Duration::from_secs(30), Duration::from_secs(5)] {
        for platform in [Platform::Linux, Platform::Windows, Platform::Other] {
            let variables = [("SYSTEMROOT", r"C:\Windows")];
            let hung = |_: &ExecRequest| ExecFailure::TimedOut;
            let (error, elapsed) = in_a_hole(chain(timeout), &variables, platform, hung);
            assert!(
                elapsed <= timeout * 3 + Duration::from_secs(3),
                "{elapsed:?}"
            );
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            let slow = error.links().iter().filter(|link| link.took == timeout);
            let slow: Vec<_> = slow.map(|link| link.link).collect();
            let tools = DefaultLink::ALL.iter().filter(|link| link.group() == "dev");
            assert_eq!(
                slow,
                tools.map(|link| link.credential()).collect::<Vec<_>>()
            );
        }
    }
}

#[test]
fn a_metadata_service_that_is_named_and_hangs_takes_a_second_of_the_default_chain() {
    let named = [("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://10.0.0.1")];
    let (error, elapsed) = in_a_black_hole(&named, Platform::MacOs);
    assert!(elapsed <= Duration::from_secs(3), "{elapsed:?}");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[test]
fn a_metadata_service_that_hangs_leaves_a_hurried_run_time_for_the_tools() {
    let mut elapsed = Duration::ZERO;
    let hurried = context(&[])
        .with_platform(Platform::MacOs)
        .with_deadline(Duration::from_secs(5));
    let mut step = Run::start(Arc::new(DefaultAzureCredential::new()), hurried);
    let mut requests = 0;
    loop {
        step = match step {
            Step::Http(call) => {
                requests += 1;
                if requests == 1 {
                    // It is there, but has nothing to give.
                    let answer = HttpResponse::new(400, &b"{}"[..]);
                    call.reply(Ok(answer), now(elapsed))
                } else {
                    elapsed += call.request().requirements.timeout;
                    call.reply(Err(HttpFailure::TimedOut), now(elapsed))
                }
            }
            Step::Sleep(call) => {
                elapsed += call.request().duration;
                call.reply(Ok(()), now(elapsed))
            }
            Step::ReadFile(call) => call.reply(Err(FileFailure::NotFound), now(elapsed)),
            Step::Exec(call) => {
                assert_eq!(call.request().program, "az");
                assert!(elapsed <= Duration::from_millis(2600), "{elapsed:?}");
                return;
            }
            step => panic!("az is asked: {step:?}"),
        };
    }
}

#[test]
fn a_managed_identity_that_is_named_alone_is_waited_for() {
    let named = [("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")];
    let (_, elapsed) = in_a_black_hole(&named, Platform::Other);
    assert!(elapsed > Duration::from_secs(20), "{elapsed:?}");
}

/// Runs the default chain where no packet is ever answered and no tool is there, on virtual time.
fn in_a_black_hole(variables: &[(&str, &str)], platform: Platform) -> (Error, Duration) {
    let nothing = |_: &ExecRequest| ExecFailure::NotFound;
    in_a_hole(DefaultAzureCredential::new(), variables, platform, nothing)
}

fn in_a_hole(
    credential: DefaultAzureCredential,
    variables: &[(&str, &str)],
    platform: Platform,
    tool: impl Fn(&ExecRequest) -> ExecFailure,
) -> (Error, Duration) {
    let context = context(variables).with_platform(platform);
    let mut step = Run::start(Arc::new(credential), context);
    let mut elapsed = Duration::ZERO;
    loop {
        step = match step {
            Step::Done(outcome) => return (error(outcome), elapsed),
            Step::Http(call) => {
                elapsed += call.request().requirements.timeout;
                call.reply(Err(HttpFailure::TimedOut), now(elapsed))
            }
            Step::Exec(call) => {
                let failure = tool(call.request());
                if failure == ExecFailure::TimedOut {
                    elapsed += call.request().timeout;
                }
                call.reply(Err(failure), now(elapsed))
            }
            Step::Sleep(call) => {
                elapsed += call.request().duration;
                call.reply(Ok(()), now(elapsed))
            }
            Step::ReadFile(call) => call.reply(Err(FileFailure::NotFound), now(elapsed)),
            other => other.refuse(Refusal::NoSuchEffect, now(elapsed)),
        };
    }
}

fn now(elapsed: Duration) -> Now {
    let milliseconds = i64::try_from(elapsed.as_millis()).expect("it is short");
    Now::new(START + milliseconds, elapsed)
}

fn context(variables: &[(&str, &str)]) -> Context {
    let request = TokenRequest::new(["https://vault.azure.net/.default"]);
    Context::new(request, now(Duration::ZERO), Seed::new([1; 32]))
        .with_environment(Environment::from_pairs(variables.iter().copied()))
}

fn error(outcome: Outcome) -> Error {
    outcome.result.expect_err("there is no token")
}
