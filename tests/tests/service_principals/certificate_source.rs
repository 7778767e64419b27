//! Where certificates come from, who signs, and what of that is seen.

use std::time::Duration;

use azid_core::effect::{CallbackId, Detail, FileFailure, KeyHandle, Refusal, SignFailure};
use azid_core::testing::{Reply, START, World};
use azid_core::{
    Cause, CertificateProof, ClientCertificate, ClientCertificateCredential, Credential, ErrorKind,
    Fault, Invalid, ReadCertificate, SecretBytes, Timestamp, What,
};
use serde_json::json;

use crate::sight::{assertion_in, form, look_at};
use crate::{LEAF, answers, certificate, context, credential, proof, signs, token};

/// Takes a file for the leaf, where it begins as one.
#[derive(Debug)]
struct Leaf;

impl ReadCertificate for Leaf {
    fn read(&self, content: &SecretBytes) -> Result<ClientCertificate, Invalid> {
        if content.expose() == b"old" {
            let past = Timestamp::from_unix_milliseconds(START - 1000);
            let named = KeyHandle::Named(CallbackId::new("vault"));
            return Ok(ClientCertificate::new(["old"], named)?.expires_on(past));
        }
        if !content.expose().starts_with(b"leaf") {
            return Err(Invalid::new(What::Certificate, "the password does not fit"));
        }
        let named = KeyHandle::Named(CallbackId::new("vault"));
        ClientCertificate::new([content.expose()], named)
    }
}

fn in_file() -> ClientCertificateCredential {
    credential(CertificateProof::from_file("/run/app.pem", Leaf))
}

fn holds(content: &str) -> Reply {
    Reply::File(Ok(content.as_bytes().into()))
}

#[test]
fn a_file_is_read_for_each_assertion_and_a_rotated_certificate_is_used_at_once() {
    let busy = answers(503, "");
    let mut world = World::new([
        holds("leaf 1"),
        signs(),
        busy,
        holds("leaf 2"),
        signs(),
        token(),
    ]);
    let sight = look_at(in_file(), context(), &mut world);
    assert!(sight.outcome.result.is_ok());
    let paths: Vec<_> = sight.read.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["/run/app.pem"; 2]);
    assert!(sight.read.iter().all(|file| file.max_bytes == 1024 * 1024));
    let thumbprint = |request| assertion_in(request).0["x5t#S256"].clone();
    assert_ne!(thumbprint(&sight.sent[0]), thumbprint(&sight.sent[1]));
}

#[test]
fn a_file_without_a_certificate_is_an_error_in_the_readers_words() {
    let mut world = World::new([holds("garbage")]);
    let sight = look_at(in_file(), context(), &mut world);
    let error = sight.error();
    assert!(matches!(error.cause(), Cause::FileContent { path, .. } if path == "/run/app.pem"));
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert_eq!(
        error.to_string(),
        r#"ClientCertificateCredential failed: the file "/run/app.pem" holds no usable certificate: the password does not fit"#
    );
    assert!(!format!("{error:?}").contains("garbage"));
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_that_names_it() {
    for failure in [
        FileFailure::NotFound,
        FileFailure::PermissionDenied,
        FileFailure::TooLarge { limit: 1024 * 1024 },
    ] {
        let mut world = World::new([Reply::from(failure.clone())]);
        let sight = look_at(in_file(), context(), &mut world);
        assert_eq!(sight.error().cause(), &Cause::file("/run/app.pem", failure));
        assert_eq!(sight.error().kind(), ErrorKind::Failed);
    }
}

#[test]
fn an_expired_certificate_is_refused_before_anybody_is_asked() {
    let moment = Timestamp::from_unix_milliseconds(START);
    let given = credential(certificate().expires_on(moment));
    let given = look_at(given, context(), &mut World::new([signs(), token()]));
    let from_file = look_at(
        in_file(),
        context(),
        &mut World::new([holds("old"), signs(), token()]),
    );
    for sight in [&given, &from_file] {
        assert!(sight.signed.is_empty() && sight.sent.is_empty());
        assert_eq!(sight.error().kind(), ErrorKind::Failed);
        assert_eq!(sight.error().fault(), Fault::Configuration);
    }
    assert_eq!(
        given.error().to_string(),
        "ClientCertificateCredential failed: the client certificate expired at 2026-11-21T10:00:00Z, \
         and it is 2026-11-21T10:00:00Z here; what to do: register a new certificate with the \
         application and use that"
    );
    let last = Timestamp::from_unix_milliseconds(START + 1);
    let valid = credential(certificate().expires_on(last));
    let sight = look_at(valid, context(), &mut World::new([signs(), token()]));
    assert!(sight.outcome.result.is_ok());
}

#[test]
fn a_signer_that_does_not_sign_fails_with_what_to_do_next() {
    let error = |reply: Reply| {
        let sight = look_at(credential(proof()), context(), &mut World::new([reply]));
        assert!(sight.sent.is_empty());
        sight.error().clone()
    };
    let detail = || Detail::new("in the host's words");
    let table = [
        (
            Reply::Sign(Err(SignFailure::UnusableKey(detail()))),
            ErrorKind::Failed,
            "use an RSA key of 2048 bits or more",
        ),
        (
            Reply::Sign(Err(SignFailure::Other(detail()))),
            ErrorKind::Failed,
            "see whether the signer is reachable",
        ),
        (
            Reply::Sign(Err(SignFailure::TimedOut)),
            ErrorKind::Failed,
            "see whether the signer is reachable",
        ),
        (
            Reply::Sign(Ok(Vec::new())),
            ErrorKind::Failed,
            "see whether the signer is reachable",
        ),
        (
            Refusal::NotRegistered(CallbackId::new("vault")).into(),
            ErrorKind::Failed,
            "register it when the provider is built",
        ),
        (
            Refusal::NoSuchEffect.into(),
            ErrorKind::Unavailable,
            "use an adapter that offers it",
        ),
    ];
    for (reply, kind, advice) in table {
        let error = error(reply);
        assert_eq!(error.kind(), kind, "{error}");
        assert!(
            error.advice().is_some_and(|text| text.starts_with(advice)),
            "{error}"
        );
        assert!(matches!(error.cause(), Cause::Sign(_)));
    }
}

#[test]
fn a_signature_has_ten_seconds_and_no_more_than_the_run_has_left() {
    for (deadline, limit) in [(60, 10), (3, 3)] {
        let context = context().with_deadline(Duration::from_secs(deadline));
        let sight = look_at(
            credential(proof()),
            context,
            &mut World::new([signs(), token()]),
        );
        assert_eq!(sight.signed[0].timeout, Duration::from_secs(limit));
    }
}

#[test]
fn nothing_of_the_key_or_of_an_assertion_is_shown() {
    let key = KeyHandle::in_memory(b"c4nary-key".to_vec().into());
    let certificate = ClientCertificate::new([LEAF], key).expect("a certificate");
    let credential = credential(certificate);
    let shown = format!("{credential:?} {:?}", credential.identity());
    let written = serde_json::to_string(&credential).expect("it is data");
    let refusal = answers(400, r#"{"error":"invalid_client"}"#);
    let mut world = World::new([signs(), refusal]);
    let sight = look_at(credential, context().record_transcript(), &mut world);
    let transcript = serde_json::to_string(&sight.outcome.transcript).expect("it is data");
    let shown = format!("{shown} {written} {sight:?} {transcript} {}", sight.error());
    let sent = form(sight.request());
    let (_, assertion) = sent
        .iter()
        .find(|(name, _)| name == "client_assertion")
        .expect("one");
    let parts = assertion.split('.').chain(["c4nary-key", "YzRuYXJ5LWtleQ"]);
    for secret in parts {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[test]
fn a_given_certificate_can_be_written_down_and_one_that_code_reads_cannot() {
    let given = credential(proof().send_certificate_chain().use_rs256());
    let written = serde_json::to_value(&given).expect("it is data");
    assert_eq!(
        written["certificate"],
        json!({
            "source": { "chain": ["YWJj"], "key": { "pkcs8": "redacted" } },
            "send_certificate_chain": true,
            "use_rs256": true,
        })
    );
    let mut world = World::new([holds("leaf"), signs(), token()]);
    let sight = look_at(in_file(), context().record_transcript(), &mut world);
    let transcript = sight.outcome.transcript.expect("it was asked for");
    assert!(transcript.configuration.is_none());
    assert!(serde_json::to_string(&in_file()).is_err());
}

#[test]
fn credentials_share_tokens_only_where_certificate_key_and_options_are_the_same() {
    let with_key = |leaf: &str, key: &[u8]| {
        let key = KeyHandle::in_memory(key.into());
        ClientCertificate::new([leaf], key).expect("a certificate")
    };
    let identities = [
        credential(with_key("leaf", b"key")).identity(),
        credential(with_key("other", b"key")).identity(),
        credential(with_key("leaf", b"other")).identity(),
        credential(CertificateProof::from(with_key("leaf", b"key")).use_rs256()).identity(),
        credential(CertificateProof::from(with_key("leaf", b"key")).send_certificate_chain())
            .identity(),
        in_file().identity(),
        credential(CertificateProof::from_file("/run/other.pem", Leaf)).identity(),
    ];
    for (place, identity) in identities.iter().enumerate() {
        assert!(!identities[..place].contains(identity), "number {place}");
    }
    assert_eq!(
        identities[0],
        credential(with_key("leaf", b"key")).identity()
    );
    let file = in_file();
    assert_eq!(file.identity(), file.clone().identity());
    let named = KeyHandle::Named(CallbackId::new("vault"));
    let named = || credential(ClientCertificate::new(["leaf"], named.clone()).expect("one"));
    let one = named();
    assert!(one.identity().is_private());
    assert_eq!(one.identity(), one.clone().identity());
    assert_ne!(one.identity(), named().identity());
}
