//! Foreign tokens as client assertions (workload identity federation).
//!
//! form ─► match a federated credential ─► signature by the issuer's key ─► time

use super::refusal::Refusal;
use crate::application::{Application, FederatedCredential};
use crate::directory::Directory;
use crate::jwt::Jwt;
use crate::time::timestamp;
use serde_json::Value;

/// Checks that the token stands for `application` at `now`.
pub(super) fn check(
    directory: &Directory,
    application: &Application,
    jwt: &Jwt<'_>,
    now: u64,
) -> Result<(), Refusal> {
    let malformed = Refusal::assertion_format;
    if jwt.algorithm() != Some("RS256") {
        return Err(malformed("its algorithm is not RS256"));
    }
    let presented = Presented {
        issuer: jwt
            .text("iss")
            .ok_or_else(|| malformed("it has no issuer"))?,
        subject: jwt
            .text("sub")
            .ok_or_else(|| malformed("it has no subject"))?,
        audiences: audiences(jwt).ok_or_else(|| malformed("it has no audience"))?,
    };
    if jwt.time("exp").is_none() {
        return Err(malformed("it has no expiry"));
    }
    presented.find_match(&application.federated_credentials)?;
    check_signature(directory, jwt, presented.issuer)?;
    check_time(jwt, now, 0)
}

/// Checks that `now` is within the token's time, which may begin up to `ahead` seconds later.
pub(super) fn check_time(jwt: &Jwt<'_>, now: u64, ahead: u64) -> Result<(), Refusal> {
    let not_before = jwt.time("nbf").or_else(|| jwt.time("iat")).unwrap_or(0);
    let expires = jwt.time("exp").unwrap_or(0);
    if now.saturating_add(ahead) < not_before || expires <= now {
        let [now, from, until] = [now, not_before, expires].map(timestamp);
        return Err(Refusal::assertion_time(&now, &from, &until));
    }
    Ok(())
}

/// The three claims that are matched.
pub(super) struct Presented<'a> {
    pub(super) issuer: &'a str,
    pub(super) subject: &'a str,
    pub(super) audiences: Vec<&'a str>,
}

impl Presented<'_> {
    /// Every comparison regards letter case; the refusal tells how close the nearest credential was.
    pub(super) fn find_match(&self, credentials: &[FederatedCredential]) -> Result<(), Refusal> {
        let any = |fits: &dyn Fn(&FederatedCredential) -> bool| credentials.iter().any(fits);
        let issuer = |it: &FederatedCredential| it.issuer == self.issuer;
        let subject = |it: &FederatedCredential| it.subject == self.subject;
        let audience = |it: &FederatedCredential| self.audiences.contains(&it.audience.as_str());
        if any(&|it| issuer(it) && subject(it) && audience(it)) {
            return Ok(());
        }
        let presented_audience = self.audiences.join(" ");
        Err(if credentials.is_empty() {
            Refusal::federation(70021, "issuer", self.issuer)
        } else if any(&|it| self.differs_in_case_only(it)) {
            Refusal::federation(7002138, "subject (letter case differs)", self.subject)
        } else if !any(&issuer) {
            Refusal::federation(700211, "issuer", self.issuer)
        } else if !any(&|it| issuer(it) && subject(it)) {
            Refusal::federation(700213, "subject", self.subject)
        } else {
            Refusal::federation(700212, "audience", &presented_audience)
        })
    }

    fn differs_in_case_only(&self, credential: &FederatedCredential) -> bool {
        credential.issuer.eq_ignore_ascii_case(self.issuer)
            && credential.subject.eq_ignore_ascii_case(self.subject)
            && self
                .audiences
                .iter()
                .any(|it| it.eq_ignore_ascii_case(&credential.audience))
    }
}

fn check_signature(directory: &Directory, jwt: &Jwt<'_>, issuer: &str) -> Result<(), Refusal> {
    let refuse = Refusal::assertion_signature;
    let issuer = directory
        .issuer(issuer)
        .ok_or_else(|| refuse("the issuer has no keys"))?;
    if jwt.key_id().is_some_and(|id| id != issuer.key.key_id()) {
        return Err(refuse("the issuer has no key of that id"));
    }
    if !jwt.is_signed_by(issuer.key.public()) {
        return Err(refuse("the signature is invalid"));
    }
    Ok(())
}

/// One audience or several, as RFC 7519 section 4.1.3 has it.
fn audiences<'a>(jwt: &'a Jwt<'_>) -> Option<Vec<&'a str>> {
    match jwt.claims.get("aud")? {
        Value::String(audience) => Some(vec![audience]),
        Value::Array(audiences) => audiences.iter().map(Value::as_str).collect(),
        _ => None,
    }
}
