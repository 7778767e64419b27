use serde_json::{Value, json};

use super::*;
use crate::authority::Authority;
use crate::effect::{Detail, HttpFailure, Refusal};
use crate::memory::Fact;
use crate::request::TokenRequest;
use crate::testing::people::{
    REFUSALS, as_ada, client_info, drawn, id_token, record, session, signed_in, signed_in_with,
};
use crate::testing::{Case, Reply, with_entra_answers};
use crate::user::{Interaction, SignInPrompt};

/// The nonce is the second text that a run draws which begins with the sign-in page.
fn nonce() -> String {
    drawn(2)
}

impl InteractiveBrowserCredential {
    pub(in crate::credentials) fn cases() -> Vec<Case> {
        let mut cases = with_entra_answers(|name| came_back(case(name)));
        cases = cases
            .into_iter()
            .map(|case| as_ada(case, &nonce()))
            .collect();
        cases.extend(pages());
        cases.extend(answers());
        cases.extend(redemptions());
        cases.extend(silent());
        cases
    }
}

/// What the page can be told.
fn pages() -> Vec<Case> {
    let scope = "https://vault.azure.net/.default";
    let of = |name, credential: InteractiveBrowserCredential| {
        came_back(Case::new(name, credential)).http(200, &token())
    };
    let hinted = credential()
        .login_hint("ada@contoso.com")
        .domain_hint("contoso.com");
    let registered = LoopbackRedirect::new("http://localhost:8400/signed-in").expect("valid");
    let adfs = InteractiveBrowserCredential::new("adfs", "app-id").expect("valid");
    let adfs = adfs.authority(Authority::new("https://fs.contoso.com").expect("valid"));
    vec![
        of(
            "a developer",
            InteractiveBrowserCredential::for_developers(),
        ),
        of("a hint at the account", hinted.clone()),
        of("a hint and a prompt", hinted.prompt(SignInPrompt::Consent)),
        of(
            "an account of a record",
            credential().authentication_record(record()),
        ),
        of("another redirect URI", credential().redirect(registered)),
        of(
            "an answer in the query",
            credential().response_mode(ResponseMode::Query),
        ),
        of(
            "a minute to sign in",
            credential().timeout(Duration::from_secs(60)),
        ),
        of("an AD FS server", adfs),
        came_back(case("a challenge"))
            .asks(
                TokenRequest::new([scope])
                    .claims(r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#)
                    .enable_cae(),
            )
            .http(200, &token()),
        case("a scope that is asked for anyway").asks(TokenRequest::new([scope, "profile"])),
    ]
}

/// What can come of the browser.
fn answers() -> Vec<Case> {
    let fails = |name, failure| case(name).then(Reply::Authorize(Err(failure)));
    let denied = |name, error: &str, description: &str| {
        let answer = AuthorizeAnswer::Denied {
            error: error.into(),
            description: Detail::new(description),
        };
        let authorized = Authorized { port: 8400, answer };
        case(name).then(Reply::Authorize(Ok(authorized)))
    };
    vec![
        fails("no browser", AuthorizeFailure::NoBrowser(Detail::default())),
        fails("no port", AuthorizeFailure::NoListener(Detail::default())),
        fails("nobody signs in", AuthorizeFailure::TimedOut),
        fails("the person calls it off", AuthorizeFailure::Cancelled),
        case("no browser sign-in on this host").then(Refusal::NoSuchEffect),
        denied(
            "consent is declined",
            "access_denied",
            "AADSTS65004: User declined to consent to access the app.",
        ),
        denied(
            "the page wants to ask but may not",
            "login_required",
            "AADSTS50058: no session",
        ),
        denied("a fault of the page", "server_error", ""),
        denied("an error without a name", "", ""),
    ]
}

/// What can come of the code.
fn redemptions() -> Vec<Case> {
    let with_id = |name, id_token: Value| {
        let mut answer = signed_in("RT1");
        answer["id_token"] = id_token;
        came_back(case(name)).http(200, &answer.to_string())
    };
    let without_client_info = {
        let mut answer = signed_in_with(&nonce());
        answer["client_info"] = Value::Null;
        answer.to_string()
    };
    let unreadable_client_info = {
        let mut answer = signed_in_with(&nonce());
        answer["client_info"] = "e30".into();
        answer.to_string()
    };
    vec![
        came_back(case("signed in")).http(200, &token()),
        came_back(case("signed in without ids of the account")).http(200, &without_client_info),
        came_back(case("signed in with ids that cannot be read")).http(200, &unreadable_client_info),
        with_id("an id token for another sign-in", id_token(&json!({ "nonce": "other" })).into()),
        with_id("an id token for no sign-in", id_token(&json!({ "sub": "s" })).into()),
        with_id("an id token that is none", "h.p.s".into()),
        with_id("an id token that is an object", json!({ "nonce": nonce() })),
        with_id("no id token", Value::Null),
        came_back(case("a code that was redeemed before")).http(
            400,
            r#"{"error":"invalid_grant","error_description":"AADSTS54005: OAuth2 Authorization code was already redeemed","error_codes":[54005]}"#,
        ),
        came_back(case("a code that may have arrived"))
            .then(HttpFailure::Lost { request_sent: true }),
        came_back(case("a code that surely did not arrive"))
            .then(HttpFailure::Connect(Detail::default()))
            .http(200, &token()),
    ]
}

/// What an earlier sign-in makes of it.
fn silent() -> Vec<Case> {
    let remembering = |name, credential: InteractiveBrowserCredential| {
        let record = credential.user.account();
        let label = record.map_or("anybody".to_owned(), |it| format!("record:{it}"));
        let learn = |case: Case, (key, fact): (String, Fact)| case.remembers(key, fact);
        session(&label)
            .into_iter()
            .fold(Case::new(name, credential.clone()), learn)
    };
    let never = credential().interaction(Interaction::Never);
    // Here the nonce is drawn after the id of the request for a silent refresh.
    let token_anew = signed_in_with(&drawn(3)).to_string();
    let mut other = signed_in_with(&nonce());
    other["client_info"] = client_info("eve", "home").into();
    vec![
        remembering("silently", credential()).http(200, &signed_in("RT1").to_string()),
        came_back(
            remembering("anew after the session has ended", credential()).http(400, REFUSALS[0].1),
        )
        .http(200, &token_anew),
        came_back(remembering("anew for a second factor", credential()).http(400, REFUSALS[2].1))
            .http(200, &token_anew),
        remembering("never asked and the session has ended", never).http(400, REFUSALS[1].1),
        came_back(Case::new(
            "another account than that of the record",
            credential().authentication_record(record()),
        ))
        .http(200, &other.to_string()),
    ]
}

fn credential() -> InteractiveBrowserCredential {
    InteractiveBrowserCredential::new("contoso.com", "app-id").expect("valid")
}

fn case(name: &'static str) -> Case {
    Case::new(name, credential())
}

fn token() -> String {
    signed_in_with(&nonce()).to_string()
}

fn came_back(case: Case) -> Case {
    let answer = AuthorizeAnswer::Code("C0DE".into());
    case.then(Reply::Authorize(Ok(Authorized { port: 8400, answer })))
}
