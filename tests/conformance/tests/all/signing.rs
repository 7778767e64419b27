//! A key in memory signs the same on every driver.

use std::sync::{Arc, Mutex};

use azid_core::effect::{
    CallbackId, KeyHandle, Refusal, SignFailure, SignRequest, SignatureAlgorithm,
};
use azid_core::{Cause, Context, Credential, Identity, Next, Seed, TokenRequest, sign};
use ring::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPublicKey as _;
use rsa::pkcs8::EncodePrivateKey as _;

use crate::clock::VirtualClock;
use crate::drivers::{DRIVERS, Driver};

type Signed = Result<Vec<u8>, SignFailure>;

#[derive(Debug)]
struct Signs(SignRequest, Mutex<Option<Signed>>);

impl Credential for Signs {
    fn name(&self) -> &'static str {
        "Signs"
    }

    fn identity(&self) -> Identity {
        Identity::private()
    }

    fn begin(self: Arc<Self>, _: &mut Context) -> Next {
        sign(self.0.clone(), move |reply, cx| {
            *self.1.lock().expect("no run panics") = Some(reply);
            cx.unavailable(Cause::Unsupported("it only signs"))
        })
    }
}

fn signed(drive: Driver, algorithm: SignatureAlgorithm, key: &KeyHandle) -> Signed {
    let request = SignRequest::new(algorithm, b"header.claims"[..].into(), key.clone());
    let signs = Arc::new(Signs(request, Mutex::default()));
    let clock = VirtualClock::default();
    let context = Context::new(TokenRequest::new(["any"]), clock.now(), Seed::new([1; 32]));
    let _it_only_signs = drive(Arc::<Signs>::clone(&signs), context, clock);
    let reply = signs.1.lock().expect("no run panics").take();
    reply.expect("the effect was replied to")
}

#[test]
fn every_driver_makes_a_ps256_signature_that_the_public_key_verifies() {
    let private = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).expect("it makes keys");
    let public = private.to_public_key().to_pkcs1_der().expect("it is a key");
    let public = UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, public.as_bytes());
    let document = private.to_pkcs8_der().expect("it is a key");
    let key = KeyHandle::in_memory(document.as_bytes().into());
    let mut same = Vec::new();
    for (driver, drive) in DRIVERS {
        let signature = signed(drive, SignatureAlgorithm::Ps256, &key).expect(driver);
        assert!(
            public.verify(b"header.claims", &signature).is_ok(),
            "{driver}"
        );
        same.push(signed(drive, SignatureAlgorithm::Rs256, &key).expect(driver));
    }
    same.dedup();
    assert_eq!(same.len(), 1, "an RS256 signature has no randomness in it");
}

#[test]
fn every_driver_says_of_an_unusable_key_that_it_is_one() {
    let key = KeyHandle::in_memory(b"canary"[..].into());
    for (driver, drive) in DRIVERS {
        let reply = signed(drive, SignatureAlgorithm::Ps256, &key);
        assert!(
            matches!(reply, Err(SignFailure::UnusableKey(_))),
            "{driver}: {reply:?}"
        );
        assert!(!format!("{reply:?}").contains("canary"), "{driver}");
    }
}

#[test]
fn a_named_key_is_left_to_the_user_s_signer() {
    let name = CallbackId::new("vault");
    for (driver, drive) in DRIVERS {
        let reply = signed(
            drive,
            SignatureAlgorithm::Ps256,
            &KeyHandle::Named(name.clone()),
        );
        let refused = SignFailure::Refused(Refusal::NotRegistered(name.clone()));
        assert_eq!(reply, Err(refused), "{driver}");
    }
}
