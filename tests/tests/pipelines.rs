//! Jobs of Azure Pipelines: what is asked of Azure DevOps, and what its answers mean.

use azid_core::effect::{HttpRequest, HttpResponse};
use azid_core::testing::{Case, Reply};
use azid_core::{
    AzurePipelinesCredential, Credential, Environment, Error, ErrorKind, Fault, Plan, PlanContext,
    Platform, Position, Readiness, TokenRequest,
};
use azid_tests::watch::watch_script;

const URI: &str = "https://dev.azure.com/contoso/1/_apis/jobs/3/oidctoken";
const TOKEN: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"AT"}"#;

fn credential() -> AzurePipelinesCredential {
    AzurePipelinesCredential::new("contoso.com", "app-id", "connection-id", "job-t0ken")
        .expect("four good values")
}

fn case() -> Case {
    Case::new("a job", credential()).with("SYSTEM_OIDCREQUESTURI", URI)
}

fn assertion(text: &str) -> String {
    format!(r#"{{"oidcToken":"{text}"}}"#)
}

fn requests(case: &Case) -> Vec<HttpRequest> {
    let seen = watch_script(case);
    seen.outcome.result.expect("a token");
    seen.requests
}

fn error(case: Case) -> Error {
    case.run().result.expect_err("no token")
}

fn body(request: &HttpRequest) -> String {
    String::from_utf8_lossy(request.body.expose()).into_owned()
}

#[test]
fn the_request_for_the_assertion_is_an_empty_post_with_all_that_azure_devops_wants() {
    let case = case().http(200, &assertion("e30.1.c2ln")).http(200, TOKEN);
    let requests = requests(&case);
    let request = &requests[0];
    let url = format!("{URI}?api-version=7.1&serviceConnectionId=connection-id");
    assert_eq!(request.url.as_str(), url);
    assert_eq!(
        (request.method.as_str(), body(request)),
        ("POST", String::new())
    );
    assert_eq!(request.headers["content-type"], "application/json");
    assert_eq!(request.headers["x-tfs-fedauthredirect"], "Suppress");
    assert_eq!(request.headers["authorization"], "Bearer job-t0ken");
    assert!(body(&requests[1]).contains("client_assertion=e30.1.c2ln&"));
}

#[test]
fn the_jobs_token_is_marked_as_a_secret_wherever_it_goes() {
    let case = case().http(200, &assertion("e30.1.c2ln")).http(200, TOKEN);
    let seen = watch_script(&case);
    assert!(seen.requests[0].headers["authorization"].is_sensitive());
    let secrets: Vec<_> = seen.requests[0].secrets().iter().collect();
    assert_eq!(secrets.len(), 1);
    assert_eq!(secrets[0].expose(), "job-t0ken");
    let stored = serde_json::to_string(seen.transcript()).expect("a transcript serialises");
    assert!(!format!("{stored}{}", seen.log).contains("job-t0ken"));
}

#[test]
fn a_query_that_the_address_has_is_kept_and_what_it_repeats_is_replaced() {
    let at = |address: &str| {
        let case = Case::new("a job", credential())
            .with("SYSTEM_OIDCREQUESTURI", address)
            .http(200, &assertion("e30.1.c2ln"))
            .http(200, TOKEN);
        requests(&case).remove(0).url.to_string()
    };
    let ours = "api-version=7.1&serviceConnectionId=connection-id";
    let host = "https://dev.azure.com/x";
    assert_eq!(at(host), format!("{host}?{ours}"));
    assert_eq!(at(&format!("{host}?")), format!("{host}?{ours}"));
    let kept = "ticket=a%20b+c&flag";
    let address = format!("{host}?{kept}&api-version=6.0&&serviceConnectionId=other#top");
    assert_eq!(at(&address), format!("{host}?{kept}&{ours}"));
}

#[test]
fn every_repetition_of_the_exchange_has_an_assertion_of_its_own() {
    let case = case()
        .http(200, &assertion("e30.first.c2ln"))
        .http(503, "")
        .http(200, &assertion("e30.second.c2ln"))
        .http(429, "")
        .http(200, &assertion("e30.third.c2ln"))
        .http(200, TOKEN);
    let sent: Vec<_> = requests(&case).iter().map(body).collect();
    for (body, assertion) in [
        (&sent[1], "first"),
        (&sent[3], "second"),
        (&sent[5], "third"),
    ] {
        let field = format!("client_assertion=e30.{assertion}.c2ln&");
        assert!(body.contains(&field), "{body}");
    }
}

#[test]
fn a_refusal_shows_its_status_the_ids_to_search_for_and_what_to_check() {
    for status in [203, 302, 401, 403] {
        let error = error(
            case()
                .http(status, "<html>Sign in, job-t0ken</html>")
                .header("x-vss-e2eid", "e2e-1")
                .header("x-msedge-ref", "Ref A: 1\tRef B: job-t0ken"),
        );
        assert_eq!(
            (error.kind(), error.fault()),
            (ErrorKind::Failed, Fault::Configuration)
        );
        let ids: Vec<_> = error.request_ids().collect();
        assert_eq!(
            ids,
            [
                ("x-vss-e2eid", "e2e-1"),
                ("x-msedge-ref", "Ref A: 1 Ref B: [secret]")
            ]
        );
        let shown = error.to_string();
        for part in [
            &status.to_string(),
            "e2e-1",
            "Ref A: 1",
            "System.AccessToken",
            "service connection",
        ] {
            assert!(shown.contains(part), "{shown}");
        }
        assert!(!format!("{shown}{error:?}").contains("t0ken"), "{error:?}");
        assert_eq!(error.endpoint(), Some(URI));
    }
}

#[test]
fn a_connection_that_does_not_exist_is_named_in_azure_devops_own_words() {
    let body = r#"{"$id":"1","innerException":null,"message":"No service connection found with identifier connection-id.","typeName":"x","typeKey":"ServiceEndpointException","errorCode":0}"#;
    let error = error(case().http(404, body));
    let shown = error.to_string();
    for part in [
        "404",
        "No service connection found with identifier connection-id",
        "check the service connection's id",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
}

#[test]
fn an_id_without_end_is_cut() {
    let mut response = HttpResponse::new(401, &b""[..]);
    let long = http::HeaderValue::from_str(&"x".repeat(5000)).expect("ASCII");
    response.headers.insert("x-vss-e2eid", long);
    let error = error(case().then(Reply::from(response)));
    let (_, id) = error.request_ids().next().expect("there is one");
    assert!(id.chars().count() <= 201, "{}", id.len());
}

#[test]
fn a_pause_that_azure_devops_asks_for_reaches_the_caller() {
    let error = error(case().http(429, "").header("retry-after", "3600"));
    assert_eq!(error.retry_after().map(|pause| pause.as_secs()), Some(3600));
    assert!(error.is_transient());
}

#[test]
fn outside_a_pipeline_it_is_unavailable_and_says_which_variable_is_missing() {
    let error = error(Case::new("no job", credential()));
    assert_eq!(
        (error.kind(), error.fault()),
        (ErrorKind::Unavailable, Fault::Configuration)
    );
    let shown = error.to_string();
    assert!(
        shown.contains("SYSTEM_OIDCREQUESTURI") && shown.contains("Azure Pipelines"),
        "{shown}"
    );
}

#[test]
fn an_address_that_is_no_https_url_is_a_failure_that_names_the_variable() {
    for address in [
        "oidctoken",
        "/oidctoken",
        "http://dev.azure.com/",
        "ftp://x",
        "https://",
        "https://u:p@dev.azure.com/",
    ] {
        let error = error(Case::new("a job", credential()).with("SYSTEM_OIDCREQUESTURI", address));
        assert_eq!(error.kind(), ErrorKind::Failed, "{address}");
        assert!(
            error
                .to_string()
                .contains("the variable SYSTEM_OIDCREQUESTURI"),
            "{error}"
        );
    }
}

#[test]
fn a_request_without_scopes_asks_nobody() {
    let seen = watch_script(&case().asks(TokenRequest::new([""; 0])));
    assert!(seen.outcome.result.is_err());
    assert!(seen.requests.is_empty());
}

#[test]
fn what_cannot_work_is_refused_when_the_credential_is_made() {
    let made = |tenant, client, connection, token: &str| {
        AzurePipelinesCredential::new(tenant, client, connection, token)
            .map_err(|invalid| invalid.to_string())
    };
    assert!(made("contoso.com", "app-id", "connection", "token").is_ok());
    for (tenant, client, connection, token, words) in [
        ("", "app-id", "connection", "token", "the tenant"),
        ("contoso.com", "", "connection", "token", "the client id"),
        (
            "contoso.com",
            "app-id",
            " ",
            "token",
            "the service connection's id",
        ),
        (
            "contoso.com",
            "app-id",
            "connection",
            "",
            "System.AccessToken",
        ),
        (
            "contoso.com",
            "app-id",
            "connection",
            "to\nken",
            "header field",
        ),
        (
            "contoso.com",
            "app-id",
            "connection",
            "$(System.AccessToken)",
            "has not replaced",
        ),
    ] {
        let why = made(tenant, client, connection, token).expect_err(words);
        assert!(why.contains(words), "{why}");
    }
}

#[test]
fn two_jobs_or_connections_share_no_token() {
    let identity = |connection, token| {
        let made = AzurePipelinesCredential::new("contoso.com", "app-id", connection, token);
        made.expect("valid").identity()
    };
    assert_eq!(identity("a", "t"), identity("a", "t"));
    assert_ne!(identity("a", "t"), identity("b", "t"));
    assert_ne!(identity("a", "t"), identity("a", "u"));
}

#[test]
fn the_plan_says_what_is_missing() {
    let plan = |pairs: &[(&str, &str)]| -> Plan {
        let environment = Environment::from_pairs(pairs.iter().copied());
        credential().plan(&PlanContext {
            environment: &environment,
            platform: Platform::Linux,
            position: Position::Alone,
        })
    };
    let variable = "SYSTEM_OIDCREQUESTURI";
    assert_eq!(plan(&[]).readiness, Readiness::Missing(vec![variable]));
    assert_eq!(plan(&[(variable, URI)]).readiness, Readiness::Ready);
    assert!(matches!(
        plan(&[(variable, "x")]).readiness,
        Readiness::Invalid(_)
    ));
}

#[test]
fn a_jobs_token_that_no_header_field_can_hold_is_refused_before_anything_is_sent() {
    for unfit in [
        "CANARY\u{e9}",
        "CANARY\n",
        " CANARY",
        "CAN\tARY",
        "CAN\u{1b}ARY",
    ] {
        let invalid = AzurePipelinesCredential::new("contoso.com", "app-id", "id", unfit)
            .expect_err("no header field can hold it");
        assert!(invalid.to_string().contains("header field"), "{invalid}");
        assert!(!invalid.to_string().contains("CANARY"), "{invalid}");
        let url = "https://dev.azure.com/".parse().expect("a URL");
        let secret = || azid_core::Secret::from(unfit);
        let request = HttpRequest::get(url);
        let name = http::header::PROXY_AUTHORIZATION;
        assert!(request.clone().secret_header(name, secret()).is_err());
        assert!(request.authorization("Bearer", &secret()).is_err());
    }
}
