//! The application that the environment describes: which variables make one, and what is said of
//! those that make none.

use std::sync::Arc;

use azid_certificate::CertificateReader;
use azid_core::effect::{CallbackId, FileFailure, KeyHandle};
use azid_core::testing::{self, Case, World};
use azid_core::{
    Cause, ClientCertificate, Context, Credential, DefaultAzureCredential, Environment,
    EnvironmentCredential, Error, ErrorKind, Invalid, Now, Outcome, ReadCertificate, Run, Secret,
    SecretBytes, Step, TokenRequest, What,
};

const TOKEN: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"AT"}"#;

const PASSWORD: &str = "AZURE_PASSWORD";

const SECRET: [(&str, &str); 3] = [
    ("AZURE_TENANT_ID", "contoso.com"),
    ("AZURE_CLIENT_ID", "app-id"),
    ("AZURE_CLIENT_SECRET", "c4nary"),
];

#[test]
fn an_incomplete_set_of_variables_is_unavailable_and_says_what_it_lacks() {
    let [tenant, client, secret] = SECRET;
    let path = ("AZURE_CLIENT_CERTIFICATE_PATH", "/certificate.pem");
    let user = ("AZURE_USERNAME", "megan");
    let password = (PASSWORD, "c4nary");
    let (t, c, s) = (tenant.0, client.0, secret.0);
    for (variables, missing) in [
        (vec![], vec![t, c, s]),
        (vec![tenant], vec![c, s]),
        (vec![tenant, client], vec![s]),
        (vec![secret], vec![t, c]),
        (vec![path, client], vec![t]),
        (vec![path, secret, tenant], vec![c]),
        (vec![tenant, client, user], vec![PASSWORD]),
        (vec![user], vec!["AZURE_CLIENT_ID", PASSWORD]),
        (vec![client, password], vec!["AZURE_USERNAME"]),
        (vec![client, user, secret], vec![t]),
        (vec![client, user, path], vec![t]),
        (vec![tenant, client, ("AZURE_CLIENT_SECRET", " ")], vec![s]),
    ] {
        let error = environment_error(&variables);
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert_eq!(*error.cause(), Cause::MissingVariables(missing));
    }
}

#[test]
fn a_malformed_variable_is_a_failure_that_names_it() {
    for (name, value) in [
        ("AZURE_TENANT_ID", "con/toso"),
        ("AZURE_CLIENT_ID", "app id"),
        ("AZURE_AUTHORITY_HOST", "http://login.example"),
        ("AZURE_REGIONAL_AUTHORITY_NAME", "West Europe"),
        ("AZURE_ADDITIONALLY_ALLOWED_TENANTS", "a;b/c"),
    ] {
        let error = environment_error(&[SECRET[0], SECRET[1], SECRET[2], (name, value)]);
        assert_eq!(error.kind(), ErrorKind::Failed, "{error}");
        assert!(error.to_string().contains(name), "{error}");
        assert!(!error.to_string().contains(value), "{error}");
    }
}

#[test]
fn a_name_that_no_person_can_have_is_a_failure_of_its_variable_and_replays() {
    let too_long = "m".repeat(256);
    for name in [
        "megan bowen",
        "megan\u{a0}b",
        "me/gan",
        ".megan",
        "me\tgan",
        &too_long,
    ] {
        let outcome = password("contoso.com", name).run();
        let transcript = outcome
            .transcript
            .expect("cases record a transcript")
            .into_transcript();
        let error = outcome.result.expect_err("there is no such person");
        assert_eq!(error.kind(), ErrorKind::Failed, "{error}");
        let Cause::Invalid(invalid) = error.cause() else {
            panic!("{name:?} is at fault, not {error}");
        };
        assert_eq!(invalid.what(), What::Variable("AZURE_USERNAME"), "{error}");
        let credential = transcript.recorded_credential().expect("it is data");
        assert_eq!(transcript.replay(credential), transcript, "{name:?}");
    }
}

#[test]
fn a_person_signs_in_at_the_global_service_whatever_the_region() {
    for region in ["westeurope", "West Europe"] {
        let outcome = password("fabrikam.com", "megan@fabrikam.com")
            .with("AZURE_REGIONAL_AUTHORITY_NAME", region)
            .run();
        assert!(outcome.result.is_ok(), "{:?}", outcome.result);
        let exchanges = outcome
            .transcript
            .expect("cases record one")
            .into_transcript()
            .exchanges;
        let sent = serde_json::to_string(&exchanges).expect("it serialises");
        assert!(sent.contains("https://login.microsoftonline.com/fabrikam.com/"));
        assert!(!sent.contains("westeurope"), "{sent}");
    }
}

#[test]
fn a_password_signs_in_at_its_tenant_or_at_whichever_the_person_is_of() {
    for (tenant, asked) in [("fabrikam.com", "/fabrikam.com/"), ("", "/organizations/")] {
        let outcome = password(tenant, "megan@fabrikam.com").run();
        assert!(outcome.result.is_ok(), "{:?}", outcome.result);
        let exchanges = outcome
            .transcript
            .expect("cases record one")
            .into_transcript()
            .exchanges;
        let sent = serde_json::to_string(&exchanges).expect("it serialises");
        assert!(sent.contains(asked), "{sent}");
        assert!(!sent.contains("c4nary"), "{sent}");
    }
}

#[test]
fn the_region_of_the_environment_is_asked() {
    let case = Case::new("regional", EnvironmentCredential::new()).http(200, TOKEN);
    let case = SECRET
        .iter()
        .fold(case, |case, (name, value)| case.with(name, *value));
    let outcome = case
        .with("AZURE_REGIONAL_AUTHORITY_NAME", "westeurope")
        .run();
    let exchanges = outcome
        .transcript
        .expect("cases record one")
        .into_transcript()
        .exchanges;
    let asked = serde_json::to_string(&exchanges).expect("it serialises");
    assert!(
        asked.contains("https://westeurope.login.microsoft.com/contoso.com/"),
        "{asked}"
    );
}

/// Takes the file for the leaf, and a password for the name of the key.
#[derive(Clone, Debug, Default)]
struct FakeReader(Option<Secret>);

impl ReadCertificate for FakeReader {
    fn read(&self, content: &SecretBytes) -> Result<ClientCertificate, Invalid> {
        let key = self
            .0
            .as_ref()
            .map_or("no password", Secret::expose)
            .to_owned();
        ClientCertificate::new([content.expose()], KeyHandle::Named(CallbackId::new(key)))
    }

    fn with_password(&self, password: &Secret) -> Option<Arc<dyn ReadCertificate>> {
        Some(Arc::new(Self(Some(password.clone()))))
    }
}

#[test]
fn a_certificate_of_the_environment_is_read_with_its_password_and_sent_with_its_chain() {
    let environment = [
        SECRET[0],
        SECRET[1],
        ("AZURE_CLIENT_CERTIFICATE_PATH", "/certificate.pem"),
        ("AZURE_CLIENT_CERTIFICATE_PASSWORD", "password"),
        ("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "True"),
    ];
    for credential in [
        Arc::new(EnvironmentCredential::new().certificates(FakeReader::default()))
            as Arc<dyn Credential>,
        Arc::new(DefaultAzureCredential::new().certificates(FakeReader::default())),
    ] {
        let Step::ReadFile(call) = Run::start(credential, context(&environment)) else {
            panic!("the file comes first");
        };
        assert_eq!(call.request().path, "/certificate.pem");
        let Step::Sign(call) = call.reply(Ok(b"leaf".to_vec().into()), now()) else {
            panic!("then the key signs");
        };
        assert_eq!(
            call.request().key,
            KeyHandle::Named(CallbackId::new("password"))
        );
        let header = call
            .request()
            .message
            .expose()
            .split(|byte| *byte == b'.')
            .next();
        let header = base64::Engine::decode(
            &base64::prelude::BASE64_URL_SAFE_NO_PAD,
            header.expect("a header"),
        );
        let header = String::from_utf8(header.expect("base64")).expect("JSON");
        assert!(header.contains("x5c"), "{header}");
    }
}

/// The key that a run of this credential signs with, where the file holds this.
fn key_of(credential: &Arc<dyn Credential>, password: &str, content: &[u8]) -> KeyHandle {
    let environment = [
        SECRET[0],
        SECRET[1],
        ("AZURE_CLIENT_CERTIFICATE_PATH", "/app.p12"),
        ("AZURE_CLIENT_CERTIFICATE_PASSWORD", password),
    ];
    let Step::ReadFile(call) = Run::start(Arc::clone(credential), context(&environment)) else {
        panic!("the file comes first");
    };
    match call.reply(Ok(content.into()), now()) {
        Step::Sign(call) => call.request().key.clone(),
        other => panic!("the key signs next: {other:?}"),
    }
}

/// The bytes of a key, and their place, which is another one after each decryption.
fn at_its_place(key: &KeyHandle) -> (&[u8], *const SecretBytes) {
    match key {
        KeyHandle::InMemory(key) => (key.expose(), Arc::as_ptr(key)),
        other => panic!("not in memory: {other:?}"),
    }
}

#[test]
fn a_file_with_a_password_is_decrypted_once_for_all_runs() {
    let fixtures = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../adapters/certificate/tests/fixtures"
    );
    let file = |name: &str| std::fs::read(format!("{fixtures}/{name}")).expect("the fixture");
    let (old, rotated) = (file("modern.p12"), file("legacy-3des.p12"));
    let reader = CertificateReader::new();
    for credential in [
        Arc::new(EnvironmentCredential::new().certificates(reader.clone())) as Arc<dyn Credential>,
        Arc::new(DefaultAzureCredential::new().certificates(reader)),
    ] {
        let [first, second] = [(); 2].map(|()| key_of(&credential, "swordfish", &old));
        assert_eq!(at_its_place(&first), at_its_place(&second));
        let new = key_of(&credential, "swordfish", &rotated);
        assert_ne!(at_its_place(&first).1, at_its_place(&new).1);
    }
}

#[test]
fn a_certificate_that_cannot_be_had_is_a_failure() {
    let mut environment = vec![
        SECRET[0],
        SECRET[1],
        ("AZURE_CLIENT_CERTIFICATE_PATH", "/c.pem"),
    ];
    let error = environment_error(&environment);
    assert_eq!(error.kind(), ErrorKind::Failed, "no reader: {error}");
    let credential = || Arc::new(EnvironmentCredential::new().certificates(FakeReader::default()));
    let Step::ReadFile(call) = Run::start(credential(), context(&environment)) else {
        panic!("the file comes first");
    };
    let Step::Done(outcome) = call.reply(Err(FileFailure::NotFound), now()) else {
        panic!("there is nothing else to try");
    };
    assert_eq!(error_of(outcome).kind(), ErrorKind::Failed);
    environment.push(("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "perhaps"));
    let Step::Done(outcome) = Run::start(credential(), context(&environment)) else {
        panic!("the variable is malformed");
    };
    assert!(
        error_of(outcome)
            .to_string()
            .contains("SEND_CERTIFICATE_CHAIN")
    );
}

fn password(tenant: &str, name: &str) -> Case {
    Case::new("a password", EnvironmentCredential::new())
        .with("AZURE_TENANT_ID", tenant)
        .with("AZURE_CLIENT_ID", "app-id")
        .with("AZURE_USERNAME", name)
        .with(PASSWORD, "c4nary")
        .http(200, r#"{"account_type":"Managed"}"#)
        .http(200, TOKEN)
}

fn now() -> Now {
    World::new([]).now()
}

fn context(variables: &[(&str, &str)]) -> Context {
    testing::context(TokenRequest::new(["https://vault.azure.net/.default"]))
        .with_environment(Environment::from_pairs(variables.iter().copied()))
}

fn environment_error(variables: &[(&'static str, &str)]) -> Error {
    let case = Case::new("environment", EnvironmentCredential::new());
    error_of(
        variables
            .iter()
            .fold(case, |case, (name, value)| case.with(name, *value))
            .run(),
    )
}

fn error_of(outcome: Outcome) -> Error {
    outcome.result.expect_err("there is no token")
}
