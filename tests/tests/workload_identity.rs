//! Kubernetes workloads: the file of the token, and the token proxy of identity binding.

use azid_core::effect::{FileFailure, HttpFailure, HttpRequest, Requirements, Roots};
use azid_core::testing::{Case, Reply, World};
use azid_core::{
    Authority, Credential, Error, ErrorKind, Fault, Memory, Outcome, Region, Run, Seed, Step,
    WorkloadIdentityCredential,
};
use azid_tests::watch::{Seen, watch_script};

const PROXY: &str = "AZURE_KUBERNETES_TOKEN_PROXY";
const NAME: &str = "AZURE_KUBERNETES_SNI_NAME";
const FILE: &str = "AZURE_KUBERNETES_CA_FILE";
const DATA: &str = "AZURE_KUBERNETES_CA_DATA";
const FEDERATED: &str = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln\n";
const TOKEN: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"AT"}"#;

fn workload(credential: WorkloadIdentityCredential) -> Case {
    Case::new("a workload", credential)
        .with("AZURE_TENANT_ID", "contoso.com")
        .with("AZURE_CLIENT_ID", "app-id")
        .with("AZURE_FEDERATED_TOKEN_FILE", "/token")
}

fn bound() -> Case {
    workload(WorkloadIdentityCredential::new().identity_binding())
}

fn pem(name: &str) -> String {
    format!("-----BEGIN CERTIFICATE-----\nMIIB{name}A\n-----END CERTIFICATE-----\n")
}

fn works(case: Case) -> Seen {
    let seen = watch_script(&case.file(FEDERATED).http(200, TOKEN));
    assert!(seen.outcome.result.is_ok(), "{:?}", seen.outcome.result);
    seen
}

fn request(case: Case) -> HttpRequest {
    works(case).requests.remove(0)
}

fn error(case: Case) -> Error {
    case.run().result.expect_err("no token")
}

fn body(request: &HttpRequest) -> String {
    String::from_utf8_lossy(request.body.expose()).into_owned()
}

#[test]
fn the_token_in_the_file_is_sent_without_the_white_space_around_it() {
    let case = workload(WorkloadIdentityCredential::new())
        .file(" \r\n e30.1.c2ln\r\n\n")
        .http(200, TOKEN);
    let seen = watch_script(&case);
    let body = body(&seen.requests[0]);
    assert!(body.contains("client_assertion=e30.1.c2ln&"), "{body}");
}

#[test]
fn a_token_that_was_replaced_meanwhile_is_tried_once() {
    let refused = r#"{"error":"invalid_client","error_codes":[700024]}"#;
    let case = workload(WorkloadIdentityCredential::new())
        .file("e30.first.c2ln")
        .http(401, refused)
        .file("e30.second.c2ln")
        .http(401, refused);
    let seen = watch_script(&case);
    let sent: Vec<_> = seen.requests.iter().map(body).collect();
    assert!(sent[0].contains("e30.first.c2ln") && sent[1].contains("e30.second.c2ln"));
    assert_eq!(seen.steps, 4);
    assert_eq!(
        seen.outcome.result.expect_err("refused").kind(),
        ErrorKind::Failed
    );
}

#[test]
fn the_file_is_read_only_when_a_token_is_asked_for() {
    let credential = WorkloadIdentityCredential::new().token_file("/no/such/file");
    let case = workload(credential).then(FileFailure::NotFound);
    let error = error(case);
    assert_eq!(
        (error.kind(), error.fault()),
        (ErrorKind::Failed, Fault::Host)
    );
    assert!(error.to_string().contains("/no/such/file"), "{error}");
}

#[test]
fn through_a_proxy_the_same_is_sent_to_another_address() {
    let direct = request(bound());
    let case = bound().with(PROXY, "https://10.0.0.1:6443/base/");
    let proxied = request(case);
    assert_eq!(
        direct.url.as_str(),
        "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token"
    );
    assert_eq!(
        proxied.url.as_str(),
        "https://10.0.0.1:6443/base/contoso.com/oauth2/v2.0/token"
    );
    assert_eq!(body(&direct), body(&proxied));
    assert_eq!(direct.headers, proxied.headers);
    assert_eq!(direct.requirements, Requirements::default());
    assert!(proxied.requirements.no_proxy);
}

#[test]
fn the_path_of_the_proxy_comes_before_that_of_the_endpoint() {
    let at = |url: &str| request(bound().with(PROXY, url)).url.to_string();
    let path = "/contoso.com/oauth2/v2.0/token";
    for (url, base) in [
        ("https://proxy", "https://proxy"),
        ("https://proxy/", "https://proxy"),
        ("https://proxy:8443/a/b", "https://proxy:8443/a/b"),
        ("https://proxy/a%20b//", "https://proxy/a%20b"),
    ] {
        assert_eq!(at(url), format!("{base}{path}"));
    }
}

#[test]
fn the_proxy_proves_itself_by_the_name_and_the_roots_of_the_variables() {
    let request = request(
        bound()
            .with(PROXY, "https://10.0.0.1/")
            .with(NAME, "proxy.kube-system.svc")
            .with(
                DATA,
                format!("# of the cluster\n{}\n{}", pem("one"), pem("two")),
            ),
    );
    let tls = request.requirements.tls;
    assert_eq!(tls.server_name.as_deref(), Some("proxy.kube-system.svc"));
    assert_eq!(tls.roots, Roots::Exclusive(pem("one") + &pem("two")));
}

#[test]
fn without_roots_of_its_own_the_proxy_is_trusted_by_those_of_the_system() {
    let tls = request(bound().with(PROXY, "https://10.0.0.1/"))
        .requirements
        .tls;
    assert_eq!((tls.roots, tls.server_name), (Roots::System, None));
}

/// Runs that remember what the one before them left.
struct Cluster {
    memory: Memory,
}

impl Cluster {
    fn run(&mut self, roots: &str) -> (Outcome, Option<Roots>) {
        let mut world = World::new([
            Reply::File(Ok(roots.as_bytes().into())),
            Reply::File(Ok(FEDERATED.as_bytes().into())),
            Reply::Http(Err(HttpFailure::BodyTooLarge { limit: 1 })),
        ]);
        let case = bound()
            .with(PROXY, "https://10.0.0.1/")
            .with(FILE, "/ca.crt");
        let context = case
            .context(world.now(), Seed::new([1; 32]))
            .with_memory(self.memory.clone());
        let mut step = Run::start(case.credential.into_credential(), context);
        let mut seen = None;
        let outcome = loop {
            step = match step {
                Step::Done(outcome) => break outcome,
                Step::Http(call) => {
                    seen = Some(call.request().requirements.tls.roots.clone());
                    world.answer(Step::Http(call))
                }
                step => world.answer(step),
            };
        };
        for change in outcome.memory.clone() {
            self.memory.apply(change);
        }
        (outcome, seen)
    }
}

#[test]
fn replaced_roots_count_at_once_and_while_they_are_replaced_the_old_ones_do() {
    let mut cluster = Cluster {
        memory: Memory::default(),
    };
    let exclusive = |name| Some(Roots::Exclusive(pem(name)));
    let (outcome, seen) = cluster.run("");
    let error = outcome.result.expect_err("there were no roots yet");
    assert_eq!((error.kind(), seen), (ErrorKind::Failed, None));
    assert!(error.to_string().contains("/ca.crt"), "{error}");
    assert_eq!(cluster.run(&pem("one")).1, exclusive("one"));
    assert_eq!(cluster.run(" \n").1, exclusive("one"));
    assert_eq!(cluster.run(&pem("two")).1, exclusive("two"));
    assert_eq!(cluster.run("").1, exclusive("two"));
}

#[test]
fn roots_that_have_not_changed_are_not_learned_again() {
    let mut cluster = Cluster {
        memory: Memory::default(),
    };
    assert_eq!(cluster.run(&pem("one")).0.memory.len(), 1);
    assert!(cluster.run(&pem("one")).0.memory.is_empty());
    assert!(cluster.run("").0.memory.is_empty());
}

#[test]
fn a_private_key_beside_the_roots_is_neither_sent_on_nor_remembered() {
    let mut cluster = Cluster {
        memory: Memory::default(),
    };
    let key = "-----BEGIN PRIVATE KEY-----\nc4nary\n-----END PRIVATE KEY-----\n";
    let (outcome, seen) = cluster.run(&format!("{key}{}{key}", pem("one")));
    assert_eq!(seen, Some(Roots::Exclusive(pem("one"))));
    assert!(!format!("{outcome:?}").contains("c4nary"));
}

#[test]
fn every_slip_in_the_variables_is_a_failure_that_names_the_variable() {
    let proxy = (PROXY, "https://10.0.0.1/");
    let one = pem("one");
    let slips: [(&[(&'static str, &str)], &str); 12] = [
        (&[(NAME, "proxy")], PROXY),
        (&[(FILE, "/ca.crt")], PROXY),
        (&[(DATA, &one)], PROXY),
        (&[(PROXY, "10.0.0.1")], PROXY),
        (&[(PROXY, "http://10.0.0.1/")], PROXY),
        (&[(PROXY, "https://u@10.0.0.1/")], PROXY),
        (&[(PROXY, "https://10.0.0.1/?")], PROXY),
        (&[(PROXY, "https://10.0.0.1/#")], PROXY),
        (&[proxy, (NAME, "a b")], NAME),
        (&[proxy, (NAME, "a..b")], NAME),
        (&[proxy, (DATA, "one")], DATA),
        (&[proxy, (DATA, &one), (FILE, "/ca.crt")], DATA),
    ];
    for (variables, named) in slips {
        let case = variables
            .iter()
            .fold(bound(), |case, (name, value)| case.with(name, *value));
        let seen = watch_script(&case);
        let error = seen.outcome.result.expect_err(named);
        assert_eq!(error.kind(), ErrorKind::Failed, "{variables:?}");
        let named = format!("the variable {named} is not valid");
        assert!(error.to_string().contains(&named), "{error}");
        assert_eq!(seen.steps, 0, "{variables:?}");
    }
}

#[test]
fn nobody_goes_through_a_proxy_who_has_not_opted_in() {
    let case = workload(WorkloadIdentityCredential::new())
        .with(PROXY, "http://not even valid")
        .with(NAME, "proxy");
    assert_eq!(
        request(case).url.host_str(),
        Some("login.microsoftonline.com")
    );
}

#[test]
fn a_refusal_of_the_proxy_is_told_apart_from_one_of_entra() {
    let proxied = || bound().with(PROXY, "https://10.0.0.1/").file(FEDERATED);
    let status = r#"{"kind":"Status","status":"Failure","reason":"Forbidden","code":403}"#;
    let error_of_proxy = error(proxied().http(403, status));
    assert_eq!(error_of_proxy.fault(), Fault::Configuration);
    assert!(
        error_of_proxy.to_string().contains("use-identity-binding"),
        "{error_of_proxy}"
    );
    let entra = r#"{"error":"unauthorized_client","error_codes":[700016]}"#;
    let error_of_entra = error(proxied().http(401, entra));
    assert!(
        !error_of_entra.to_string().contains("use-identity-binding"),
        "{error_of_entra}"
    );
}

#[test]
fn the_way_through_a_proxy_is_part_of_the_identity() {
    let plain = WorkloadIdentityCredential::new();
    assert_ne!(
        plain.identity(),
        plain.clone().identity_binding().identity()
    );
}

#[test]
fn a_workload_asks_the_token_service_of_its_region_directly_and_through_a_token_proxy() {
    let regional = || {
        let region = Region::new("westeurope").expect("a region");
        workload(
            WorkloadIdentityCredential::new()
                .region(region)
                .identity_binding(),
        )
    };
    assert_eq!(
        request(regional()).url.as_str(),
        "https://westeurope.login.microsoft.com/contoso.com/oauth2/v2.0/token"
    );
    assert_eq!(
        request(regional().with(PROXY, "https://10.0.0.1/"))
            .url
            .as_str(),
        "https://10.0.0.1/contoso.com/oauth2/v2.0/token"
    );
}

#[test]
fn a_workload_sends_its_token_to_no_authority_that_a_trusted_one_does_not_know() {
    let credential = WorkloadIdentityCredential::new()
        .authority(Authority::new("https://login.example").expect("an authority"))
        .validate_authority_by(Authority::public_cloud());
    let unknown = r#"{"error":"invalid_instance"}"#;
    let seen = watch_script(&workload(credential).http(400, unknown));
    assert!(seen.outcome.result.is_err());
    let [discovery] = seen.requests.as_slice() else {
        panic!("{} requests", seen.requests.len());
    };
    assert_eq!(discovery.url.host_str(), Some("login.microsoftonline.com"));
}
