//! The page at which a person types the code of a program and signs in for it.
//!
//! code ─► name and password ─► second factor, if the user has one ─► done

use super::Front;
use super::device::{self, Device, DeviceState, find_pending};
use super::login::{
    self, Proven, Ticket, credential_fields, prove, second_factor_fields, ticket_holder,
};
use super::page::{self, Html};
use crate::entra::refusal::Refusal;
use crate::entra::token::read_form;
use crate::fields::Fields;
use crate::record::Outcome;
use http::{Method, Request, Response, StatusCode};

/// Where it is, without the slash before it.
pub(in crate::entra) const PATH: &str = "devicelogin";

pub(in crate::entra) fn answer(
    front: &mut Front<'_>,
    request: &Request<Vec<u8>>,
) -> Response<Vec<u8>> {
    match request.method() {
        &Method::GET => ask_code(front, None),
        &Method::POST => match read_form(request) {
            Ok(form) => submit(front, &form),
            Err(refusal) => login::refuse(front, &refusal),
        },
        method => login::refuse(front, &Refusal::get_method(method)),
    }
}

fn submit(front: &mut Front<'_>, form: &Fields) -> Response<Vec<u8>> {
    let typed = form.get("user_code").unwrap_or_default();
    let device = match find_pending(front.flows, typed, front.now) {
        Ok(device) => device.clone(),
        Err(refusal) => return ask_code(front, Some(&refusal)),
    };
    match form.get("action") {
        Some("next") => return ask_credentials(front, &device, None),
        Some("deny") => return decline(front, typed),
        Some("sign-in") => {}
        _ => return login::refuse(front, &Refusal::missing("action")),
    }
    let tenant = device.tenant.as_deref();
    let tenant = tenant.and_then(|it| front.directory.tenant(it));
    let person = match prove(front, tenant, form) {
        Ok(Proven::Half(ticket)) => return ask_second_factor(front, &device, &ticket, None),
        Ok(Proven::Whole(person, _)) => person,
        Err(refusal) => {
            let ticket = form.get("ticket");
            let ticket = ticket.filter(|it| ticket_holder(front, it).is_some());
            return match ticket {
                Some(ticket) => ask_second_factor(front, &device, ticket, Some(&refusal)),
                None => ask_credentials(front, &device, Some((&refusal, form.get("username")))),
            };
        }
    };
    let outcome = Outcome::SignedIn {
        client_id: device.client_id.clone(),
        user: person.user_id.clone(),
    };
    match device::approve(front, typed, &person) {
        Ok(()) => finish(
            "You have signed in to the application on your device.",
            outcome,
        ),
        Err(refusal) => ask_credentials(front, &device, Some((&refusal, None))),
    }
}

fn decline(front: &mut Front<'_>, typed: &str) -> Response<Vec<u8>> {
    match find_pending(front.flows, typed, front.now) {
        Ok(device) => device.state = DeviceState::Declined,
        Err(refusal) => return ask_code(front, Some(&refusal)),
    }
    let outcome = Refusal::declined().outcome();
    finish("You have denied the request of the application.", outcome)
}

fn ask_code(front: &Front<'_>, refusal: Option<&Refusal>) -> Response<Vec<u8>> {
    let mut html = Html::default();
    html.raw("<h1>Enter the code</h1>");
    if let Some(refusal) = refusal {
        html.alert(&refusal.page_text(front.trace));
    }
    open_form(&mut html);
    let attributes = "type=\"text\" autocomplete=\"off\" autocapitalize=\"characters\" \
                      spellcheck=\"false\" autofocus";
    html.field("user_code", "Code from your device", "", attributes);
    html.buttons(&[("next", "Next")]);
    html.raw("</form>");
    show("Enter the code", &html, refusal)
}

fn ask_credentials(
    front: &Front<'_>,
    device: &Device,
    refused: Option<(&Refusal, Option<&str>)>,
) -> Response<Vec<u8>> {
    let mut html = Html::default();
    html.raw("<h1>Sign in on your device</h1>");
    if let Some((refusal, _)) = refused {
        html.alert(&refusal.page_text(front.trace));
    }
    html.raw("<p>The application <strong>");
    html.text(&device.client_id).raw("</strong> asks for <em>");
    html.text(&device.scope);
    html.raw("</em>. Go on only if you have started it yourself.</p>");
    open_form(&mut html);
    html.hidden("user_code", &device.user_code);
    let name = refused.and_then(|(_, name)| name);
    credential_fields(&mut html, name.unwrap_or_default());
    html.raw("</form>");
    show("Sign in", &html, refused.map(|(refusal, _)| refusal))
}

fn ask_second_factor(
    front: &Front<'_>,
    device: &Device,
    ticket: &str,
    refusal: Option<&Refusal>,
) -> Response<Vec<u8>> {
    let mut html = Html::default();
    html.raw("<h1>One more step</h1>");
    if let Some(refusal) = refusal {
        html.alert(&refusal.page_text(front.trace));
    }
    open_form(&mut html);
    html.hidden("user_code", &device.user_code);
    second_factor_fields(&mut html, ticket);
    html.raw("</form>");
    let mut response = show("One more step", &html, refusal);
    response.extensions_mut().insert(Ticket(ticket.to_owned()));
    response
}

fn finish(text: &str, outcome: Outcome) -> Response<Vec<u8>> {
    let mut html = Html::default();
    html.raw("<h1>Done</h1><p role=\"status\">").text(text);
    html.raw(" You may close this page.</p>");
    page::show(StatusCode::OK, "Done", &html, "", outcome)
}

fn open_form(html: &mut Html) {
    html.raw("<form method=\"post\" action=\"/").raw(PATH);
    html.raw("\">");
}

fn show(title: &str, html: &Html, refusal: Option<&Refusal>) -> Response<Vec<u8>> {
    let outcome = refusal.map_or(Outcome::Page, Refusal::outcome);
    page::show(StatusCode::OK, title, html, "", outcome)
}
