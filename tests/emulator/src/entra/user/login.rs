//! The sign-in page: a user proves who they are and agrees, or denies.
//!
//! page ─► name and password ─► second factor, if the user has one ─► redirect with a code

use super::account::{Person, authenticate, foreign_account};
use super::authorize::Asked;
use super::code::Code;
use super::consent::{check_policy, find_resource};
use super::issue::client_info;
use super::page::{self, Html};
use super::requested::Requested;
use super::{Front, SignIn};
use crate::directory::Tenant;
use crate::entra::refusal::Refusal;
use crate::entra::token::read_form;
use crate::fields::Fields;
use crate::record::Outcome;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};

/// The cookie by which a browser in which someone has signed in is known again.
const COOKIE: &str = "emulated-sign-in";

const TICKET_SECONDS: u64 = 600;
const SIGN_IN_SECONDS: u64 = 86_400;

/// How far a user has come with proving who they are.
pub(super) enum Proven {
    /// The password was right, and a code is asked for under this ticket.
    Half(String),
    /// All is proven, and the browser may be known again by this name.
    Whole(Person, String),
}

/// Marks the page that asks for a second factor, for the robot to go on from.
#[derive(Clone)]
pub(super) struct Ticket(pub(super) String);

/// Answers an authorization request that is in order.
pub(super) fn answer(
    front: &mut Front<'_>,
    asked: &Asked<'_>,
    requested: &Requested<'_>,
    request: &Request<Vec<u8>>,
) -> Response<Vec<u8>> {
    if request.method() == Method::POST {
        return match read_form(request) {
            Ok(form) => submit(front, asked, requested, &form),
            Err(refusal) => refuse(front, &refusal),
        };
    }
    let person = signed_in(front, asked, request);
    let silent = |front: &mut Front<'_>| match person {
        Some(person) => complete(front, asked, requested, &person, false),
        None => Err(Refusal::no_session()),
    };
    match asked.fields.get("prompt") {
        Some("none") => silent(front).unwrap_or_else(|refusal| asked.refuse(front, refusal)),
        None => silent(front).unwrap_or_else(|_| ask(front, asked, requested, None)),
        Some(_) => ask(front, asked, requested, None),
    }
}

/// A page that says what is wrong, where no application can be told.
pub(super) fn refuse(front: &Front<'_>, refusal: &Refusal) -> Response<Vec<u8>> {
    let mut html = Html::default();
    html.raw("<h1>Sorry, that did not work</h1>");
    html.alert(&refusal.page_text(front.trace));
    let status = StatusCode::BAD_REQUEST;
    page::show(status, "Error", &html, "", refusal.outcome())
}

/// Checks the fields of a sign-in form, or those of the form for the second factor.
pub(super) fn prove(
    front: &mut Front<'_>,
    tenant: Option<&Tenant>,
    form: &Fields,
) -> Result<Proven, Refusal> {
    if let Some(ticket) = form.get("ticket") {
        let person = ticket_holder(front, ticket).ok_or_else(Refusal::no_session)?;
        let (home, user) = person.find(front.directory)?;
        if tenant.is_some_and(|it| it.id != home.id) {
            return Err(foreign_account(&user.user_principal_name));
        }
        let shown = form.get("code");
        if shown.is_none() || shown != user.second_factor.as_deref() {
            let text = "Authentication failed during strong authentication request.";
            return Err(Refusal::account(500_121, text));
        }
        let person = Person {
            strong: true,
            ..person
        };
        return Ok(whole(front, person));
    }
    let field = |name: &str| form.get(name).unwrap_or_default();
    let (name, password) = (field("username"), field("password"));
    let (tenant, user) = authenticate(front.directory, tenant, name, password)?;
    let person = Person::new(tenant, user, false);
    if user.second_factor.is_none() {
        return Ok(whole(front, person));
    }
    let ticket = front.flows.fresh_name("ticket");
    front.flows.sign_ins.insert(
        &ticket,
        SignIn {
            person,
            complete: false,
            expires_on: front.now.saturating_add(TICKET_SECONDS),
        },
    );
    Ok(Proven::Half(ticket))
}

/// The part of a page that asks for name and password, with the name that is known already.
pub(super) fn credential_fields(html: &mut Html, name: &str) {
    let focus = |has: bool| if has { " autofocus" } else { "" };
    let attributes = "type=\"text\" autocomplete=\"username\" autocapitalize=\"none\" \
                      spellcheck=\"false\"";
    let attributes = format!("{attributes}{}", focus(name.is_empty()));
    html.field("username", "User name", name, &attributes);
    let attributes = "type=\"password\" autocomplete=\"current-password\"";
    let attributes = format!("{attributes}{}", focus(!name.is_empty()));
    html.field("password", "Password", "", &attributes);
    html.buttons(&[("sign-in", "Sign in"), ("deny", "Deny")]);
}

/// The part of a page that asks for the second factor.
pub(super) fn second_factor_fields(html: &mut Html, ticket: &str) {
    html.hidden("ticket", ticket);
    let attributes = "type=\"text\" inputmode=\"numeric\" autocomplete=\"one-time-code\" autofocus";
    html.field("code", "Code from your authenticator", "", attributes);
    html.buttons(&[("sign-in", "Verify"), ("deny", "Deny")]);
}

/// Whether a ticket of the first step still holds.
pub(super) fn ticket_holder(front: &Front<'_>, ticket: &str) -> Option<Person> {
    let sign_in = front.flows.sign_ins.get(ticket)?;
    let is_open = !sign_in.complete && front.now < sign_in.expires_on;
    is_open.then(|| sign_in.person.clone())
}

fn whole(front: &mut Front<'_>, person: Person) -> Proven {
    let name = front.flows.fresh_name("sign-in");
    let sign_in = SignIn {
        person: person.clone(),
        complete: true,
        expires_on: front.now.saturating_add(SIGN_IN_SECONDS),
    };
    front.flows.sign_ins.insert(&name, sign_in);
    Proven::Whole(person, name)
}

fn submit(
    front: &mut Front<'_>,
    asked: &Asked<'_>,
    requested: &Requested<'_>,
    form: &Fields,
) -> Response<Vec<u8>> {
    match form.get("action") {
        Some("deny") => return asked.refuse(front, Refusal::declined()),
        Some("sign-in") => {}
        _ => return refuse(front, &Refusal::missing("action")),
    }
    let (person, name) = match prove(front, asked.place.tenant, form) {
        Ok(Proven::Half(ticket)) => return ask_second_factor(asked, &ticket, None, front),
        Ok(Proven::Whole(person, name)) => (person, name),
        Err(refusal) => {
            let ticket = form.get("ticket");
            let ticket = ticket.filter(|it| ticket_holder(front, it).is_some());
            return match ticket {
                Some(ticket) => ask_second_factor(asked, ticket, Some(&refusal), front),
                None => {
                    let name = form.get("username");
                    ask(front, asked, requested, Some((&refusal, name)))
                }
            };
        }
    };
    match complete(front, asked, requested, &person, true) {
        Ok(mut response) => {
            let cookie = format!("{COOKIE}={name}; Path=/; Secure; HttpOnly; SameSite=Lax");
            let cookie = HeaderValue::from_str(&cookie).expect("the name is base64url");
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            response
        }
        Err(refusal) => ask(front, asked, requested, Some((&refusal, None))),
    }
}

/// Makes the code and sends the browser back with it.
fn complete(
    front: &mut Front<'_>,
    asked: &Asked<'_>,
    requested: &Requested<'_>,
    person: &Person,
    consenting: bool,
) -> Result<Response<Vec<u8>>, Refusal> {
    let application = asked.place.application;
    for scope in &requested.resources {
        let resource = find_resource(front.directory, asked.place.tenant, application, scope)?;
        check_policy(front.directory, resource, person).map_err(|refusal| {
            if consenting {
                Refusal::enrolment(scope.resource)
            } else {
                refusal
            }
        })?;
        if consenting {
            let consents = &mut front.flows.consents;
            consents.add(application, person, resource, scope);
        }
        let consents = &front.flows.consents;
        consents.granted(application, person, resource, scope)?;
    }
    let code = front.flows.fresh_name("code");
    let entry = Code::new(asked, person, front.now);
    front.flows.codes.insert(&code, entry);
    let mut fields = vec![("code", code)];
    if asked.fields.get("client_info") == Some("1") {
        fields.push(("client_info", client_info(person)));
    }
    fields.extend(asked.state());
    fields.push(("session_state", front.trace.id.clone()));
    let outcome = Outcome::SignedIn {
        client_id: application.client_id.clone(),
        user: person.user_id.clone(),
    };
    Ok(asked.redirect.answer(asked.mode(), &fields, outcome))
}

/// The page with the sign-in form; after a refusal it says so and keeps the name that was typed.
fn ask(
    front: &Front<'_>,
    asked: &Asked<'_>,
    requested: &Requested<'_>,
    refused: Option<(&Refusal, Option<&str>)>,
) -> Response<Vec<u8>> {
    let mut html = Html::default();
    html.raw("<h1>Sign in</h1>");
    if let Some((refusal, _)) = refused {
        html.alert(&refusal.page_text(front.trace));
    }
    html.raw("<p>The application <strong>");
    html.text(&asked.place.application.client_id);
    html.raw("</strong> asks for:</p><ul>");
    for scope in &requested.resources {
        let permissions = match scope.permissions.as_slice() {
            [] => "what was agreed on before".to_owned(),
            permissions => permissions.join(", "),
        };
        html.raw("<li>").text(&permissions).raw(" at ");
        html.text(scope.resource).raw("</li>");
    }
    html.raw("<li>your name</li></ul>");
    open_form(&mut html, asked);
    let typed = refused.and_then(|(_, name)| name);
    let name = typed.or(asked.fields.get("login_hint"));
    credential_fields(&mut html, name.unwrap_or_default());
    html.raw("</form>");
    let outcome = refused.map_or(Outcome::Page, |(refusal, _)| refusal.outcome());
    let target = asked.redirect.source();
    page::show(StatusCode::OK, "Sign in", &html, &target, outcome)
}

fn ask_second_factor(
    asked: &Asked<'_>,
    ticket: &str,
    refusal: Option<&Refusal>,
    front: &Front<'_>,
) -> Response<Vec<u8>> {
    let mut html = Html::default();
    html.raw("<h1>One more step</h1>");
    if let Some(refusal) = refusal {
        html.alert(&refusal.page_text(front.trace));
    }
    open_form(&mut html, asked);
    second_factor_fields(&mut html, ticket);
    html.raw("</form>");
    let outcome = refusal.map_or(Outcome::Page, Refusal::outcome);
    let target = asked.redirect.source();
    let mut response = page::show(StatusCode::OK, "One more step", &html, &target, outcome);
    response.extensions_mut().insert(Ticket(ticket.to_owned()));
    response
}

fn open_form(html: &mut Html, asked: &Asked<'_>) {
    html.raw("<form method=\"post\" action=\"");
    html.text(asked.target).raw("\">");
}

/// Who has signed in in this browser before and may do so here; a hint at someone else counts.
fn signed_in(front: &Front<'_>, asked: &Asked<'_>, request: &Request<Vec<u8>>) -> Option<Person> {
    let cookies = request.headers().get_all(header::COOKIE).iter();
    let cookies = cookies.filter_map(|it| it.to_str().ok());
    let mut pairs = cookies.flat_map(|it| it.split(';'));
    let name = pairs.find_map(|it| it.trim().strip_prefix(COOKIE)?.strip_prefix('='))?;
    let sign_in = front.flows.sign_ins.get(name)?;
    let person = &sign_in.person;
    let (tenant, user) = person.find(front.directory).ok()?;
    let hint = asked.fields.get("login_hint");
    let good = sign_in.complete
        && front.now < sign_in.expires_on
        && asked.place.admits(&tenant.id)
        && hint.is_none_or(|it| it.eq_ignore_ascii_case(&user.user_principal_name));
    good.then(|| person.clone())
}
