//! Proofs as configuration: how they are written, and what is said of a slip.

use azid_core::effect::{CallbackId, HttpResponse};
use azid_core::testing::{Reply, World};
use azid_core::{
    Cause, CertificateProof, ClientAssertion, ClientAssertionCredential, ClientCertificate,
    ClientCertificateCredential, ClientCredential, ClientSecret, ClientSecretCredential,
    Credential, CredentialConfig, ErrorKind, Invalid, ReadCertificate, SecretBytes, What,
};
use serde_json::{Value, json};

use crate::context;
use crate::sight::look_at;

/// Reads the proof of a kind of credential out of its configuration.
fn read(kind: &str, field: &str, proof: Value) -> Result<CredentialConfig, String> {
    let application = json!({ "tenant": "contoso.com", "client_id": "app-id" });
    let mut written = json!({ "credential": kind, "application": application });
    written[field] = proof;
    serde_json::from_value(written).map_err(|error| error.to_string())
}

fn read_secret(proof: Value) -> Result<CredentialConfig, String> {
    read("client-secret", "client_secret", proof)
}

fn read_assertion(proof: Value) -> Result<CredentialConfig, String> {
    read("client-assertion", "assertion", proof)
}

fn read_certificate(key: Value) -> Result<CredentialConfig, String> {
    let source = json!({ "chain": ["YWJj"], "key": key });
    read(
        "client-certificate",
        "certificate",
        json!({ "source": source }),
    )
}

#[test]
fn a_callback_is_written_alike_wherever_a_proof_comes_from() {
    let vault = || CallbackId::new("vault");
    let callback = json!({ "callback": "vault" });
    let secret = ClientSecret::from_callback(vault());
    assert_eq!(serde_json::to_value(&secret).expect("it is data"), callback);
    let assertion = ClientAssertion::from_callback(vault());
    assert_eq!(
        serde_json::to_value(&assertion).expect("it is data"),
        callback
    );
    for config in [
        read_secret(callback.clone()),
        read_assertion(callback.clone()),
        read_certificate(callback.clone()),
    ] {
        let config = config.expect("it is read");
        let written = serde_json::to_string(&config).expect("it is data");
        assert!(written.contains(r#"{"callback":"vault"}"#), "{written}");
    }
}

#[test]
fn a_file_is_written_alike_wherever_a_proof_comes_from() {
    let file = json!({ "file": "/run/proof" });
    let secret = ClientSecret::from_file("/run/proof");
    assert_eq!(serde_json::to_value(&secret).expect("it is data"), file);
    let assertion = ClientAssertion::from_file("/run/proof");
    assert_eq!(serde_json::to_value(&assertion).expect("it is data"), file);
    assert!(read_secret(file.clone()).is_ok() && read_assertion(file).is_ok());
}

#[test]
fn a_slip_in_a_proof_is_named_with_what_would_have_been_right() {
    for (config, saying) in [
        (
            read_secret(json!({ "fil": "/run/secret" })),
            "unknown variant `fil`, expected `file` or `callback`",
        ),
        (
            read_secret(json!(7)),
            "expected the client secret as a text, or a map with its `file` or its `callback`",
        ),
        (
            read_secret(json!("")),
            "the client secret: it must not be empty",
        ),
        (
            read_assertion(json!({ "callbak": "vault" })),
            "unknown variant `callbak`, expected one of `file`, `callback`, `credential`",
        ),
        (
            read_certificate(json!({ "named": "vault" })),
            "unknown variant `named`, expected `callback` or `pkcs8`",
        ),
    ] {
        let error = config.expect_err(saying);
        assert!(error.contains(saying), "{error}");
    }
}

#[test]
fn what_was_left_out_when_a_proof_was_written_is_not_taken_for_the_proof() {
    let secret = ClientSecretCredential::new("contoso.com", "app-id", "s3cret");
    let written = serde_json::to_value(secret.expect("good values")).expect("it is data");
    let secret = read_secret(written["client_secret"].clone());
    let certificate = crate::credential(crate::proof());
    let written = serde_json::to_value(&certificate).expect("it is data");
    let key = read_certificate(written["certificate"]["source"]["key"].clone());
    for refused in [secret, key] {
        let error = refused.expect_err("it is no secret");
        assert!(error.contains("in the place of `redacted`"), "{error}");
    }
}

#[test]
fn a_key_that_is_empty_or_no_base64_is_refused() {
    for text in ["", "not base64"] {
        let error = read_certificate(json!({ "pkcs8": text })).expect_err(text);
        assert!(error.contains("base64 of a PKCS#8 document"), "{error}");
    }
}

/// Finds a certificate in any file.
#[derive(Debug)]
struct Any;

impl ReadCertificate for Any {
    fn read(&self, _: &SecretBytes) -> Result<ClientCertificate, Invalid> {
        Ok(crate::certificate())
    }
}

#[test]
fn a_path_that_is_empty_is_refused_before_anything_is_read() {
    let secret = ClientSecretCredential::new("t", "app", ClientSecret::from_file(""));
    refuses(
        secret.expect("a path is looked at when it is used"),
        What::ClientSecret,
    );
    let assertion = ClientAssertionCredential::new("t", "app", ClientAssertion::from_file(" "));
    refuses(assertion.expect("as above"), What::ClientAssertion);
    let proof = CertificateProof::from_file("", Any);
    let certificate = ClientCertificateCredential::new("t", "app", proof);
    refuses(certificate.expect("as above"), What::Certificate);
}

fn refuses(credential: impl Credential + 'static, what: What) {
    let mut world = World::new([Reply::File(Ok(b"content".to_vec().into()))]);
    let sight = look_at(credential, context(), &mut world);
    assert!(sight.read.is_empty());
    let error = sight.error();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(matches!(error.cause(), Cause::Invalid(invalid) if invalid.what() == what));
    assert!(
        error.to_string().contains("the path of its file"),
        "{error}"
    );
}

#[test]
fn each_kind_of_proof_asks_for_its_own_kind_of_callback() {
    let vault = || CallbackId::new("vault");
    for (proof, kind) in [
        (
            ClientCredential::from(ClientSecret::from_callback(vault())),
            "client-secret",
        ),
        (
            ClientAssertion::from_callback(vault()).into(),
            "client-assertion",
        ),
    ] {
        let credential = azid_core::OnBehalfOfCredential::new("t", "app", proof, "user");
        let answer = HttpResponse::new(200, &br#"{"access_token":"AT","expires_in":3599}"#[..]);
        let mut world = World::new([Reply::Assertion(Ok("proof".into())), answer.into()]);
        let context = context().record_transcript();
        let sight = look_at(credential.expect("good values"), context, &mut world);
        let transcript = sight.outcome.transcript.expect("it was asked for");
        let exchanges = serde_json::to_value(&transcript.exchanges).expect("it is data");
        assert!(exchanges[0].to_string().contains(kind), "{exchanges}");
    }
}

#[test]
fn a_byte_order_mark_before_a_secret_in_a_file_is_no_part_of_it() {
    let content = b"\xef\xbb\xbfs3cret\r\n".to_vec();
    let mut world = World::new([Reply::File(Ok(content.into()))]);
    let secret = ClientSecret::from_file("/run/secret");
    let credential = ClientSecretCredential::new("t", "app", secret).expect("three good values");
    let sight = look_at(credential, context(), &mut world);
    let form = String::from_utf8_lossy(sight.sent[0].body.expose()).into_owned();
    assert!(form.contains("client_secret=s3cret"), "{form}");
    assert!(!form.contains("%EF%BB%BF"), "{form}");
}
