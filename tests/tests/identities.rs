//! Which credentials may share tokens: those that differ in nothing that changes one.

use azid_core::effect::{CallbackId, KeyHandle};
use azid_core::{
    ClientAssertion, ClientAssertionCredential, ClientCertificate, ClientCertificateCredential,
    ClientCredential, ClientSecret, ClientSecretCredential, Credential, Identity,
    OnBehalfOfCredential,
};

fn callback() -> CallbackId {
    CallbackId::new("vault")
}

fn certificate() -> ClientCertificate {
    ClientCertificate::new(["leaf"], KeyHandle::Named(callback())).expect("a certificate")
}

#[test]
fn two_users_behind_one_callback_never_share_a_token() {
    let proofs = [
        ClientCredential::Secret(ClientSecret::from_callback(callback())),
        ClientCredential::Certificate(certificate().into()),
        ClientCredential::Assertion(ClientAssertion::from_callback(callback())),
    ];
    for proof in proofs {
        let of = |user: &str| {
            let credential = OnBehalfOfCredential::new("contoso.com", "app", proof.clone(), user);
            credential.expect("four good values").identity()
        };
        assert_eq!(of("megan"), of("megan"));
        assert_ne!(of("megan"), of("lynne"), "{proof:?}");
    }
}

#[test]
fn two_applications_with_one_callback_never_share_a_token() {
    let secret = ClientSecret::from_callback(callback());
    differ(|app| ClientSecretCredential::new("contoso.com", app, secret.clone()));
    let assertion = ClientAssertion::from_callback(callback());
    differ(|app| ClientAssertionCredential::new("contoso.com", app, assertion.clone()));
    let proof = azid_core::CertificateProof::from(certificate());
    differ(|app| ClientCertificateCredential::new("contoso.com", app, proof.clone()));
}

fn differ<C: Credential>(of: impl Fn(&str) -> Result<C, azid_core::Invalid>) {
    let identity = |app| -> Identity { of(app).expect("good values").identity() };
    assert_eq!(identity("one"), identity("one"));
    assert_ne!(identity("one"), identity("two"));
}
