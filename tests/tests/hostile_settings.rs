//! Variables and answers of a host as somebody could set them who means harm, or does not look.

use azid_core::effect::{FileFailure, HttpFailure, HttpResponse};
use azid_core::testing::{Case, Reply};
use azid_core::{
    Cause, ClientSecretCredential, Error, Fact, ManagedIdentityCredential, Platform, Region, What,
    WorkloadIdentityCredential,
};
use azid_tests::watch::{Seen, watch_script};

const TOKEN: &str = r#"{"access_token":"AT","expires_in":"3599"}"#;
const METADATA_HOST: &str = "AZURE_POD_IDENTITY_AUTHORITY_HOST";
const PROXY: &str = "AZURE_KUBERNETES_TOKEN_PROXY";
const FILE: &str = "AZURE_KUBERNETES_CA_FILE";
const DATA: &str = "AZURE_KUBERNETES_CA_DATA";
const ROOT: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

fn in_region() -> Case {
    let credential = ClientSecretCredential::new("contoso.com", "app-id", "s3cret");
    let credential = credential.expect("valid").region(Region::detected());
    Case::new("a detected region", credential)
}

fn bound() -> Case {
    let credential = WorkloadIdentityCredential::new().identity_binding();
    Case::new("a bound workload", credential)
        .with("AZURE_TENANT_ID", "contoso.com")
        .with("AZURE_CLIENT_ID", "app-id")
        .with("AZURE_FEDERATED_TOKEN_FILE", "/token")
        .with(PROXY, "https://10.0.0.1/")
}

fn arc(credential: ManagedIdentityCredential) -> Case {
    Case::new("an agent", credential)
        .with("IDENTITY_ENDPOINT", "http://localhost:40342/token")
        .with("IMDS_ENDPOINT", "http://localhost:40342")
        .on(Platform::Linux)
}

fn challenge() -> HttpResponse {
    let mut response = HttpResponse::new(401, &b""[..]);
    let path = "Basic realm=/var/opt/azcmagent/tokens/1a.key";
    let value = http::HeaderValue::from_static(path);
    response.headers.insert("www-authenticate", value);
    response
}

/// What is seen of a case, whose transcript replays and holds no canary.
fn seen(case: &Case) -> Seen {
    let seen = watch_script(case);
    let transcript = seen.transcript();
    let stored = serde_json::to_string(transcript).expect("it serialises");
    assert!(!stored.contains("c4nary"), "{stored}");
    let read: azid_core::Transcript = serde_json::from_str(&stored).expect("it is read back");
    assert_eq!(&read, transcript);
    let credential = read.recorded_credential().expect("it is data");
    assert_eq!(&read.replay(credential), transcript);
    seen
}

fn error(case: &Case) -> Error {
    seen(case).outcome.result.expect_err("there is no token")
}

/// The variable that a case failed for, before anything was asked.
fn bad_variable(case: &Case) -> &'static str {
    let seen = seen(case);
    assert_eq!(seen.steps, 0);
    let error = seen.outcome.result.expect_err("there is no token");
    match error.cause() {
        Cause::Invalid(invalid) => match invalid.what() {
            What::Variable(name) => name,
            what => panic!("{what:?}"),
        },
        cause => panic!("{cause:?}"),
    }
}

#[test]
fn a_region_is_looked_up_at_no_address_that_a_managed_identity_would_refuse() {
    for address in [
        "http://user:c4nary@127.0.0.1/",
        r"http:\\user:c4nary@127.0.0.1\",
        "http://c4nary@127.0.0.1/",
        "http://127.0.0.1/?key=c4nary",
        "http://127.0.0.1/?",
        "http://127.0.0.1/#c4nary",
        "ftp://127.0.0.1/",
        "127.0.0.1",
    ] {
        let case = in_region().with(METADATA_HOST, address);
        assert_eq!(bad_variable(&case), METADATA_HOST, "{address}");
        let identity = Case::new("an identity", ManagedIdentityCredential::new());
        let case = identity.with(METADATA_HOST, address);
        assert_eq!(bad_variable(&case), METADATA_HOST, "{address}");
    }
}

#[test]
fn a_region_is_looked_up_below_the_path_that_the_address_has() {
    let case = in_region()
        .with(METADATA_HOST, "http://127.0.0.1:81/base/")
        .http(200, r#"{"location":"westeurope"}"#)
        .http(200, TOKEN);
    let seen = seen(&case);
    assert_eq!(
        seen.requests[0].url.as_str(),
        "http://127.0.0.1:81/base/metadata/instance/compute?api-version=2021-02-01"
    );
    assert!(seen.outcome.result.is_ok());
}

#[test]
fn a_location_with_a_control_character_is_no_region_in_a_replay_either() {
    let case = in_region()
        .http(200, r#"{"location":"westeurope\u0000"}"#)
        .http(200, TOKEN);
    let host = seen(&case).requests[1].url.host_str().map(str::to_owned);
    assert_eq!(host.as_deref(), Some("login.microsoftonline.com"));
}

#[test]
fn a_private_key_beside_the_roots_is_not_recorded() {
    let key = "-----BEGIN PRIVATE KEY-----\nc4nary\n-----END PRIVATE KEY-----\n";
    for roots in [format!("{ROOT}{key}"), format!("{key}{ROOT}# c4nary")] {
        let case = bound()
            .with(DATA, roots)
            .file("e30.e30.c2ln")
            .http(200, TOKEN);
        let seen = seen(&case);
        assert!(seen.outcome.result.is_ok());
        assert_eq!(seen.transcript().environment[DATA], ROOT);
    }
    assert_eq!(bad_variable(&bound().with(DATA, key)), DATA);
}

#[test]
fn roots_that_are_set_to_nothing_do_not_mean_the_systems() {
    for name in [DATA, FILE] {
        for blank in ["", " \n"] {
            assert_eq!(bad_variable(&bound().with(name, blank)), name);
        }
    }
    let with_file = bound().with(DATA, "").with(FILE, "/ca.crt").file(ROOT);
    let seen = seen(&with_file.file("e30.e30.c2ln").http(200, TOKEN));
    assert!(seen.outcome.result.is_ok());
}

#[test]
fn a_bundle_of_roots_counts_only_if_all_of_it_is_whole() {
    let junk = "-----BEGIN CERTIFICATE-----\njunk!\n-----END CERTIFICATE-----\n";
    let cut = "-----BEGIN CERTIFICATE-----\nMIIB";
    for bad in [format!("{ROOT}{junk}"), format!("{ROOT}{cut}"), junk.into()] {
        assert_eq!(bad_variable(&bound().with(DATA, bad.as_str())), DATA);
        let case = bound()
            .with(FILE, "/ca.crt")
            .remembers("root certificates in /ca.crt", Fact::Found(ROOT.into()))
            .file(&bad);
        let seen = seen(&case);
        let error = seen.outcome.result.expect_err("the bundle is bad");
        assert!(error.to_string().contains("/ca.crt"), "{error}");
        assert!(seen.outcome.memory.is_empty(), "{:?}", seen.outcome.memory);
    }
}

#[test]
fn a_secret_for_a_header_is_one_word_of_visible_ascii() {
    let case = || Case::new("an identity", ManagedIdentityCredential::new());
    let app = || case().with("IDENTITY_ENDPOINT", "http://127.0.0.1/");
    let machine_learning = || case().with("MSI_ENDPOINT", "http://127.0.0.1/");
    for value in [
        "c4nary\u{fc}",
        " c4nary",
        "c4nary\tx",
        "c4nary\n",
        "\u{1f511}",
    ] {
        assert_eq!(
            bad_variable(&app().with("IDENTITY_HEADER", value)),
            "IDENTITY_HEADER"
        );
        let case = machine_learning().with("MSI_SECRET", value);
        assert_eq!(bad_variable(&case), "MSI_SECRET");
    }
}

#[test]
fn a_key_that_is_longer_than_the_host_was_to_read_is_not_sent() {
    let case = arc(ManagedIdentityCredential::new())
        .then(challenge())
        .file(&"k".repeat(4097))
        .http(200, TOKEN);
    let failure = FileFailure::TooLarge { limit: 4096 };
    let expected = Cause::file("/var/opt/azcmagent/tokens/1a.key", failure);
    assert_eq!(error(&case).cause(), &expected);
}

#[test]
fn a_key_may_not_be_a_link() {
    let case = arc(ManagedIdentityCredential::new()).then(challenge());
    let mut world = azid_core::testing::World::new(case.replies.clone());
    let context = case.context(world.now(), azid_core::Seed::new([1; 32]));
    let credential = case.credential.clone().into_credential();
    let step = world.answer(azid_core::Run::start(credential, context));
    let azid_core::Step::ReadFile(call) = step else {
        panic!("{step:?}");
    };
    assert!(call.request().no_links);
}

#[test]
fn a_key_directory_that_depends_on_the_current_one_is_refused() {
    for directory in ["keys", "/srv/../keys", ""] {
        let named = ManagedIdentityCredential::new().azure_arc_token_directory(directory);
        let error = error(&arc(named).then(challenge()));
        assert!(matches!(error.cause(), Cause::Invalid(it) if it.what() == What::KeyDirectory));
    }
}

#[test]
fn one_challenge_of_several_is_answered_and_replayed() {
    let mut several = challenge();
    let negotiate = http::HeaderValue::from_static("Negotiate");
    let basic = several.headers.insert("www-authenticate", negotiate);
    several
        .headers
        .append("www-authenticate", basic.expect("the challenge has it"));
    let tab = "Basic\trealm=/var/opt/azcmagent/tokens/1a.key";
    let mut tabbed = challenge();
    let value = http::HeaderValue::from_static(tab);
    tabbed.headers.insert("www-authenticate", value);
    for response in [several, tabbed] {
        let case = arc(ManagedIdentityCredential::new())
            .then(Reply::from(response))
            .file("key")
            .http(200, TOKEN);
        assert!(seen(&case).outcome.result.is_ok());
    }
}

#[test]
fn roots_that_no_host_can_use_are_named_and_the_proxy_is_not_said_to_be_silent() {
    let case = bound()
        .with(DATA, ROOT)
        .file("e30.e30.c2ln")
        .then(HttpFailure::UnusableRoots(Default::default()));
    let says = error(&case).to_string();
    assert!(says.contains(DATA) && says.contains(FILE), "{says}");
    assert!(!says.contains("did not answer"), "{says}");
}

#[test]
fn a_failed_handshake_of_service_fabric_is_not_put_down_to_the_pin_alone() {
    let case = Case::new("a cluster", ManagedIdentityCredential::new())
        .with("IDENTITY_ENDPOINT", "https://localhost:2377/token")
        .with("IDENTITY_HEADER", "s3cret")
        .with(
            "IDENTITY_SERVER_THUMBPRINT",
            "0123456789abcdef0123456789abcdef01234567",
        )
        .then(HttpFailure::Tls(Default::default()));
    let says = error(&case).to_string();
    assert!(
        says.contains("if the certificate is not the pinned one"),
        "{says}"
    );
}
