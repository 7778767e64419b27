//! How a client proves who it is (RFC 6749 section 2.3, RFC 7523 section 2.2).

use super::desk::Desk;
use super::refusal::Refusal;
use super::{assertion, certificate, nested};
use crate::application::Application;
use crate::fields::Fields;
use crate::jwt::Jwt;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The credential that a client showed.
#[derive(Clone, Copy)]
pub(super) enum Proof {
    /// Nothing, as becomes a public client.
    None,
    Secret,
    Assertion,
}

/// Checks that the form proves the client to be `application`: by one secret or by one assertion.
pub(super) fn authenticate(
    desk: &mut Desk<'_>,
    application: &Application,
    form: &Fields,
) -> Result<Proof, Refusal> {
    let secret = form.get("client_secret");
    let assertion = form.get("client_assertion");
    if application.public && (secret.is_some() || assertion.is_some()) {
        return Err(Refusal::public_client());
    }
    match (secret, assertion) {
        (None, None) => Err(Refusal::no_credential()),
        (Some(_), Some(_)) => Err(Refusal::malformed(
            "One way of client authentication, not two.",
        )),
        (Some(secret), None) => check_secret(application, secret, desk.now).map(|()| Proof::Secret),
        (None, Some(assertion)) => {
            match form.get("client_assertion_type") {
                None => return Err(Refusal::missing("client_assertion_type")),
                Some(JWT_BEARER) => {}
                Some(_) => return Err(Refusal::malformed("Unknown 'client_assertion_type'.")),
            }
            check_assertion(desk, application, assertion).map(|()| Proof::Assertion)
        }
    }
}

/// Lets a public client be what it says, and has any other prove it.
pub(super) fn identify(
    desk: &mut Desk<'_>,
    application: &Application,
    form: &Fields,
) -> Result<Proof, Refusal> {
    let shows_nothing = !form.has("client_secret") && !form.has("client_assertion");
    if application.public && shows_nothing {
        Ok(Proof::None)
    } else {
        authenticate(desk, application, form)
    }
}

/// Whose assertion it is decides by which rules it is judged.
fn check_assertion(
    desk: &mut Desk<'_>,
    application: &Application,
    text: &str,
) -> Result<(), Refusal> {
    let malformed = || Refusal::assertion_format("it does not parse");
    let own = Jwt::parse_padded(text).ok_or_else(malformed)?;
    if certificate::is_self_issued(application, &own) {
        return certificate::check(desk, application, &own);
    }
    let jwt = Jwt::parse(text).ok_or_else(malformed)?;
    if nested::is_of_this_service(desk.mint, &jwt) {
        nested::check(desk, application, &jwt)
    } else {
        assertion::check(desk.directory, application, &jwt, desk.now)
    }
}

fn check_secret(application: &Application, sent: &str, now: u64) -> Result<(), Refusal> {
    let Application {
        client_id, secrets, ..
    } = application;
    let mut fitting = secrets
        .iter()
        .filter(|secret| secret.value == sent)
        .peekable();
    if fitting.peek().is_none() {
        return Err(Refusal::secret(client_id));
    }
    if fitting.any(|secret| now < secret.expires_on) {
        return Ok(());
    }
    Err(Refusal::expired_secret(client_id))
}
