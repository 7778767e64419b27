//! Signatures by keys in memory, verified by the public key.

use std::sync::{Arc, OnceLock};

use azid_core::SecretBytes;
use azid_core::effect::{
    CallbackId, KeyHandle, Refusal, SignFailure, SignRequest, SignatureAlgorithm,
};
use azid_native::Signer;
use rcgen::KeyPair;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    UnparsedPublicKey, VerificationAlgorithm,
};
use rsa::pkcs1::EncodeRsaPublicKey as _;
use rsa::pkcs8::EncodePrivateKey as _;
use rsa::{BigUint, RsaPrivateKey};

const MESSAGE: &[u8] = b"header.claims";

fn rsa_key() -> &'static RsaPrivateKey {
    static KEY: OnceLock<RsaPrivateKey> = OnceLock::new();
    KEY.get_or_init(|| new_rsa_key(2048))
}

fn new_rsa_key(bits: usize) -> RsaPrivateKey {
    RsaPrivateKey::new(&mut rsa::rand_core::OsRng, bits).expect("there is randomness")
}

fn handle(key: &RsaPrivateKey) -> KeyHandle {
    let document = key.to_pkcs8_der().expect("it is a key");
    KeyHandle::in_memory(document.as_bytes().into())
}

fn sign(key: &KeyHandle, algorithm: SignatureAlgorithm) -> Result<Vec<u8>, SignFailure> {
    sign_by(&Signer::new(), key, algorithm)
}

fn sign_by(
    signer: &Signer,
    key: &KeyHandle,
    algorithm: SignatureAlgorithm,
) -> Result<Vec<u8>, SignFailure> {
    signer.sign(&SignRequest::new(algorithm, MESSAGE.into(), key.clone()))
}

fn why(key: &KeyHandle, algorithm: SignatureAlgorithm) -> String {
    match sign(key, algorithm) {
        Err(SignFailure::UnusableKey(detail)) => detail.as_str().to_owned(),
        other => panic!("the key was thought usable: {other:?}"),
    }
}

fn is_good(public: &[u8], by: &'static dyn VerificationAlgorithm, signature: &[u8]) -> bool {
    let public = UnparsedPublicKey::new(by, public);
    public.verify(MESSAGE, signature).is_ok() && public.verify(b"another", signature).is_err()
}

#[test]
fn rsa_signatures_are_those_that_their_names_promise() {
    let public = rsa_key().to_public_key().to_pkcs1_der().expect("a key");
    let ways: [(
        _,
        &'static dyn VerificationAlgorithm,
        &'static dyn VerificationAlgorithm,
    ); 2] = [
        (
            SignatureAlgorithm::Rs256,
            &RSA_PKCS1_2048_8192_SHA256,
            &RSA_PSS_2048_8192_SHA256,
        ),
        (
            SignatureAlgorithm::Ps256,
            &RSA_PSS_2048_8192_SHA256,
            &RSA_PKCS1_2048_8192_SHA256,
        ),
    ];
    for (algorithm, same, other) in ways {
        let signature = sign(&handle(rsa_key()), algorithm).expect("the key is usable");
        assert_eq!(signature.len(), 256);
        assert!(
            is_good(public.as_bytes(), same, &signature),
            "{algorithm:?}"
        );
        assert!(
            !is_good(public.as_bytes(), other, &signature),
            "{algorithm:?}"
        );
    }
}

#[test]
fn no_two_ps256_signatures_are_alike() {
    let signer = Signer::new();
    let key = handle(rsa_key());
    let signatures = [(); 2].map(|()| sign_by(&signer, &key, SignatureAlgorithm::Ps256));
    assert!(signatures[0].is_ok());
    assert_ne!(signatures[0], signatures[1]);
}

#[test]
fn an_ec_key_on_p256_signs_es256_in_64_bytes() {
    let pair = KeyPair::generate().expect("ring makes keys");
    let key = KeyHandle::in_memory(pair.serialize_der().into());
    let signature = sign(&key, SignatureAlgorithm::Es256).expect("the key is usable");
    assert_eq!(signature.len(), 64);
    assert!(is_good(
        pair.public_key_raw(),
        &ECDSA_P256_SHA256_FIXED,
        &signature
    ));
}

#[test]
fn a_key_is_parsed_once_for_all_its_signatures() {
    let signer = Signer::new();
    let key = handle(rsa_key());
    for _ in 0..20 {
        sign_by(&signer, &key.clone(), SignatureAlgorithm::Rs256).expect("the key is usable");
    }
    assert!(format!("{signer:?}").contains("Recent(1 of"), "{signer:?}");
}

#[test]
fn keys_that_are_replaced_for_ever_are_not_kept_for_ever() {
    let signer = Signer::new();
    for _ in 0..20 {
        sign_by(&signer, &handle(rsa_key()), SignatureAlgorithm::Rs256).expect("it is usable");
    }
    assert!(format!("{signer:?}").contains("Recent(1 of"), "{signer:?}");
    let in_use: Vec<_> = (0..20).map(|_| handle(rsa_key())).collect();
    for key in &in_use {
        sign_by(&signer, key, SignatureAlgorithm::Rs256).expect("it is usable");
    }
    assert!(
        format!("{signer:?}").contains("Recent(8 of 8)"),
        "{signer:?}"
    );
}

#[test]
fn a_key_that_is_too_small_or_too_large_is_told_by_its_size() {
    let small = why(&handle(&new_rsa_key(1024)), SignatureAlgorithm::Ps256);
    assert!(small.contains("less than 2048 bits"), "{small}");
    let mersenne = |power: usize| (BigUint::from(1_u8) << power) - BigUint::from(1_u8);
    let large = RsaPrivateKey::from_p_q(mersenne(4253), mersenne(4423), 65537_u32.into());
    let large = why(
        &handle(&large.expect("both are primes")),
        SignatureAlgorithm::Ps256,
    );
    assert!(large.contains("more than 4096 bits"), "{large}");
}

#[test]
fn a_key_of_the_wrong_kind_is_told_by_its_kind_and_what_to_use_instead() {
    let p256 = KeyPair::generate().expect("ring makes keys");
    let p256 = KeyHandle::in_memory(p256.serialize_der().into());
    for algorithm in [SignatureAlgorithm::Rs256, SignatureAlgorithm::Ps256] {
        let why = why(&p256, algorithm);
        assert!(
            why.contains("an EC key") && why.contains("use a certificate"),
            "{why}"
        );
    }
    let why_not = why(&handle(rsa_key()), SignatureAlgorithm::Es256);
    assert!(why_not.contains("an RSA key"), "{why_not}");
    for other in [&rcgen::PKCS_ED25519, &rcgen::PKCS_ECDSA_P384_SHA384] {
        let pair = KeyPair::generate_for(other).expect("ring makes keys");
        let key = KeyHandle::in_memory(pair.serialize_der().into());
        let why = why(&key, SignatureAlgorithm::Ps256);
        assert!(why.contains("neither an RSA key nor"), "{why}");
    }
}

#[test]
fn what_is_no_key_is_a_failure_that_shows_nothing_of_it() {
    let whole = rsa_key().to_pkcs8_der().expect("it is a key");
    let whole = whole.as_bytes();
    let half = &whole[..whole.len() / 2];
    let mut damaged = whole.to_vec();
    damaged[600..620].fill(7); // in a prime
    let pem = b"-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n-----END PRIVATE KEY-----\n";
    for document in [&b""[..], b"canary", half, &damaged, pem] {
        let key = KeyHandle::in_memory(SecretBytes::from(document));
        let failure = sign(&key, SignatureAlgorithm::Ps256);
        assert!(
            matches!(failure, Err(SignFailure::UnusableKey(_))),
            "{failure:?}"
        );
        let shown = format!("{failure:?}");
        assert!(
            !shown.contains("canary") && !shown.contains("Y2FuYXJ5"),
            "{shown}"
        );
    }
}

#[test]
fn a_key_that_has_a_name_is_somebody_elses_to_use() {
    let name = CallbackId::new("vault");
    let refused = SignFailure::Refused(Refusal::NotRegistered(name.clone()));
    assert_eq!(
        sign(&KeyHandle::Named(name), SignatureAlgorithm::Ps256),
        Err(refused)
    );
}

#[test]
fn threads_share_a_signer() {
    let (signer, key) = (Arc::new(Signer::new()), handle(rsa_key()));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (signer, key) = (Arc::clone(&signer), key.clone());
            std::thread::spawn(move || sign_by(&signer, &key, SignatureAlgorithm::Ps256))
        })
        .collect();
    for thread in threads {
        thread.join().expect("no panic").expect("the key is usable");
    }
    assert!(format!("{signer:?}").contains("Recent(1 of"), "{signer:?}");
}
