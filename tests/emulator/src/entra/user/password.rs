//! The password grant (RFC 6749 section 4.3), for accounts that need nothing but a password.

use super::account::{Person, authenticate};
use super::issue::Issue;
use super::place::Place;
use super::refresh::RefreshToken;
use super::requested::Requested;
use crate::entra::client::identify;
use crate::entra::desk::Desk;
use crate::entra::refusal::Refusal;
use crate::fields::Fields;
use http::Response;
use serde_json::json;

pub(super) fn answer(
    desk: &mut Desk<'_>,
    place: &Place<'_>,
    form: &Fields,
) -> Result<Response<Vec<u8>>, Refusal> {
    let field = |name: &str| form.get(name).ok_or_else(|| Refusal::missing(name));
    let (name, password, scope) = (field("username")?, field("password")?, field("scope")?);
    let proof = identify(desk, place.application, form)?;
    let requested = Requested::read_single(scope)?;
    let (tenant, user) = authenticate(desk.directory, place.tenant, name, password)?;
    if user.second_factor.is_some() {
        let policy = json!({"essential": true, "values": ["emulated-second-factor"]});
        let claims = json!({"access_token": {"polids": policy}});
        return Err(Refusal::interaction(
            requested.resource(),
            claims.to_string(),
        ));
    }
    let person = Person::new(tenant, user, false);
    let lasts = requested.has("offline_access");
    let token = lasts.then(|| RefreshToken::new(place, &person, false, desk.now));
    let issue = Issue {
        place,
        person: &person,
        proof,
        scope,
        nonce: None,
        refresh_token: token.map(|it| it.with_scope(scope)),
    };
    issue.answer(desk, form)
}
