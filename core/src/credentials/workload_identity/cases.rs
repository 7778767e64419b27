//! What can happen to a workload.

use super::*;
use crate::effect::{FileFailure, HttpFailure, Refusal, Requirement};
use crate::memory::Fact;
use crate::request::TokenRequest;
use crate::testing::{Case, Reply, with_fresh_proofs};

const FEDERATED: &str = " eyJhbGciOiJSUzI1NiJ9.e30.c2ln\n";
const TOKEN: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"AT"}"#;
const ROOTS: &str = "# a root\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

impl WorkloadIdentityCredential {
    pub(in crate::credentials) fn cases() -> Vec<Case> {
        let case = |name| case(name, Self::new());
        let refused = r#"{"error":"invalid_client","error_description":"AADSTS700024: too late","error_codes":[700024]}"#;
        let mut cases = with_fresh_proofs(case, |case| case.file(FEDERATED));
        cases.extend([
            Case::new("no variables", Self::new()),
            Case::new("no variables in a chain", Self::new()).in_chain(),
            Case::new("one variable is empty", Self::new())
                .with("AZURE_TENANT_ID", "contoso.com")
                .with("AZURE_CLIENT_ID", "")
                .with("AZURE_FEDERATED_TOKEN_FILE", "/token"),
            case("a malformed tenant").with("AZURE_TENANT_ID", "con/toso"),
            case("an authority in clear").with("AZURE_AUTHORITY_HOST", "http://login.example"),
            case("another tenant that is not allowed").asks(
                TokenRequest::new(["https://vault.azure.net/.default"]).tenant("fabrikam.com"),
            ),
            case("no such file").then(FileFailure::NotFound),
            case("no such file in a chain")
                .then(FileFailure::NotFound)
                .in_chain(),
            case("a file that may not be read").then(FileFailure::PermissionDenied),
            case("a file without end").then(FileFailure::TooLarge { limit: 64 * 1024 }),
            case("an empty file").file(" \n"),
            case("a file that is no text").then(Reply::File(Ok(vec![0xff, 0xfe].into()))),
            case("a file that was replaced meanwhile")
                .file("e30.first.c2ln")
                .http(401, refused)
                .file("e30.second.c2ln")
                .http(200, TOKEN),
            case("a file that was not replaced")
                .file("e30.first.c2ln")
                .http(401, refused)
                .file("e30.first.c2ln"),
            case("a file that is gone when it is read again")
                .file("e30.first.c2ln")
                .http(401, refused)
                .then(FileFailure::NotFound),
            case("a token proxy that nobody asked for")
                .with(
                    "AZURE_KUBERNETES_TOKEN_PROXY",
                    "https://proxy.kube-system.svc/",
                )
                .file(FEDERATED)
                .http(200, TOKEN),
        ]);
        cases.extend(binding_cases());
        cases
    }
}

fn case(name: &'static str, credential: WorkloadIdentityCredential) -> Case {
    Case::new(name, credential)
        .with("AZURE_TENANT_ID", "contoso.com")
        .with("AZURE_CLIENT_ID", "app-id")
        .with(
            "AZURE_FEDERATED_TOKEN_FILE",
            "/var/run/secrets/azure/tokens/azure-identity-token",
        )
        .with("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/")
}

/// Identity binding: every rule of its variables, and what can happen at the proxy.
fn binding_cases() -> Vec<Case> {
    const PROXY: &str = "AZURE_KUBERNETES_TOKEN_PROXY";
    const NAME: &str = "AZURE_KUBERNETES_SNI_NAME";
    const FILE: &str = "AZURE_KUBERNETES_CA_FILE";
    const DATA: &str = "AZURE_KUBERNETES_CA_DATA";
    let bound = |name| case(name, WorkloadIdentityCredential::new().identity_binding());
    let at = |name, url: &str| bound(name).with(PROXY, url);
    let proxied = |name| at(name, "https://10.0.0.1:6443/base/");
    let with_file = |name| proxied(name).with(FILE, "/etc/proxy/ca.crt");
    let works = |case: Case| case.file(FEDERATED).http(200, TOKEN);
    let known = |case: Case| {
        let fact =
            Fact::Found("-----BEGIN CERTIFICATE-----\nMIIA\n-----END CERTIFICATE-----\n".into());
        case.remembers("root certificates in /etc/proxy/ca.crt", fact)
    };
    let status = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","message":"no","code":403}"#;
    vec![
        works(bound("identity binding without a token proxy")),
        works(proxied("a token proxy")),
        works(at(
            "a token proxy without a path",
            "https://proxy.kube-system.svc",
        )),
        works(
            proxied("a token proxy with a name and roots")
                .with(NAME, "proxy.kube-system.svc")
                .with(DATA, ROOTS),
        ),
        works(with_file("a token proxy with roots in a file").file(ROOTS)),
        works(known(with_file("roots that were replaced")).file(ROOTS)),
        works(known(with_file("roots that are being replaced")).file("")),
        with_file("roots that were never there").file(" \n"),
        with_file("roots that are no certificate").file("not PEM"),
        with_file("roots that are cut off").file("-----BEGIN CERTIFICATE-----\nMIIB"),
        with_file("roots that are no text").then(Reply::File(Ok(vec![0xff, 0xfe].into()))),
        known(with_file("roots that are gone")).then(FileFailure::NotFound),
        with_file("roots without end").then(FileFailure::TooLarge { limit: 512 * 1024 }),
        bound("a name without a token proxy").with(NAME, "proxy.kube-system.svc"),
        bound("roots without a token proxy").with(FILE, "/etc/proxy/ca.crt"),
        bound("roots as text without a token proxy").with(DATA, ROOTS),
        with_file("roots twice").with(DATA, ROOTS),
        proxied("roots as text that are no certificate").with(DATA, "not PEM"),
        proxied("a name that is none").with(NAME, "proxy/kube"),
        at("a token proxy that is a word", "proxy"),
        at("a token proxy in clear", "http://proxy.kube-system.svc/"),
        at(
            "a token proxy with a password",
            "https://u:p@proxy.kube-system.svc/",
        ),
        at(
            "a token proxy with a query",
            "https://proxy.kube-system.svc/?a=b",
        ),
        at(
            "a token proxy with a fragment",
            "https://proxy.kube-system.svc/#a",
        ),
        proxied("a token proxy that refuses")
            .file(FEDERATED)
            .http(403, status),
        proxied("a token proxy that is somebody else")
            .file(FEDERATED)
            .then(HttpFailure::Tls(Default::default())),
        proxied("a token proxy with a passing fault")
            .file(FEDERATED)
            .http(503, "")
            .file(FEDERATED)
            .http(200, TOKEN),
        with_file("roots that this host cannot honour")
            .file(ROOTS)
            .file(FEDERATED)
            .then(Refusal::Requirement(Requirement::ExclusiveRoots)),
    ]
}
