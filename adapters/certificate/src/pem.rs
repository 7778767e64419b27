//! PEM (RFC 7468): blocks of base64 between markers, with any text around them.
//!
//! The older kind of block that begins with headers (RFC 1421) is recognised, to be refused where
//! the headers say that it is encrypted.

use azid_core::{Invalid, Secret};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::contents::Contents;
use crate::derivation::Work;
use crate::encryption::EncryptedKey;
use crate::key::Key;
use crate::password::Password;
use crate::{damaged, refuse};

/// How many blocks a PEM content may have, known ones and others.
pub const MAX_BLOCKS: usize = 256;

pub(crate) fn has_blocks(content: &[u8]) -> bool {
    content.windows(BEGIN.len()).any(|window| window == BEGIN)
}

pub(crate) fn read(content: &[u8], password: Option<&Secret>) -> Result<Contents, Invalid> {
    let mut contents = Contents::default();
    let mut work = Work::default();
    let mut lines = content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(content);
    let mut blocks = 0;
    while let Some(block) = Block::next(&mut lines)? {
        blocks += 1;
        if blocks > MAX_BLOCKS {
            return Err(refuse(format!(
                "it holds more than {MAX_BLOCKS} PEM blocks; keep the key, the certificate that \
                 belongs to it, and its chain"
            )));
        }
        match block.label {
            b"CERTIFICATE" | b"X509 CERTIFICATE" => contents.add_certificate(&block.decode()?)?,
            b"PRIVATE KEY" => contents.add_key(Key::from_pkcs8(&block.decode()?)?)?,
            b"RSA PRIVATE KEY" if block.is_encrypted() => return Err(refuse(LEGACY_ENCRYPTION)),
            b"RSA PRIVATE KEY" => contents.add_key(Key::from_pkcs1(&block.decode()?)?)?,
            b"ENCRYPTED PRIVATE KEY" => {
                let key = block.decode()?;
                let password = Password::given(password)?;
                let decrypted = EncryptedKey::parse(&key)?.decrypt(&password, &mut work)?;
                contents.add_key(Key::from_pkcs8(&decrypted)?)?;
            }
            b"EC PRIVATE KEY" => return Err(Key::wrong_kind("an elliptic curve key")),
            b"DSA PRIVATE KEY" => return Err(Key::wrong_kind("a DSA key")),
            b"OPENSSH PRIVATE KEY" => {
                return Err(refuse(
                    "the key is in OpenSSH's own format; convert it with `ssh-keygen -p -m PKCS8`",
                ));
            }
            b"PUBLIC KEY" | b"RSA PUBLIC KEY" => contents.has_public_key = true,
            b"CERTIFICATE REQUEST" | b"NEW CERTIFICATE REQUEST" => contents.has_request = true,
            _ => {}
        }
    }
    Ok(contents)
}

/// What stands between two markers; it is decoded only where its label is known.
struct Block<'a> {
    label: &'a [u8],
    body: &'a [u8],
}

impl<'a> Block<'a> {
    /// Takes the next block off the content; text before it is passed over.
    fn next(lines: &mut &'a [u8]) -> Result<Option<Self>, Invalid> {
        let label = loop {
            let Some(line) = next_line(lines) else {
                return Ok(None);
            };
            if let Some(rest) = line.strip_prefix(BEGIN) {
                break label(rest)?;
            }
        };
        let start = *lines;
        loop {
            let body = &start[..start.len() - lines.len()];
            let line = next_line(lines).ok_or_else(|| refuse(CUT_SHORT))?;
            if let Some(rest) = line.strip_prefix(END) {
                return if self::label(rest)? == label {
                    Ok(Some(Self { label, body }))
                } else {
                    Err(damaged())
                };
            }
        }
    }

    fn lines(&self) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = self.body;
        std::iter::from_fn(move || next_line(&mut rest))
    }

    fn is_encrypted(&self) -> bool {
        self.lines()
            .any(|line| line.starts_with(b"Proc-Type:") && line.ends_with(b"ENCRYPTED"))
    }

    fn decode(&self) -> Result<Zeroizing<Vec<u8>>, Invalid> {
        // One allocation for all of it: growing would leave copies of a key behind.
        let mut base64 = Zeroizing::new(Vec::with_capacity(self.body.len()));
        for line in self.lines().filter(|line| !line.contains(&b':')) {
            base64.extend_from_slice(line);
        }
        let mut decoded = Zeroizing::new(vec![0; base64::decoded_len_estimate(base64.len())]);
        let length = STANDARD.decode_slice(&*base64, &mut decoded);
        decoded.truncate(length.map_err(|_| damaged())?);
        Ok(decoded)
    }
}

fn label(rest: &[u8]) -> Result<&[u8], Invalid> {
    rest.strip_suffix(DASHES)
        .filter(|label| !label.contains(&b'-'))
        .ok_or_else(|| {
            refuse("a PEM marker does not stand on a line of its own; keep the file's line breaks")
        })
}

fn next_line<'a>(lines: &mut &'a [u8]) -> Option<&'a [u8]> {
    if lines.is_empty() {
        return None;
    }
    let end = lines.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    let (line, rest) = lines.split_at(end.unwrap_or(lines.len()));
    *lines = rest.get(1..).unwrap_or_default();
    Some(line.trim_ascii())
}

const CUT_SHORT: &str =
    "the content is cut short: a PEM block begins and does not end; copy the file again";
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
const LEGACY_ENCRYPTION: &str = "the key is encrypted in OpenSSL's legacy way (Proc-Type: \
    4,ENCRYPTED), which is weak; convert it with `openssl pkcs8 -topk8`";
