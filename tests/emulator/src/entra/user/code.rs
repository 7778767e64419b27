//! The authorization code grant (RFC 6749 section 4.1.3): a code becomes tokens, once, within ten
//! minutes, for whom it was made.

use super::account::Person;
use super::authorize::Asked;
use super::issue::Issue;
use super::pkce;
use super::place::Place;
use super::refresh::RefreshToken;
use super::requested::Requested;
use crate::entra::client::{Proof, identify};
use crate::entra::desk::Desk;
use crate::entra::refusal::Refusal;
use crate::fields::Fields;
use http::Response;

const CODE_SECONDS: u64 = 600;

/// What an authorization code stands for.
#[derive(Clone)]
pub(super) struct Code {
    client_id: String,
    person: Person,
    redirect_uri: String,
    single_page: bool,
    scope: String,
    nonce: Option<String>,
    challenge: Option<String>,
    expires_on: u64,
    redeemed: bool,
}

impl Code {
    pub(super) fn new(asked: &Asked<'_>, person: &Person, now: u64) -> Code {
        let field = |name: &str| asked.fields.get(name).map(str::to_owned);
        Code {
            client_id: asked.place.application.client_id.clone(),
            person: person.clone(),
            redirect_uri: asked.redirect.uri.to_owned(),
            single_page: asked.redirect.single_page,
            scope: field("scope").unwrap_or_default(),
            nonce: field("nonce"),
            challenge: field("code_challenge"),
            expires_on: now.saturating_add(CODE_SECONDS),
            redeemed: false,
        }
    }
}

pub(super) fn redeem(
    desk: &mut Desk<'_>,
    place: &Place<'_>,
    form: &Fields,
) -> Result<Response<Vec<u8>>, Refusal> {
    let field = |name: &str| form.get(name).ok_or_else(|| Refusal::missing(name));
    let name = field("code")?;
    let redirect_uri = field("redirect_uri")?;
    let code = desk.users.codes.get(name).cloned();
    let single_page = code.as_ref().is_some_and(|it| it.single_page);
    let proof = prove_client(desk, place, single_page, form)?;
    let code = code.ok_or_else(|| Refusal::unknown_grant("code"))?;
    if code.client_id != place.application.client_id {
        return Err(Refusal::other_client("code"));
    }
    if !place.admits(&code.person.tenant_id) {
        return Err(Refusal::other_tenant());
    }
    if code.redeemed {
        return Err(Refusal::redeemed());
    }
    if code.expires_on <= desk.now {
        return Err(Refusal::expired_code());
    }
    if code.redirect_uri != redirect_uri {
        return Err(Refusal::other_redirect_uri());
    }
    pkce::check(code.challenge.as_deref(), form.get("code_verifier"))?;

    let lasts = Requested::read(&code.scope)?.has("offline_access");
    let refresh_token =
        lasts.then(|| RefreshToken::new(place, &code.person, single_page, desk.now));
    let issue = Issue {
        place,
        person: &code.person,
        proof,
        scope: form.get("scope").unwrap_or(&code.scope),
        nonce: code.nonce.as_deref(),
        refresh_token: refresh_token.map(|it| it.with_scope(&code.scope)),
    };
    let response = issue.answer(desk, form)?;
    if let Some(code) = desk.users.codes.get_mut(name) {
        code.redeemed = true;
    }
    Ok(response)
}

/// A script in a page proves nothing but its origin; any other client must not have one.
pub(super) fn prove_client(
    desk: &mut Desk<'_>,
    place: &Place<'_>,
    single_page: bool,
    form: &Fields,
) -> Result<Proof, Refusal> {
    desk.is_shared |= single_page;
    match (single_page, desk.has_origin) {
        (true, false) => Err(Refusal::not_cross_origin()),
        (false, true) => Err(Refusal::cross_origin()),
        (true, true) if form.has("client_secret") || form.has("client_assertion") => {
            Err(Refusal::public_client())
        }
        (true, true) => Ok(Proof::None),
        (false, false) => identify(desk, place.application, form),
    }
}
