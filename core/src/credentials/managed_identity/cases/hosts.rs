//! The sources that the environment names and that need one exchange each.

use super::{RESOURCE_ID, TOKEN, again, no_answer};
use crate::credentials::{ManagedIdentityCredential, ManagedIdentityId};
use crate::effect::{FileFailure, HttpFailure, Refusal, Requirement};
use crate::request::TokenRequest;
use crate::testing::Case;

/// What can happen to all of them alike.
macro_rules! exchanges {
    ($host:literal, $at:ident) => {{
        let case = |name| $at(Case::new(name, ManagedIdentityCredential::new()));
        vec![
            case(concat!($host, ", a token")).http(200, TOKEN),
            case(concat!($host, ", a lifetime only"))
                .http(200, r#"{"access_token":"AT","expires_in":28799}"#),
            case(concat!($host, ", a moment as a number")).http(
                200,
                r#"{"access_token":"AT","expires_on":1795341600,"resource":"R"}"#,
            ),
            case(concat!($host, ", a moment as a date")).http(
                200,
                r#"{"access_token":"AT","expires_on":"11/22/2026 02:57:58 +00:00"}"#,
            ),
            case(concat!($host, ", a moment as a date on Windows")).http(
                200,
                r#"{"access_token":"AT","expires_on":"11/22/2026 5:24:12 AM +00:00"}"#,
            ),
            case(concat!($host, ", an empty object")).http(200, "{}"),
            case(concat!($host, ", an empty body")).http(200, ""),
            case(concat!($host, ", a page instead of JSON")).http(200, "<html>Welcome</html>"),
            case(concat!($host, ", a page instead of JSON, in a chain"))
                .in_chain()
                .http(200, "<html>Welcome</html>"),
            case(concat!($host, ", a redirect")).http(302, ""),
            case(concat!($host, ", a body too large"))
                .then(HttpFailure::BodyTooLarge { limit: 1024 * 1024 }),
            case(concat!($host, ", forbidden")).http(403, r#"{"error":"forbidden"}"#),
            again(case(concat!($host, ", throttled at first")), 429, 2).http(200, TOKEN),
            again(case(concat!($host, ", throttled for good")), 429, 6),
            again(case(concat!($host, ", a passing fault")), 500, 2).http(200, TOKEN),
            again(case(concat!($host, ", a fault that stays")), 503, 4),
            no_answer(case(concat!($host, ", nobody there")), 4),
            no_answer(
                case(concat!($host, ", nobody there, in a chain")).in_chain(),
                4,
            ),
            case(concat!($host, ", a host that uses a proxy for all"))
                .then(Refusal::Requirement(Requirement::NoProxy)),
            case(concat!($host, ", two scopes"))
                .asks(TokenRequest::new(["a/.default", "b/.default"])),
        ]
    }};
}

pub(super) fn cases() -> Vec<Case> {
    [
        exchanges!("App Service", app_service),
        exchanges!("Azure ML", azure_ml),
        exchanges!("Cloud Shell", cloud_shell),
        exchanges!("Service Fabric", service_fabric),
        ids(),
        particular(),
    ]
    .concat()
}

/// Each kind of id, taken or refused.
fn ids() -> Vec<Case> {
    let by = |name, id: fn(String) -> ManagedIdentityId, value: &str| {
        let credential = ManagedIdentityCredential::with_id(id(value.into()));
        Case::new(name, credential.expect("valid"))
    };
    let by_client = |name| by(name, ManagedIdentityId::ClientId, "client");
    let by_object = |name| by(name, ManagedIdentityId::ObjectId, "object");
    let by_resource = |name| by(name, ManagedIdentityId::ResourceId, RESOURCE_ID);
    vec![
        app_service(by_client("App Service, by client id")).http(200, TOKEN),
        app_service(by_object("App Service, by object id")).http(200, TOKEN),
        app_service(by_resource("App Service, by resource id")).http(200, TOKEN),
        azure_ml(by_client("Azure ML, by client id")).http(200, TOKEN),
        azure_ml(by_object("Azure ML, by object id")),
        azure_ml(by_resource("Azure ML, by resource id")),
        cloud_shell(by_client("Cloud Shell, by client id")),
        cloud_shell(by_object("Cloud Shell, by object id")),
        cloud_shell(by_resource("Cloud Shell, by resource id")),
        service_fabric(by_client("Service Fabric, by client id")),
        service_fabric(by_object("Service Fabric, by object id")),
        service_fabric(by_resource("Service Fabric, by resource id")),
        pod(by_client("a pod, by client id"))
            .then(FileFailure::NotFound)
            .file("h.p.s")
            .http(200, TOKEN),
        pod(by_object("a pod, by object id")).then(FileFailure::NotFound),
        pod(by_resource("a pod, by resource id")).then(FileFailure::NotFound),
    ]
}

/// What is peculiar to one of them.
fn particular() -> Vec<Case> {
    let case = |name| Case::new(name, ManagedIdentityCredential::new());
    vec![
        app_service(case("App Service, no system-assigned identity")).http(
            400,
            r#"{"statusCode":400,"message":"Unable to load the proper Managed Identity.","correlationId":"c"}"#,
        ),
        app_service(case("App Service, a resource that does not exist")).http(
            400,
            r#"{"statusCode":400,"message":"AADSTS500011: The resource principal was not found"}"#,
        ),
        again(app_service(case("App Service, an endpoint that starts")), 404, 1).http(200, TOKEN),
        app_service(case("App Service, a header that cannot be sent"))
            .with("IDENTITY_HEADER", "one\r\ntwo"),
        case("App Service, an endpoint that is no URL")
            .with("IDENTITY_ENDPOINT", "127.0.0.1:41741")
            .with("IDENTITY_HEADER", "header"),
        azure_ml(case("Azure ML, the default identity of the compute"))
            .with("DEFAULT_IDENTITY_CLIENT_ID", "default-client")
            .http(200, TOKEN),
        azure_ml(case("Azure ML, a secret that cannot be sent")).with("MSI_SECRET", "one\ntwo"),
        cloud_shell(case("Cloud Shell, an error")).http(
            400,
            r#"{"error":{"code":"AudienceNotSupported","message":"Audience R is not supported."}}"#,
        ),
        service_fabric(case("Service Fabric, continuous access evaluation"))
            .asks(TokenRequest::new(["https://vault.azure.net/.default"]).enable_cae())
            .http(200, TOKEN),
        service_fabric(case("Service Fabric, a certificate of somebody else's"))
            .then(HttpFailure::Tls(Default::default())),
        service_fabric(case("Service Fabric, a certificate of somebody else's, in a chain"))
            .in_chain()
            .then(HttpFailure::Tls(Default::default())),
        service_fabric(case("Service Fabric, a host that cannot pin certificates"))
            .then(Refusal::Requirement(Requirement::TlsPin)),
        service_fabric(case("Service Fabric, an endpoint in clear"))
            .with("IDENTITY_ENDPOINT", "http://localhost:2377/token"),
        service_fabric(case("Service Fabric, a thumbprint that is none"))
            .with("IDENTITY_SERVER_THUMBPRINT", "01:23"),
        service_fabric(case("Service Fabric, no identity")).http(
            404,
            r#"{"error":{"correlationId":"c","code":"ManagedIdentityNotFound","message":"none"}}"#,
        ),
        again(service_fabric(case("Service Fabric, a resource that does not exist")), 500, 2).http(
            500,
            r#"{"error":{"correlationId":"c","code":"InternalServerError","message":"odd"}}"#,
        ),
        pod(case("a pod, a token"))
            .then(FileFailure::NotFound)
            .file("h.p.s")
            .http(200, TOKEN),
        pod(case("a pod, no such file"))
            .then(FileFailure::NotFound)
            .then(FileFailure::NotFound),
        pod(case("a pod's variables on a server of Azure Arc"))
            .file("")
            .http(200, TOKEN),
    ]
}

fn app_service(case: Case) -> Case {
    case.with("IDENTITY_ENDPOINT", "http://127.0.0.1:41741/msi/token/")
        .with("IDENTITY_HEADER", "header")
}

fn azure_ml(case: Case) -> Case {
    case.with("MSI_ENDPOINT", "http://127.0.0.1:46808/MSI/auth")
        .with("MSI_SECRET", "secret")
}

fn cloud_shell(case: Case) -> Case {
    case.with("MSI_ENDPOINT", "http://localhost:50342/oauth2/token")
}

fn service_fabric(case: Case) -> Case {
    case.with(
        "IDENTITY_ENDPOINT",
        "https://localhost:2377/metadata/identity/oauth2/token",
    )
    .with("IDENTITY_HEADER", "header")
    .with(
        "IDENTITY_SERVER_THUMBPRINT",
        "01:23:45:67:89:AB:CD:EF:01:23:45:67:89:ab:cd:ef:01:23:45:67",
    )
}

fn pod(case: Case) -> Case {
    case.with("AZURE_TENANT_ID", "contoso.com")
        .with("AZURE_CLIENT_ID", "app-id")
        .with("AZURE_FEDERATED_TOKEN_FILE", "/var/run/secrets/token")
}
