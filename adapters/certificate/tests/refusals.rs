//! Every bad file is refused in words that say what was seen and what to do.

mod files;

use azid_certificate::MAX_BLOCKS;
use files::{file, join, read, read_with};
use proptest::prelude::*;

#[track_caller]
fn is_refused(content: &[u8], password: Option<&str>, saying: &str) {
    let refusal = read_with(content, password)
        .expect_err("a bad file")
        .to_string();
    assert!(refusal.contains(saying), "{refusal}");
    assert!(
        refusal.contains(';'),
        "it does not say what to do: {refusal}"
    );
}

#[test]
fn a_file_without_a_certificate_is_refused() {
    is_refused(&file("key-pkcs8.pem"), None, "holds no certificate");
    is_refused(
        &file("no-certificate.p12"),
        Some("swordfish"),
        "holds no certificate",
    );
}

#[test]
fn a_file_without_a_private_key_is_refused() {
    is_refused(&file("leaf.pem"), None, "holds no private key");
    is_refused(
        &file("no-key.p12"),
        Some("swordfish"),
        "holds no private key",
    );
}

#[test]
fn a_public_key_is_not_taken_for_a_private_one() {
    is_refused(
        &join(&["leaf.pem", "public-key.pem"]),
        None,
        "a public key and no private key",
    );
    is_refused(
        &file("public-key.pem"),
        None,
        "a public key and no private key",
    );
}

#[test]
fn a_certificate_request_is_not_taken_for_a_certificate() {
    is_refused(
        &join(&["request.pem", "key-pkcs8.pem"]),
        None,
        "a certificate request",
    );
    is_refused(&file("request.pem"), None, "a certificate request");
}

#[test]
fn a_key_that_belongs_to_no_certificate_is_refused() {
    is_refused(
        &join(&["leaf.pem", "other-key.pem"]),
        None,
        "belongs to none",
    );
}

#[test]
fn several_private_keys_are_refused_and_the_same_key_twice_is_not() {
    let two = join(&["leaf.pem", "key-pkcs8.pem", "other-key.pem"]);
    is_refused(&two, None, "holds several private keys");
    read(&join(&["leaf.pem", "key-pkcs8.pem", "key-pkcs1.pem"])).expect("one key, twice");
}

#[test]
fn the_second_private_key_is_refused_before_what_comes_after_it_is_read() {
    let mut content = join(&["key-pkcs8.pem", "other-key.pem"]);
    content.extend(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    is_refused(&content, None, "holds several private keys");
}

#[test]
fn a_file_of_more_blocks_than_any_chain_has_is_refused_at_the_first_too_many() {
    let block = "-----BEGIN A-----\n-----END A-----\n";
    let mut content = block.repeat(MAX_BLOCKS - 2).into_bytes();
    content.extend(join(&["leaf.pem", "key-pkcs8.pem"]));
    read(&content).expect("blocks of other kinds are passed over");
    content.extend(block.bytes());
    is_refused(&content, None, "more than 256 PEM blocks");
    content.extend(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    is_refused(&content, None, "more than 256 PEM blocks");
}

#[test]
fn a_block_of_an_unknown_kind_is_passed_over_undecoded() {
    let mut content = b"-----BEGIN A-----\n*not base64*\n-----END A-----\n".to_vec();
    content.extend(join(&["leaf.pem", "key-pkcs8.pem"]));
    read(&content).expect("a good file");
}

#[test]
fn keys_that_entra_does_not_take_are_refused_by_their_kind() {
    is_refused(&file("ec-sec1.pem"), None, "an elliptic curve key");
    is_refused(&file("ec-pkcs8.pem"), None, "an elliptic curve key");
    is_refused(&file("ed25519.pem"), None, "an Ed25519 key");
    is_refused(&file("dsa-key.pem"), None, "a DSA key");
}

#[test]
fn a_short_rsa_key_is_refused_by_its_length() {
    is_refused(&file("rsa-1024.pem"), None, "1024 bits");
}

#[test]
fn a_wrong_password_is_told_from_a_missing_one() {
    let pem = join(&["leaf.pem", "key-aes256-pbkdf2.pem"]);
    let scrypt = join(&["leaf.pem", "key-scrypt.pem"]);
    let files = [
        "modern.p12",
        "legacy-rc2-40.p12",
        "legacy-3des.p12",
        "no-mac.p12",
        "no-mac-legacy.p12",
    ];
    for content in files.map(file).into_iter().chain([pem, scrypt]) {
        is_refused(&content, Some("canary"), "the password does not open it");
        is_refused(&content, None, "no password was given");
        is_refused(&content, Some(""), "no password was given");
    }
}

#[test]
fn the_legacy_encryption_of_openssl_is_refused_with_the_command_that_converts_it() {
    let content = join(&["leaf.pem", "key-legacy-encrypted.pem"]);
    is_refused(&content, Some("swordfish"), "openssl pkcs8 -topk8");
}

#[test]
fn an_empty_content_is_refused() {
    is_refused(b"", None, "is empty");
    is_refused(b" \r\n", None, "is empty");
}

#[test]
fn a_content_that_is_neither_text_nor_der_is_refused() {
    is_refused(b"\x00\x01\x02\x03", None, "neither PEM text nor");
    is_refused(b"just some words", None, "neither PEM text nor");
    is_refused(b"\xFF\xFE-\0-\0", None, "UTF-16");
}

#[test]
fn a_binary_certificate_alone_is_refused() {
    is_refused(&file("leaf.der"), None, "not PKCS#12");
}

#[test]
fn a_pkcs12_file_of_indefinite_length_is_refused() {
    is_refused(b"\x30\x80\x02\x01\x03\x00\x00", None, "indefinite lengths");
}

#[test]
fn a_file_that_is_cut_short_is_refused() {
    let pkcs12 = file("modern.p12");
    is_refused(&pkcs12[..pkcs12.len() / 2], Some("swordfish"), "cut short");
    let pem = join(&["leaf.pem", "key-pkcs8.pem"]);
    is_refused(&pem[..pem.len() - 40], None, "cut short");
}

#[test]
fn a_pem_file_that_lost_its_line_breaks_is_refused() {
    let mut pem = join(&["leaf.pem", "key-pkcs8.pem"]);
    pem.retain(|byte| *byte != b'\n');
    is_refused(&pem, None, "line of its own");
}

#[test]
fn a_file_that_is_too_large_is_refused_unread() {
    let content = vec![b' '; azid_certificate::MAX_CONTENT + 1];
    is_refused(&content, None, "the most is 1048576");
}

#[test]
fn a_file_that_asks_for_millions_of_iterations_is_refused_before_they_are_made() {
    is_refused(&file("costly.p12"), Some("x"), "rounds of hashing");
    let content = join(&["leaf.pem", "key-costly.pem"]);
    is_refused(&content, Some("swordfish"), "2000000 rounds of hashing");
}

const FILES: [(&str, &str); 6] = [
    ("modern.p12", "swordfish"),
    ("legacy-rc2-40.p12", "swordfish"),
    ("plain.p12", ""),
    ("no-mac.p12", "swordfish"),
    ("leaf.pem", ""),
    ("key-scrypt.pem", "swordfish"),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_content_makes_the_reader_panic(
        mut content in proptest::collection::vec(any::<u8>(), 0..400),
        start in prop_oneof![Just(&b""[..]), Just(&b"\x30\x82\x01\x00\x02\x01\x03"[..]),
            Just(&b"-----BEGIN CERTIFICATE-----\n"[..])],
    ) {
        content.splice(..0, start.iter().copied());
        let _ = read_with(&content, Some("swordfish"));
    }

    #[test]
    fn no_change_to_a_good_file_makes_the_reader_panic(
        which in 0..FILES.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        keep in prop_oneof![Just(None), any::<prop::sample::Index>().prop_map(Some)],
    ) {
        let (name, password) = FILES[which];
        let mut content = file(name);
        for (at, byte) in changes {
            *at.get_mut(&mut content) = byte;
        }
        if let Some(keep) = keep {
            content.truncate(keep.index(content.len()));
        }
        if let Err(refusal) = read_with(&content, Some(password)) {
            prop_assert!(!refusal.to_string().contains("swordfish"));
        }
    }
}
