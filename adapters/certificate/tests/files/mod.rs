//! The fixtures, and readers to read them with.
#![allow(dead_code, reason = "each test uses some of it")]

use std::path::Path;

use azid_certificate::CertificateReader;
use azid_core::{ClientCertificate, Invalid, ReadCertificate as _, SecretBytes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(crate) fn file(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::read(folder.join(name)).expect("the fixture is there")
}

pub(crate) fn join(names: &[&str]) -> Vec<u8> {
    names.iter().flat_map(|name| file(name)).collect()
}

/// What is in the one block of a PEM file.
pub(crate) fn der(name: &str) -> Vec<u8> {
    let text = String::from_utf8(file(name)).expect("PEM is text");
    let base64: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(base64).expect("PEM is base64")
}

pub(crate) fn with_password(password: Option<&str>) -> CertificateReader {
    match password {
        Some(password) => CertificateReader::new().password(password),
        None => CertificateReader::new(),
    }
}

pub(crate) fn read_with(
    content: &[u8],
    password: Option<&str>,
) -> Result<ClientCertificate, Invalid> {
    with_password(password).read(&SecretBytes::from(content))
}

pub(crate) fn read(content: &[u8]) -> Result<ClientCertificate, Invalid> {
    read_with(content, None)
}
