//! The authorization endpoint (RFC 6749 section 3.1): reads what an application asks for.
//!
//! method ─► query ─► tenant and application ─► redirect URI ─► all else ─► sign-in page
//!
//! Until the redirect URI is known to be the application's, a refusal is shown on a page; after that
//! it goes to the application.

use super::consent::find_resource;
use super::place::Place;
use super::redirect::{RedirectUri, ResponseMode};
use super::requested::Requested;
use super::{Front, login, pkce};
use crate::entra::refusal::Refusal;
use crate::entra::tenant::TenantName;
use crate::entra::token::requested_claims;
use crate::fields::Fields;
use http::{Method, Request, Response};

const PROMPTS: [&str; 5] = ["login", "none", "consent", "select_account", "create"];

/// An authorization request whose answer goes to the application.
pub(super) struct Asked<'a> {
    pub(super) place: Place<'a>,
    pub(super) redirect: RedirectUri<'a>,
    pub(super) fields: &'a Fields,
    /// The path and the query, where the page's form is sent.
    pub(super) target: &'a str,
}

pub(in crate::entra) fn answer(
    front: &mut Front<'_>,
    tenant: &str,
    request: &Request<Vec<u8>>,
) -> Response<Vec<u8>> {
    let fields = match Fields::of_query(request.uri()) {
        Ok(fields) => fields,
        Err(error) => return login::refuse(front, &Refusal::form(error)),
    };
    let target = request.uri().path_and_query();
    let target = target.map_or("", |it| it.as_str());
    let asked = match Asked::read(front, tenant, request.method(), &fields, target) {
        Ok(asked) => asked,
        Err(refusal) => return login::refuse(front, &refusal),
    };
    match asked.check(front) {
        Ok(requested) => login::answer(front, &asked, &requested, request),
        Err(refusal) => asked.refuse(front, refusal),
    }
}

impl<'a> Asked<'a> {
    fn read(
        front: &Front<'a>,
        tenant: &'a str,
        method: &Method,
        fields: &'a Fields,
        target: &'a str,
    ) -> Result<Asked<'a>, Refusal> {
        if method != Method::GET && method != Method::POST {
            return Err(Refusal::get_method(method));
        }
        let tenant = TenantName::resolve(front.directory, tenant)?;
        let field = |name: &str| fields.get(name).ok_or_else(|| Refusal::missing(name));
        let client_id = field("client_id")?;
        let place = Place::find(front.directory, &tenant, client_id)?;
        let uri = fields
            .get("redirect_uri")
            .ok_or_else(Refusal::no_redirect_uri)?;
        let redirect = RedirectUri::find(place.application, uri)
            .ok_or_else(|| Refusal::redirect_uri(uri, client_id))?;
        Ok(Asked {
            place,
            redirect,
            fields,
            target,
        })
    }

    fn check(&self, front: &Front<'_>) -> Result<Requested<'a>, Refusal> {
        let fields = self.fields;
        let field = |name: &str| fields.get(name).ok_or_else(|| Refusal::missing(name));
        match field("response_type")? {
            "code" => {}
            other => return Err(Refusal::response_type(other)),
        }
        let mode = fields.get("response_mode");
        if ResponseMode::read(mode).is_none() {
            return Err(Refusal::value("response_mode", mode.unwrap_or_default()));
        }
        if let Some(prompt) = fields.get("prompt")
            && !PROMPTS.contains(&prompt)
        {
            return Err(Refusal::value("prompt", prompt));
        }
        match pkce::challenge(fields)? {
            Some(_) => {}
            None if self.redirect.single_page => {
                return Err(Refusal::no_challenge_in_the_browser());
            }
            None if self.place.application.public => return Err(Refusal::no_challenge()),
            None => {}
        }
        requested_claims(fields)?;
        let requested = Requested::read(field("scope")?)?;
        for scope in &requested.resources {
            let Place {
                tenant,
                application,
            } = self.place;
            find_resource(front.directory, tenant, application, scope)?;
        }
        Ok(requested)
    }

    /// Sends a refusal to the application.
    pub(super) fn refuse(&self, front: &Front<'_>, refusal: Refusal) -> Response<Vec<u8>> {
        let refusal = refusal.of_authorization();
        let mut fields = refusal.redirect_fields(front.trace);
        fields.extend(self.state());
        self.redirect
            .answer(self.mode(), &fields, refusal.outcome())
    }

    /// The state, to be given back as it came.
    pub(super) fn state(&self) -> Option<(&'static str, String)> {
        let state = self.fields.get("state")?;
        Some(("state", state.to_owned()))
    }

    pub(super) fn mode(&self) -> ResponseMode {
        let mode = ResponseMode::read(self.fields.get("response_mode"));
        mode.unwrap_or(ResponseMode::Query)
    }
}
