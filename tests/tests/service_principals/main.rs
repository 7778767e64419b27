//! Applications as service principals: how they prove who they are, whom they ask, and for whom.

mod authority;
mod certificate_assertion;
mod certificate_source;
mod on_behalf_of;
mod region;
mod sight;
mod written;

use azid_core::effect::{HttpResponse, KeyHandle};
use azid_core::testing::{self, Reply};
use azid_core::{
    CertificateProof, ClientCertificate, ClientCertificateCredential, Context, TokenRequest,
};

const SIGNATURE: &[u8] = b"\xfb\xffsignature";

/// The digests of these bytes are the published examples of both algorithms.
const LEAF: &[u8] = b"abc";

fn certificate() -> ClientCertificate {
    let key = KeyHandle::in_memory(b"a key".to_vec().into());
    ClientCertificate::new([LEAF], key).expect("there is a certificate")
}

fn proof() -> CertificateProof {
    certificate().into()
}

fn credential(proof: impl Into<CertificateProof>) -> ClientCertificateCredential {
    ClientCertificateCredential::new("contoso.com", "app-id", proof).expect("valid")
}

fn signs() -> Reply {
    Reply::Sign(Ok(SIGNATURE.to_vec()))
}

fn token() -> Reply {
    answers(200, r#"{"access_token":"AT","expires_in":3599}"#)
}

fn answers(status: u16, body: &str) -> Reply {
    HttpResponse::new(status, body.as_bytes()).into()
}

fn context() -> Context {
    testing::context(TokenRequest::new(["https://vault.azure.net/.default"]))
}
