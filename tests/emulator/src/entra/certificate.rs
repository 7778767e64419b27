//! Assertions that an application signs with the key of its certificate (RFC 7523).
//!
//! form ─► client ─► certificate ─► signature ─► audience ─► time ─► id

use super::Service;
use super::assertion::check_time;
use super::desk::Desk;
use super::refusal::Refusal;
use crate::application::{Application, TrustedSubject};
use crate::certificate::Certificate;
use crate::jwt::Jwt;
use crate::time::timestamp;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use rustls::RootCertStore;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// How far ahead a client's clock may be; even those that are right round half a second up.
const CLOCK_SKEW_SECONDS: u64 = 300;

/// Whether an assertion claims to be made by `application` itself, rightly or not.
pub(super) fn is_self_issued(application: &Application, jwt: &Jwt<'_>) -> bool {
    let [issuer, subject] = ["iss", "sub"].map(|claim| jwt.text(claim));
    let is_client =
        |it: Option<&str>| it.is_some_and(|it| it.eq_ignore_ascii_case(&application.client_id));
    is_client(issuer) || is_client(subject) || (issuer.is_some() && issuer == subject)
}

/// Checks that the assertion proves the client to be `application`. Nothing bounds its life but its
/// own `exp`: Entra documents that it has no limit, and advises ten minutes.
pub(super) fn check(
    desk: &mut Desk<'_>,
    application: &Application,
    jwt: &Jwt<'_>,
) -> Result<(), Refusal> {
    let malformed = Refusal::assertion_format;
    check_header(desk.service, jwt)?;
    let claim = |name: &str, text| jwt.text(name).ok_or_else(|| malformed(text));
    let issuer = claim("iss", "it has no issuer")?;
    let subject = claim("sub", "it has no subject")?;
    let audience = claim("aud", "it has no audience")?;
    let id = claim("jti", "it has no id")?;
    let expires = jwt
        .time("exp")
        .ok_or_else(|| malformed("it has no expiry"))?;

    let client_id = &application.client_id;
    if ![issuer, subject]
        .iter()
        .all(|it| it.eq_ignore_ascii_case(client_id))
    {
        return Err(Refusal::assertion_client());
    }
    let certificate = signing_certificate(application, jwt, desk.now)?;
    if !jwt.is_signed_by(certificate.key()) {
        return Err(Refusal::assertion_signature(
            "the signature does not fit the certificate",
        ));
    }
    if !desk.endpoint.is_named_by(audience) {
        return Err(Refusal::assertion_audience());
    }
    check_time(jwt, desk.now, CLOCK_SKEW_SECONDS)?;
    let repeated = desk.used.note(client_id, id, expires, desk.now);
    if repeated && desk.used.refuses_repeated {
        return Err(malformed("its id was used before"));
    }
    Ok(())
}

/// AD FS knows only the older algorithm and the older thumbprint.
fn check_header(service: Service<'_>, jwt: &Jwt<'_>) -> Result<(), Refusal> {
    let malformed = Refusal::assertion_format;
    let kind = jwt.header.get("typ").and_then(|it| it.as_str());
    if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("JWT")) {
        return Err(malformed("its type is not JWT"));
    }
    if jwt.header.contains_key("crit") {
        return Err(malformed("its header has critical extensions"));
    }
    match (service, jwt.algorithm()) {
        (_, Some("RS256")) | (Service::Tenant(_), Some("PS256")) => {}
        (Service::Tenant(_), _) => return Err(malformed("its algorithm is not PS256 or RS256")),
        (Service::Adfs, _) => return Err(malformed("its algorithm is not RS256")),
    }
    match service {
        Service::Adfs if !jwt.header.contains_key("x5t") => Err(malformed("it has no x5t")),
        _ => Ok(()),
    }
}

/// The certificate that the header names: a registered one, or one that comes along and is trusted.
fn signing_certificate(
    application: &Application,
    jwt: &Jwt<'_>,
    now: u64,
) -> Result<Certificate, Refusal> {
    let sha256 = thumbprint(jwt, "x5t#S256")?;
    let sha1 = thumbprint(jwt, "x5t")?;
    let Some(named) = sha256.as_ref().or(sha1.as_ref()) else {
        return Err(Refusal::assertion_format(
            "its header has no certificate thumbprint",
        ));
    };
    let fits = |it: &Certificate| {
        sha256
            .as_ref()
            .is_none_or(|hash| *hash == it.sha256_thumbprint())
            && sha1
                .as_ref()
                .is_none_or(|hash| *hash == it.sha1_thumbprint())
    };
    let chain = chain(jwt)?;
    let leaf = chain.first().map(|leaf| {
        Certificate::from_der(leaf)
            .filter(fits)
            .ok_or_else(|| Refusal::assertion_format("x5c does not begin with its certificate"))
    });
    let leaf = leaf.transpose()?;
    let registered = application.certificates.iter().find(|it| fits(it)).cloned();
    let is_registered = registered.is_some();
    let unknown = || Refusal::unknown_certificate(&hexadecimal(named));
    let certificate = registered.or(leaf).ok_or_else(unknown)?;
    if !is_registered && application.trusted_subjects.is_empty() {
        return Err(unknown());
    }
    if !certificate.validity().contains(&now) {
        return Err(Refusal::expired_certificate(&timestamp(
            certificate.not_after(),
        )));
    }
    if !is_registered && !is_trusted(&application.trusted_subjects, &certificate, &chain, now) {
        let name = certificate.common_name().unwrap_or_default();
        return Err(Refusal::subject_name(name));
    }
    Ok(certificate)
}

/// A thumbprint in any of the forms that clients write it in: base64url with padding and without,
/// and standard base64.
fn thumbprint(jwt: &Jwt<'_>, member: &str) -> Result<Option<Vec<u8>>, Refusal> {
    let Some(value) = jwt.header.get(member) else {
        return Ok(None);
    };
    let text = value.as_str().unwrap_or_default();
    let hash = [URL_SAFE_NO_PAD, URL_SAFE, STANDARD]
        .iter()
        .find_map(|base64| base64.decode(text).ok())
        .filter(|hash| hash.len() == if member == "x5t" { 20 } else { 32 });
    hash.map(Some)
        .ok_or_else(|| Refusal::assertion_format("its certificate thumbprint is malformed"))
}

/// The certificates in `x5c`, none if there is no such member.
fn chain(jwt: &Jwt<'_>) -> Result<Vec<Vec<u8>>, Refusal> {
    let Some(value) = jwt.header.get("x5c") else {
        return Ok(Vec::new());
    };
    let certificates = value.as_array().filter(|it| !it.is_empty());
    let certificates = certificates.and_then(|it| {
        let decode = |it: &serde_json::Value| STANDARD.decode(it.as_str()?).ok();
        it.iter().map(decode).collect()
    });
    certificates.ok_or_else(|| Refusal::assertion_format("x5c is not a list of certificates"))
}

/// Whether a trusted authority has issued the first of `chain` under a trusted name.
fn is_trusted(
    subjects: &[TrustedSubject],
    leaf: &Certificate,
    chain: &[Vec<u8>],
    now: u64,
) -> bool {
    subjects.iter().any(|trusted| {
        leaf.common_name() == Some(&trusted.common_name) && is_issued_by(trusted, chain, now)
    })
}

fn is_issued_by(trusted: &TrustedSubject, chain: &[Vec<u8>], now: u64) -> bool {
    let mut roots = RootCertStore::empty();
    let certificates: Vec<_> = chain
        .iter()
        .map(|it| CertificateDer::from(it.as_slice()))
        .collect();
    let Some((leaf, intermediates)) = certificates.split_first() else {
        return false;
    };
    let authority = CertificateDer::from(trusted.authority.as_slice());
    if roots.add(authority).is_err() {
        return false;
    }
    let provider = Arc::new(default_provider());
    let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .is_ok_and(|it| it.verify_client_cert(leaf, intermediates, now).is_ok())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}
