//! A person with a browser on this machine.

use azid_core::effect::{
    AuthorizeAnswer, AuthorizeFailure, Detail, LoopbackRedirect, ResponseMode,
};
use azid_core::{
    AuthenticationRecord, Cause, ErrorKind, InteractiveBrowserCredential, SignInFault,
    SignInPrompt, TokenRequest,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::life::{Life, json, parameter, signed_in};
use crate::{VAULT, field, fields, form, vault};

fn credential() -> InteractiveBrowserCredential {
    InteractiveBrowserCredential::new("contoso.com", "app-id").expect("valid")
}

fn fault(error: &azid_core::Error) -> &SignInFault {
    match error.cause() {
        Cause::SignIn { fault, .. } => fault,
        cause => panic!("{cause:?}"),
    }
}

#[test]
fn the_page_and_the_form_are_those_of_the_protocol_and_the_verifier_fits_its_challenge() {
    let claims = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
    let answer = [json(200, signed_in("ada", "RT-1"))];
    let sight = Life::new().run(credential(), vault().claims(claims), answer);
    assert_eq!(sight.token(), "token-of-ada");
    let page = sight.pages[0].authorize_url(8400);
    assert_eq!(page.path(), "/contoso.com/oauth2/v2.0/authorize");
    let scope = format!("{VAULT} openid profile offline_access");
    let [challenge, nonce] = ["code_challenge", "nonce"].map(|name| parameter(&page, name));
    let (challenge, nonce) = (challenge.expect("one"), nonce.expect("one"));
    let state = sight.pages[0].state.expose();
    let expected = fields(&[
        ("client_id", "app-id"),
        ("response_type", "code"),
        ("scope", &scope),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("nonce", &nonce),
        ("client_info", "1"),
        ("claims", claims),
        ("prompt", "select_account"),
        ("redirect_uri", "http://localhost:8400"),
        ("response_mode", "form_post"),
        ("state", state),
    ]);
    let pairs: Vec<_> = page.query_pairs().into_owned().collect();
    assert_eq!(pairs, expected);
    let verifier = field(&sight.sent[0], "code_verifier").expect("one");
    assert_eq!(URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier)), challenge);
    for random in [state, &nonce, &verifier] {
        assert_eq!(random.len(), 43, "32 bytes each");
    }
    assert!(state != nonce && nonce != verifier && verifier != state);
    let expected = fields(&[
        ("grant_type", "authorization_code"),
        ("client_id", "app-id"),
        ("code", "C0DE"),
        ("redirect_uri", "http://localhost:8400"),
        ("code_verifier", &verifier),
        ("scope", &scope),
        ("client_info", "1"),
        ("claims", claims),
    ]);
    assert_eq!(form(&sight.sent[0]), expected);
}

#[test]
fn every_scope_of_a_request_is_on_the_page_and_in_each_form() {
    let mut life = Life::new();
    let mut seen = Vec::new();
    for next in ["RT-1", "RT-2"] {
        let request = TokenRequest::new(["api://a/read", "api://a/write"]);
        let sight = life.run(credential(), request, [json(200, signed_in("ada", next))]);
        let page = sight.pages.first().map(|page| page.authorize_url(8400));
        seen.extend(page.map(|page| parameter(&page, "scope")));
        seen.push(field(&sight.sent[0], "scope"));
    }
    let all = "api://a/read api://a/write openid profile offline_access";
    assert_eq!(seen, vec![Some(all.to_owned()); 3]);
}

#[test]
fn every_sign_in_has_secrets_of_its_own() {
    let mut life = Life::new();
    let mut states = Vec::new();
    for person in ["ada", "eve"] {
        life.memory = azid_core::Memory::default();
        let answer = [json(200, signed_in(person, "RT-0"))];
        let sight = life.run(credential(), vault(), answer);
        states.push(sight.pages[0].state.clone());
    }
    assert_ne!(states[0], states[1]);
}

#[test]
fn hints_prompt_and_redirect_reach_the_page() {
    let redirect = LoopbackRedirect::new("http://localhost:8401/signed-in").expect("valid");
    let credential = credential()
        .login_hint("ada@contoso.com")
        .domain_hint("contoso.com")
        .redirect(redirect.clone())
        .response_mode(ResponseMode::Query);
    let answers = || [json(200, signed_in("ada", "RT-1"))];
    let sight = Life::new().run(credential.clone(), vault(), answers());
    assert_eq!(sight.pages[0].redirect.port(), Some(8401));
    let page = sight.pages[0].authorize_url(8401);
    let shown = |name| parameter(&page, name);
    assert_eq!(shown("prompt").as_deref(), Some("login"));
    assert_eq!(shown("login_hint").as_deref(), Some("ada@contoso.com"));
    assert_eq!(shown("domain_hint").as_deref(), Some("contoso.com"));
    assert_eq!(shown("response_mode").as_deref(), Some("query"));
    assert_eq!(
        shown("redirect_uri").as_deref(),
        Some("http://localhost:8401/signed-in")
    );
    let consent = credential.prompt(SignInPrompt::Consent);
    let sight = Life::new().run(consent, vault(), answers());
    let prompt = parameter(&sight.pages[0].endpoint, "prompt");
    assert_eq!(prompt.as_deref(), Some("consent"));
}

#[test]
fn only_addresses_of_this_machine_are_redirect_uris() {
    for uri in [
        "https://localhost",
        "http://app.example",
        "http://localhost@evil.example",
        "http://localhost.evil.example",
        "http://localhost/?a=b",
        "http://localhost/#a",
        "",
    ] {
        assert!(LoopbackRedirect::new(uri).is_err(), "{uri}");
    }
    for uri in [
        "http://localhost",
        "http://localhost:8400",
        "http://localhost/a",
        "http://localhost:1/",
    ] {
        let redirect = LoopbackRedirect::new(uri).expect("valid");
        assert_eq!(String::from(redirect), uri);
    }
}

#[test]
fn a_token_for_another_sign_in_is_refused_whoever_it_belongs_to() {
    for claims in [
        json!({ "nonce": "other", "sub": "s" }),
        json!({ "nonce": "", "sub": "s" }),
        json!({ "nonce": 7 }),
        json!({ "nonce": null }),
    ] {
        let mut answer = signed_in("ada", "RT-1");
        answer["id_token"] = claims;
        let mut life = Life::new();
        let sight = life.run(credential(), vault(), [json(200, answer)]);
        assert_eq!(*fault(sight.error()), SignInFault::OtherNonce);
        assert!(life.memory.is_empty(), "nothing of it is kept");
    }
    for id_token in [json!("h.p.s"), json!("one part"), json!(7), json!(null)] {
        let mut answer = signed_in("ada", "RT-1");
        answer["id_token"] = id_token;
        let sight = Life::new().run(credential(), vault(), [json(200, answer)]);
        assert!(matches!(sight.error().cause(), Cause::Answer(_)));
    }
}

#[test]
fn without_a_browser_it_is_unavailable_and_names_the_page_but_none_of_its_secrets() {
    let mut life = Life::new();
    life.browser = Some(Err(AuthorizeFailure::NoBrowser(Detail::new("none"))));
    let sight = life.run(credential(), vault(), []);
    let error = sight.error();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let shown = format!("{error} {error:?}");
    let page =
        "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/authorize?client_id=app-id";
    assert!(error.to_string().contains(page), "{error}");
    let nonce = parameter(&sight.pages[0].endpoint, "nonce").expect("one");
    assert!(!shown.contains(&nonce) && !shown.contains(sight.pages[0].state.expose()));
}

#[test]
fn why_there_is_no_browser_is_said_in_the_hosts_words_without_what_they_quote_of_the_page() {
    let hinted = || credential().login_hint("ada@contoso.com");
    let mut life = Life::new();
    let page = life.run(hinted(), vault(), [json(400, json!({}))]).pages[0].authorize_url(8400);
    let mut again = Life::new(); // which draws the same
    let words = format!("\tno DISPLAY for {page}");
    again.browser = Some(Err(AuthorizeFailure::NoBrowser(Detail::new(words))));
    let error = again.run(hinted(), vault(), []).error().to_string();
    assert!(
        error.contains(": no DISPLAY for https://login.microsoftonline.com/"),
        "{error}"
    );
    assert_eq!(
        error.matches('?').count(),
        1,
        "of the page that is named: {error}"
    );
    for (name, value) in page.query_pairs() {
        let is_hidden = ["state", "nonce", "code_challenge", "login_hint"].contains(&&*name);
        assert!(!is_hidden || !error.contains(&*value), "{name} in {error}");
    }
}

#[test]
fn each_failure_of_the_browser_has_its_kind() {
    for (failure, kind) in [
        (
            AuthorizeFailure::NoListener(Detail::default()),
            ErrorKind::Unavailable,
        ),
        (AuthorizeFailure::TimedOut, ErrorKind::Failed),
        (AuthorizeFailure::Cancelled, ErrorKind::Failed),
    ] {
        let mut life = Life::new();
        life.browser = Some(Err(failure.clone()));
        let sight = life.run(credential(), vault(), []);
        assert_eq!(sight.error().kind(), kind);
        assert_eq!(*sight.error().cause(), Cause::Authorize(failure));
    }
}

#[test]
fn a_person_who_declines_is_told_apart_from_one_who_must_do_more() {
    let denied = |error: &str, description: &str| AuthorizeAnswer::Denied {
        error: error.into(),
        description: Detail::new(description),
    };
    let mut life = Life::new();
    life.browser = Some(Ok(denied(
        "access_denied",
        "AADSTS65004: User declined to consent",
    )));
    let sight = life.run(credential(), vault(), []);
    assert_eq!(*fault(sight.error()), SignInFault::Declined);
    assert_eq!(sight.error().kind(), ErrorKind::Failed);
    assert_eq!(
        sight.error().service().expect("it said so").codes(),
        [65_004]
    );
    assert!(
        sight
            .error()
            .to_string()
            .contains("User declined to consent")
    );
    life.browser = Some(Ok(denied("login_required", "AADSTS50058: no session")));
    let sight = life.run(credential(), vault(), []);
    assert_eq!(sight.error().kind(), ErrorKind::InteractionRequired);
}

#[test]
fn whoever_is_asked_for_by_a_record_cannot_sign_in_as_somebody_else() {
    let record: AuthenticationRecord = serde_json::from_value(json!({
        "authority": "login.microsoftonline.com", "clientId": "app-id", "version": "1.0",
        "homeAccountId": "ada.home", "tenantId": "home", "username": "ada@contoso.com",
    }))
    .expect("a record");
    let credential = credential().authentication_record(record);
    let mut life = Life::new();
    let eve = [json(200, signed_in("eve", "RT-eve"))];
    let sight = life.run(credential.clone(), vault(), eve);
    assert_eq!(*fault(sight.error()), SignInFault::OtherAccount);
    assert!(life.memory.is_empty(), "nothing of it is kept");
    let hint = parameter(&sight.pages[0].endpoint, "login_hint");
    assert_eq!(hint.as_deref(), Some("ada@contoso.com"));
    let sight = life.run(credential, vault(), [json(200, signed_in("ada", "RT-1"))]);
    assert_eq!(sight.token(), "token-of-ada");
}
