//! Signatures by RSA keys of 2048 bits, and the whole of a certificate's token.

use std::hint::black_box;
use std::sync::Arc;

use aws_lc_rs::encoding::AsDer as _;
use azid_bench::world::{self, InMemory};
use azid_certificate::CertificateReader;
use azid_core::effect::Refusal;
use azid_core::{
    ClientCertificateCredential, Context, Credential, Now, ReadCertificate as _, Run, SecretBytes,
    Seed, Step, TokenRequest,
};
use azid_native::Signer;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::signature::{SignatureEncoding as _, Signer as _};

use crate::rounds::{compare, contestant};

/// A client assertion's length.
const MESSAGE: [u8; 600] = [b'm'; 600];

/// Who signs how quickly, and what azid adds.
pub fn signatures() {
    let key = pkcs8();
    let ring = ring::signature::RsaKeyPair::from_pkcs8(&key).expect("it is a key");
    let ring_randomness = ring::rand::SystemRandom::new();
    let aws = aws_lc_rs::signature::RsaKeyPair::from_pkcs8(&key).expect("it is a key");
    let aws_randomness = aws_lc_rs::rand::SystemRandom::new();
    let rsa = rsa::RsaPrivateKey::from_pkcs8_der(&key).expect("it is a key");
    let rsa = rsa::pkcs1v15::SigningKey::<rsa::sha2::Sha256>::new(rsa);
    let credential = credential(&key);
    let (entra, signer) = (InMemory::new(), Signer::new());
    compare(
        "RS256 with 2048 bits",
        vec![
            contestant("ring", |times| {
                for _ in 0..times {
                    let mut signature = vec![0; 256];
                    let padding = &ring::signature::RSA_PKCS1_SHA256;
                    ring.sign(padding, &ring_randomness, &MESSAGE, &mut signature)
                        .expect("the key signs");
                    black_box(signature);
                }
            }),
            contestant("azid's whole token by certificate", |times| {
                (0..times).for_each(|_| run(&credential, &entra, &signer));
            }),
            contestant("aws-lc-rs", |times| {
                for _ in 0..times {
                    let mut signature = vec![0; 256];
                    let padding = &aws_lc_rs::signature::RSA_PKCS1_SHA256;
                    aws.sign(padding, &aws_randomness, &MESSAGE, &mut signature)
                        .expect("the key signs");
                    black_box(signature);
                }
            }),
            contestant("rsa", |times| {
                (0..times).for_each(|_| drop(black_box(rsa.sign(&MESSAGE).to_vec())));
            }),
        ],
    );
}

/// A new key, as a PKCS#8 document.
fn pkcs8() -> Vec<u8> {
    let key = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048);
    let key = key.expect("there is randomness");
    let document: aws_lc_rs::encoding::Pkcs8V1Der<'_> = key.as_der().expect("the key is new");
    document.as_ref().to_vec()
}

fn credential(key: &[u8]) -> Arc<dyn Credential> {
    let key = rcgen::KeyPair::try_from(key).expect("it is a key");
    let certificate = rcgen::CertificateParams::default()
        .self_signed(&key)
        .expect("the parameters are rcgen's own");
    let file = certificate.pem() + &key.serialize_pem();
    let certificate = CertificateReader::new()
        .read(&SecretBytes::new(file.into_bytes()))
        .expect("the file holds a certificate and its key");
    let proof = azid_core::CertificateProof::from(certificate).use_rs256();
    let credential = ClientCertificateCredential::new(world::TENANT, world::CLIENT, proof);
    Arc::new(credential.expect("the credential is well-formed"))
}

fn run(credential: &Arc<dyn Credential>, entra: &InMemory, signer: &Signer) {
    let now = Now::wall(1_795_255_200_000);
    let request = TokenRequest::new([world::SCOPE]);
    let context = Context::new(request, now, Seed::new([7; 32]));
    let mut step = Run::start(Arc::clone(credential), context);
    loop {
        step = match step {
            Step::Done(outcome) => {
                black_box(outcome.result.expect("there is a token in memory"));
                return;
            }
            Step::Sign(call) => {
                let reply = signer.sign(call.request());
                call.reply(reply, now)
            }
            Step::Http(call) => call.reply(Ok(entra.answer()), now),
            other => other.refuse(Refusal::NoSuchEffect, now),
        };
    }
}
