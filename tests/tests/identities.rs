//! Which credentials may share tokens: those that differ in nothing that changes one.

use azid_certificate::CertificateReader;
use azid_core::effect::{CallbackId, KeyHandle};
use azid_core::{
    Authority, CertificateProof, ClientAssertion, ClientAssertionCredential, ClientCertificate,
    ClientCertificateCredential, ClientCredential, ClientSecret, ClientSecretCredential,
    Credential, DefaultAzureCredential, EnvironmentCredential, Identity, Invalid,
    ManagedIdentityCredential, ManagedIdentityId, OnBehalfOfCredential, ReadCertificate,
    SecretBytes,
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

/// A reader of the program's own.
#[derive(Clone, Debug)]
struct Own;

impl ReadCertificate for Own {
    fn read(&self, _: &SecretBytes) -> Result<ClientCertificate, Invalid> {
        Ok(certificate())
    }
}

/// The identities of the three credentials that read a certificate by this reader.
fn read_by(reader: impl ReadCertificate + Clone + 'static) -> [Identity; 3] {
    let proof = CertificateProof::from_file("/run/app.p12", reader.clone());
    let application = ClientCertificateCredential::new("contoso.com", "app", proof);
    [
        application.expect("good values").identity(),
        EnvironmentCredential::new()
            .certificates(reader.clone())
            .identity(),
        DefaultAzureCredential::new()
            .certificates(reader)
            .identity(),
    ]
}

#[test]
fn one_file_read_with_two_passwords_is_two_identities_and_with_one_password_it_is_one() {
    let with = |password: &str| read_by(CertificateReader::new().password(password));
    let without = read_by(CertificateReader::new());
    for (place, without) in without.iter().enumerate() {
        assert_eq!(with("one")[place], with("one")[place]);
        assert_ne!(with("one")[place], with("two")[place]);
        assert_ne!(with("one")[place], *without);
        assert_eq!(with("")[place], *without, "an empty one is none");
        assert!(!without.is_private());
    }
}

#[test]
fn two_readers_of_the_programs_own_never_share_a_token() {
    for (one, other) in read_by(Own).iter().zip(&read_by(Own)) {
        assert!(one.is_private());
        assert_ne!(one, other);
    }
    let environment = EnvironmentCredential::new().certificates(Own);
    assert_eq!(environment.identity(), environment.clone().identity());
    let default = DefaultAzureCredential::new().certificates(Own);
    assert_eq!(default.identity(), default.clone().identity());
}

#[test]
fn a_credential_and_the_one_that_vouches_for_it_never_share_a_token() {
    let issuer = ClientSecretCredential::new("contoso.com", "app", "s3cret").expect("good values");
    let assertion = ClientAssertion::from_credential(issuer.clone());
    let parent = ClientAssertionCredential::new("contoso.com", "app", assertion);
    assert_ne!(parent.expect("good values").identity(), issuer.identity());
    let certificate = CertificateProof::from(certificate());
    let issuer = ClientCertificateCredential::new("contoso.com", "app", certificate);
    let issuer = issuer.expect("good values");
    let assertion = ClientAssertion::from_credential(issuer.clone());
    let parent = ClientAssertionCredential::new("contoso.com", "app", assertion);
    let parent = parent.expect("good values");
    assert_ne!(parent.identity(), issuer.identity());
    assert_eq!(parent.identity(), parent.clone().identity());
}

#[test]
fn a_clone_that_asks_another_authority_does_not_share_a_token() {
    let by_code = ClientSecret::from_callback(callback());
    let secret = ClientSecretCredential::new("contoso.com", "app", by_code).expect("good values");
    assert_ne!(
        secret.identity(),
        secret
            .clone()
            .authority(Authority::us_government())
            .identity()
    );
    let named = ClientCertificateCredential::new("contoso.com", "app", certificate());
    let named = named.expect("good values");
    assert_ne!(
        named.identity(),
        named
            .clone()
            .authority(Authority::us_government())
            .identity()
    );
}

#[test]
fn two_kinds_of_id_of_a_managed_identity_never_share_a_token() {
    let id = "/subscriptions/0/resourceGroups/one/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one";
    let of = |id: ManagedIdentityId| {
        let credential = ManagedIdentityCredential::with_id(id);
        credential.expect("a good id").identity()
    };
    let kinds = [
        ManagedIdentityId::ClientId,
        ManagedIdentityId::ObjectId,
        ManagedIdentityId::ResourceId,
    ];
    let of_each = kinds.map(|kind| of(kind(id.to_owned())));
    let [client, object, resource] = &of_each;
    assert!(client != object && object != resource && client != resource);
    for (kind, identity) in kinds.iter().zip(&of_each) {
        assert_eq!(of(kind(id.to_owned())), *identity);
        assert_ne!(of(kind(id.replace("one", "two"))), *identity);
        assert_ne!(ManagedIdentityCredential::new().identity(), *identity);
    }
}

#[test]
fn two_applications_with_one_callback_never_share_a_token() {
    let secret = ClientSecret::from_callback(callback());
    differ(|app| ClientSecretCredential::new("contoso.com", app, secret.clone()));
    let assertion = ClientAssertion::from_callback(callback());
    differ(|app| ClientAssertionCredential::new("contoso.com", app, assertion.clone()));
    let proof = CertificateProof::from(certificate());
    differ(|app| ClientCertificateCredential::new("contoso.com", app, proof.clone()));
}

fn differ<C: Credential>(of: impl Fn(&str) -> Result<C, Invalid>) {
    let identity = |app| -> Identity { of(app).expect("good values").identity() };
    assert_eq!(identity("one"), identity("one"));
    assert_ne!(identity("one"), identity("two"));
}
