//! Certificate files.

use azid_certificate::CertificateReader;
use azid_core::effect::KeyHandle;
use azid_core::{ClientCertificate, ReadCertificate as _, SecretBytes};

/// What opens the files of the corpus.
const PASSWORD: &str = "swordfish";

/// Whatever a certificate file holds, it is refused in words that do not show the password, or read
/// as a chain in its order, whose first certificate has the public key of the private one.
pub fn certificate_file(data: &[u8]) {
    let reader = CertificateReader::new().password(PASSWORD);
    match reader.read(&SecretBytes::from(data)) {
        Ok(certificate) => is_in_order(&certificate),
        Err(refusal) => {
            let shown = refusal.to_string();
            assert!(!shown.contains(PASSWORD), "{shown}");
        }
    }
}

fn is_in_order(certificate: &ClientCertificate) {
    let KeyHandle::InMemory(key) = certificate.key() else {
        panic!("a key of a file is not in memory");
    };
    let names: Option<Vec<_>> = certificate.chain().iter().map(|der| names(der)).collect();
    let names = names.expect("a certificate has names");
    let rsa_key = public_key(key.expose()).expect("the key is RSA");
    assert_eq!(names[0].rsa_key, Some(rsa_key));
    for link in names.windows(2) {
        assert_eq!(link[0].issuer, link[1].subject);
    }
}

/// What a certificate says (RFC 5280 section 4.1).
struct Names<'a> {
    issuer: &'a [u8],
    subject: &'a [u8],
    rsa_key: Option<[&'a [u8]; 2]>,
}

fn names(certificate: &[u8]) -> Option<Names<'_>> {
    let mut fields = inside(inside(certificate)?)?;
    // The version, where there is one, and the serial number.
    if next(&mut fields)?.0 == 0xa0 {
        next(&mut fields)?;
    }
    let [_algorithm, issuer, _validity, subject, mut key] = values(&mut fields)?;
    let [_algorithm, bits] = values(&mut key)?;
    let key = bits.strip_prefix(&[0]).and_then(inside);
    Some(Names {
        issuer,
        subject,
        rsa_key: key.and_then(|mut key| values(&mut key)),
    })
}

/// The modulus and the exponent of a PKCS#8 document (RFC 8017 appendix A.1.2).
fn public_key(pkcs8: &[u8]) -> Option<[&[u8]; 2]> {
    let [_version, _algorithm, key] = values(&mut inside(pkcs8)?)?;
    let [_version, modulus, exponent] = values(&mut inside(key)?)?;
    Some([modulus, exponent])
}

/// What is in the DER value that begins here.
fn inside(mut der: &[u8]) -> Option<&[u8]> {
    Some(next(&mut der)?.1)
}

fn values<'a, const N: usize>(der: &mut &'a [u8]) -> Option<[&'a [u8]; N]> {
    let mut values = [&[][..]; N];
    for value in &mut values {
        *value = next(der)?.1;
    }
    Some(values)
}

/// The next DER value: its tag, and what is in it.
fn next<'a>(der: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let [tag, length, rest @ ..] = *der else {
        return None;
    };
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        _ => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            let append = |number: usize, digit: &u8| number << 8 | usize::from(*digit);
            (digits.iter().fold(0, append), rest)
        }
    };
    let (value, rest) = rest.split_at_checked(length)?;
    *der = rest;
    Some((*tag, value))
}
