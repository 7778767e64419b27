//! The PEM text of the only roots that count.

use azid_core::effect::{HttpFailure, Roots, Tls};
use azid_native::client_config;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use std::sync::Arc;

fn only(pem: impl Into<String>) -> Tls {
    Tls {
        roots: Roots::Exclusive(pem.into()),
        ..Tls::default()
    }
}

fn root() -> String {
    let mut params = CertificateParams::new([]).expect("no name is a bad one");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("ring makes keys");
    let root = params.self_signed(&key).expect("the parameters are valid");
    root.pem()
}

#[test]
fn a_text_without_a_usable_certificate_is_a_failure_and_never_means_the_systems_roots() {
    let root = root();
    let body =
        |text: &str| format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
    let key = KeyPair::generate()
        .expect("ring makes keys")
        .serialize_pem();
    let texts = [
        (String::new(), "holds no certificate"),
        (" \n\n".to_owned(), "holds no certificate"),
        ("not PEM at all".to_owned(), "holds no certificate"),
        (key, "holds no certificate"),
        (
            body("!!!"),
            "certificate 1 of the PEM text is not well-formed",
        ),
        (body("AAAA"), "certificate 1 of the PEM text is no X.509"),
        (
            root[..root.len() / 2].to_owned(),
            "certificate 1 of the PEM text is not well-formed",
        ),
        (
            format!("{root}{}", body("AAAA")),
            "certificate 2 of the PEM text is no X.509",
        ),
    ];
    for (text, why) in texts {
        let failure = client_config(&only(text.clone())).expect_err(&text);
        let says_so =
            matches!(&failure, HttpFailure::UnusableRoots(detail) if detail.as_str().contains(why));
        assert!(says_so, "{failure} for {text}");
    }
}

#[test]
fn the_same_roots_are_one_configuration_and_replaced_ones_are_another() {
    let (old, new) = (root(), root());
    let config = |text: &str| client_config(&only(text)).expect("it is a root");
    assert!(Arc::ptr_eq(&config(&old), &config(&old)));
    assert!(!Arc::ptr_eq(&config(&old), &config(&new)));
}

#[test]
fn roots_that_are_replaced_for_ever_are_not_kept_for_ever() {
    let first = client_config(&only(root())).expect("it is a root");
    let kept = Arc::downgrade(&first);
    drop(first);
    assert!(kept.upgrade().is_some(), "it is kept for the next request");
    for _ in 0..20 {
        client_config(&only(root())).expect("it is a root");
    }
    assert!(kept.upgrade().is_none(), "it has gone");
}
