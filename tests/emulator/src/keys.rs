//! RSA keys of the emulated parties, and the tokens that they sign.

use crate::certificate::ClientCertificate;
use crate::jwt::{PublicKey, encode};
use rsa::pkcs8::EncodePrivateKey;
use rsa::rand_core::OsRng;
use rsa::signature::{RandomizedSigner, SignatureEncoding, Signer as _};
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, RsaPrivateKey, pkcs1v15, pss};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt;

/// The keys of one emulated world. Making them takes a second or so: share one set between tests.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Signs the access tokens of Entra.
    pub entra: SigningKey,
    /// Signs the assertions of the federated issuers.
    pub federation: SigningKey,
    /// What the application proves itself with in place of a secret.
    pub certificate: ClientCertificate,
}

impl Keys {
    /// Makes fresh keys from the randomness of the system.
    ///
    /// This is arithmetic, which takes a minute where the crates `rsa` and `num-bigint-dig` are built
    /// without optimisation. A profile counts in the workspace that it is written in, so yours wants
    /// `opt-level = 3` in `[profile.dev.package.rsa]` and `[profile.dev.package.num-bigint-dig]`.
    pub fn generate() -> Keys {
        Keys {
            entra: SigningKey::generate(),
            federation: SigningKey::generate(),
            certificate: ClientCertificate::generate("azid emulator client"),
        }
    }
}

/// An RSA key of 2048 bits that signs JSON Web Tokens with RS256 or PS256 (RFC 7518 sections 3.3 and
/// 3.5).
#[derive(Clone)]
pub struct SigningKey {
    signer: Signer,
    public: PublicKey,
    key_id: String,
}

#[derive(Clone)]
enum Signer {
    Rsa(Box<pkcs1v15::SigningKey<Sha256>>),
    Imitation,
}

impl SigningKey {
    /// Makes a fresh key from the randomness of the system.
    pub fn generate() -> SigningKey {
        let private = RsaPrivateKey::new(&mut OsRng, 2048)
            .expect("2048 bits and the standard exponent make a key");
        let bytes = BigUint::to_bytes_be;
        let public = PublicKey::new(bytes(private.n()), bytes(private.e()));
        let key_id = thumbprint(&public);
        SigningKey {
            signer: Signer::Rsa(Box::new(pkcs1v15::SigningKey::new(private))),
            public,
            key_id,
        }
    }

    /// What signs in a thousandth of the time, for tests with many thousand tokens: in place of each
    /// signature there is a hash, which no verifier accepts.
    pub fn imitation() -> SigningKey {
        let public = PublicKey::new(vec![0xff; 256], vec![1, 0, 1]);
        SigningKey {
            signer: Signer::Imitation,
            key_id: thumbprint(&public),
            public,
        }
    }

    /// The name of the key in a token's header and in a published key set.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The public half as a JSON Web Key (RFC 7517 section 4).
    pub fn public_jwk(&self) -> Value {
        let (n, e) = self.public.encoded();
        json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.key_id, "n": n, "e": e})
    }

    /// Signs `claims` as a compact JSON Web Token that names this key in its header.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_with_header(
            &json!({"typ": "JWT", "alg": "RS256", "kid": self.key_id}),
            claims,
        )
    }

    /// Signs `claims` under a header of the caller's own making, true or not: with PS256 if it says
    /// so, and with RS256 whatever else it says.
    pub fn sign_with_header(&self, header: &Value, claims: &Value) -> String {
        let signed = format!(
            "{}.{}",
            encode(header.to_string()),
            encode(claims.to_string())
        );
        let signature = match &self.signer {
            Signer::Imitation => Sha256::digest(&signed).as_slice().into(),
            Signer::Rsa(key) if header["alg"] == "PS256" => {
                let private: &RsaPrivateKey = (**key).as_ref();
                let signer = pss::SigningKey::<Sha256>::new(private.clone());
                signer
                    .sign_with_rng(&mut OsRng, signed.as_bytes())
                    .to_bytes()
            }
            Signer::Rsa(key) => key.sign(signed.as_bytes()).to_bytes(),
        };
        format!("{signed}.{}", encode(signature))
    }

    /// The private half as PKCS#8 (RFC 5208), of a key that was generated.
    pub(crate) fn private_der(&self) -> Vec<u8> {
        let Signer::Rsa(key) = &self.signer else {
            panic!("an imitation has no private half and is in no certificate");
        };
        let private: &RsaPrivateKey = (**key).as_ref();
        let document = private
            .to_pkcs8_der()
            .expect("an RSA key has a PKCS#8 form");
        document.as_bytes().to_vec()
    }

    pub(crate) fn public(&self) -> &PublicKey {
        &self.public
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// The thumbprint of RFC 7638: the hash of the required members in alphabetical order.
fn thumbprint(key: &PublicKey) -> String {
    let (n, e) = key.encoded();
    encode(Sha256::digest(
        json!({"e": e, "kty": "RSA", "n": n}).to_string(),
    ))
}
