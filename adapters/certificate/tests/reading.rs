//! What the reader makes of good files.

mod files;

use azid_certificate::CertificateReader;
use azid_core::effect::KeyHandle;
use azid_core::{ReadCertificate as _, SecretBytes, Timestamp};
use files::{join, read, read_with, with_password};

/// As `openssl x509 -enddate` says of `expired.pem`, in seconds since 1970.
const EXPIRED_ON: i64 = 1_795_248_041;

fn key(handle: &KeyHandle) -> &SecretBytes {
    match handle {
        KeyHandle::InMemory(key) => key,
        other => panic!("not in memory: {other:?}"),
    }
}

fn is_the_leaf_with_its_chain(content: &[u8], password: Option<&str>, length: usize) {
    let certificate = read_with(content, password).expect("a good file");
    let chain = ["leaf.pem", "intermediate.pem", "root.pem"].map(files::der);
    assert_eq!(certificate.chain(), &chain[..length]);
    assert_eq!(key(certificate.key()).expose(), files::der("key-pkcs8.pem"));
    ring::rsa::KeyPair::from_pkcs8(key(certificate.key()).expose()).expect("ring takes the key");
}

#[test]
fn a_pkcs12_file_of_any_age_is_opened_with_its_password() {
    for name in [
        "modern.p12",
        "legacy-rc2-40.p12",
        "legacy-rc2-128.p12",
        "legacy-3des.p12",
        "sha512-mac.p12",
        "plain-with-mac.p12",
        "no-mac.p12",
    ] {
        is_the_leaf_with_its_chain(&files::file(name), Some("swordfish"), 3);
    }
    let content = files::file("unicode-password.p12");
    is_the_leaf_with_its_chain(&content, Some("pässwörd"), 3);
}

#[test]
fn a_pkcs12_file_with_an_empty_password_or_none_needs_none() {
    for name in [
        "empty-password.p12",
        "legacy-empty-password.p12",
        "plain.p12",
        "no-mac-empty-password.p12",
        "no-mac-null-password.p12",
    ] {
        is_the_leaf_with_its_chain(&files::file(name), None, 3);
        is_the_leaf_with_its_chain(&files::file(name), Some(""), 3);
    }
}

#[test]
fn a_pem_key_is_read_plain_and_encrypted_in_every_usual_way() {
    for name in [
        "key-pkcs8.pem",
        "key-pkcs1.pem",
        "key-aes256-pbkdf2.pem",
        "key-aes128-sha1.pem",
        "key-aes192-sha512.pem",
        "key-scrypt.pem",
        "key-3des.pem",
        "key-pkcs12-3des.pem",
    ] {
        is_the_leaf_with_its_chain(&join(&[name, "leaf.pem"]), Some("swordfish"), 1);
    }
}

#[test]
fn the_blocks_may_come_in_any_order_and_the_leaf_is_the_one_of_the_key() {
    for names in [
        ["root.pem", "leaf.pem", "key-pkcs8.pem", "intermediate.pem"],
        ["intermediate.pem", "key-pkcs1.pem", "root.pem", "leaf.pem"],
        ["key-pkcs8.pem", "leaf.pem", "intermediate.pem", "root.pem"],
    ] {
        is_the_leaf_with_its_chain(&join(&names), None, 3);
    }
}

#[test]
fn certificates_that_are_not_of_the_chain_are_left_out() {
    let content = join(&["ec-sec1.pem"]);
    let text = String::from_utf8(content).expect("PEM is text");
    let other = &text[text.find("-----BEGIN CERTIFICATE").expect("a certificate")..];
    let mut content = other.as_bytes().to_vec();
    content.extend(join(&["root.pem", "key-pkcs8.pem", "leaf.pem", "leaf.pem"]));
    is_the_leaf_with_its_chain(&content, None, 1);
}

#[test]
fn windows_line_ends_a_byte_order_mark_and_text_around_the_blocks_do_no_harm() {
    let mut content = b"\xEF\xBB\xBF".to_vec();
    content.extend(join(&["leaf.pem"]));
    content.extend(b"Bag Attributes\n    friendlyName: caf\xE9\n");
    content.extend(join(&["key-pkcs8.pem"]));
    let text: Vec<u8> = content
        .iter()
        .flat_map(|byte| match byte {
            b'\n' => vec![b'\r', b'\n'],
            byte => vec![*byte],
        })
        .collect();
    is_the_leaf_with_its_chain(&text, None, 1);
}

#[test]
fn a_password_that_is_not_needed_does_no_harm() {
    is_the_leaf_with_its_chain(&join(&["leaf.pem", "key-pkcs8.pem"]), Some("swordfish"), 1);
    is_the_leaf_with_its_chain(&files::file("plain.p12"), Some("swordfish"), 3);
}

#[test]
fn an_expired_certificate_is_read_and_says_when_it_expired() {
    let expired = read(&join(&["expired.pem", "key-pkcs8.pem"])).expect("it is read");
    let moment = Timestamp::from_unix_seconds(EXPIRED_ON);
    assert_eq!(expired, expired.clone().expires_on(moment));
    let fresh = read(&join(&["leaf.pem", "key-pkcs8.pem"])).expect("it is read");
    assert_ne!(fresh, fresh.clone().expires_on(moment));
    let both = read(&join(&["expired.pem", "key-pkcs8.pem", "leaf.pem"])).expect("it is read");
    assert_eq!(both.leaf(), fresh.leaf(), "the one that expires last");
}

#[test]
fn the_same_content_yields_the_same_key_and_a_rotated_one_a_new_key() {
    let reader = with_password(Some("swordfish"));
    let content = SecretBytes::new(files::file("modern.p12"));
    let arc = |reader: &CertificateReader, content: &SecretBytes| match reader
        .read(content)
        .expect("a good file")
        .key()
    {
        KeyHandle::InMemory(arc) => arc.clone(),
        other => panic!("not in memory: {other:?}"),
    };
    let first = arc(&reader, &content);
    assert!(std::sync::Arc::ptr_eq(
        &first,
        &arc(&reader.clone(), &content)
    ));
    let rotated = SecretBytes::new(files::file("legacy-3des.p12"));
    assert!(!std::sync::Arc::ptr_eq(&first, &arc(&reader, &rotated)));
    assert!(
        !std::sync::Arc::ptr_eq(&first, &arc(&reader, &content)),
        "only the last is kept"
    );
}

#[test]
fn another_password_does_not_get_what_the_right_one_opened() {
    let content = SecretBytes::new(files::file("modern.p12"));
    let reader = with_password(Some("swordfish"));
    reader.read(&content).expect("a good file");
    assert!(reader.clone().password("guess").read(&content).is_err());
    let read_with = |password: &str| {
        let other = reader.with_password(&password.into());
        other.expect("it takes one").read(&content)
    };
    for guess in ["guess", "swordfisH", ""] {
        assert!(read_with(guess).is_err());
        assert!(read_with("swordfish").is_ok());
    }
}

#[test]
fn nothing_that_shows_a_reader_shows_its_password() {
    let shown = format!("{:?}", with_password(Some("swordfish")));
    assert_eq!(shown, "CertificateReader { password: Some([secret]), .. }");
}
