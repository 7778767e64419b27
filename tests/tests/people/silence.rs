//! Tokens without asking anybody: what a sign-in leaves, and how long it is of use.

use std::time::Duration;

use azid_core::effect::{CallbackId, HttpFailure};
use azid_core::{
    Credential, DeviceCodeCredential, Environment, EnvironmentCredential, ErrorKind, Fact,
    Interaction, InteractiveBrowserCredential, Lane, Memory, MemoryChange, RefreshTokenCredential,
    TokenRequest, UsernamePasswordCredential,
};
use serde_json::{Value, json};

use crate::life::{Life, error, json, signed_in};
use crate::{GRAPH, VAULT, field, fields, form, vault};

const CHALLENGE: &str = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;

pub(crate) fn browser() -> InteractiveBrowserCredential {
    InteractiveBrowserCredential::new("contoso.com", "app-id").expect("valid")
}

fn device_code() -> DeviceCodeCredential {
    DeviceCodeCredential::new("contoso.com", "app-id", CallbackId::new("terminal")).expect("valid")
}

pub(crate) fn given() -> RefreshTokenCredential {
    RefreshTokenCredential::new("contoso.com", "app-id", "GIVEN").expect("valid")
}

/// A program whose person signed in a moment ago.
pub(crate) fn signed_in_life() -> Life {
    let mut life = Life::new();
    life.run(browser(), vault(), [json(200, signed_in("ada", "RT-1"))]);
    life
}

/// The refresh tokens of the requests, `-` for a request without one.
pub(crate) fn redeemed(sent: &[azid_core::effect::HttpRequest]) -> Vec<String> {
    let token = |request| field(request, "refresh_token").unwrap_or_else(|| "-".to_owned());
    sent.iter().map(token).collect()
}

#[test]
fn one_sign_in_serves_every_resource_and_each_new_refresh_token_replaces_the_last() {
    let mut life = signed_in_life();
    let mut tokens = Vec::new();
    for (scope, next) in [(GRAPH, "RT-2"), (VAULT, "RT-3"), (GRAPH, "RT-4")] {
        let answer = [json(200, signed_in("ada", next))];
        let sight = life.run(browser(), TokenRequest::new([scope]), answer);
        assert!(sight.pages.is_empty(), "nobody is asked");
        tokens.extend(redeemed(&sight.sent));
    }
    assert_eq!(tokens, ["RT-1", "RT-2", "RT-3"]);
}

#[test]
fn an_answer_that_repeats_a_former_refresh_token_shows_neither_it_nor_its_successor() {
    let mut life = signed_in_life();
    life.run(browser(), vault(), [json(200, signed_in("ada", "RT-1-b"))]);
    let echo = "AADSTS70043: RT-1-b, once RT-1, is over";
    let body = json!({ "error": "interaction_required", "error_description": echo });
    let never = browser().interaction(Interaction::Never);
    let sight = life.run(never, vault(), [json(400, body)]);
    let shown = format!("{} {:?}", sight.error(), sight.outcome.transcript);
    assert!(!shown.contains("RT-1"), "{shown}");
    assert!(sight.error().to_string().contains("is over"), "{shown}");
}

#[test]
fn the_form_of_a_silent_refresh_is_that_of_the_protocol() {
    let mut life = signed_in_life();
    let request = TokenRequest::new([GRAPH]).enable_cae();
    let sight = life.run(browser(), request, [json(200, signed_in("ada", "RT-2"))]);
    let expected = fields(&[
        ("grant_type", "refresh_token"),
        ("client_id", "app-id"),
        ("refresh_token", "RT-1"),
        ("scope", &format!("{GRAPH} openid profile offline_access")),
        ("client_info", "1"),
        (
            "claims",
            r#"{"access_token":{"xms_cc":{"values":["CP1"]}}}"#,
        ),
    ]);
    assert_eq!(form(&sight.sent[0]), expected);
}

#[test]
fn a_refresh_without_a_new_refresh_token_keeps_the_old_one() {
    let mut life = signed_in_life();
    for _ in 0..2 {
        let mut answer = signed_in("ada", "");
        answer["refresh_token"] = Value::Null;
        let sight = life.run(browser(), vault(), [json(200, answer)]);
        assert_eq!(redeemed(&sight.sent), ["RT-1"]);
    }
}

#[test]
fn a_clock_that_is_set_back_loses_no_new_refresh_token() {
    let mut life = signed_in_life();
    life.set_back = Duration::from_secs(3600);
    // Neither is the later one by its letters.
    for (expected, next) in [("RT-1", "B"), ("B", "A"), ("A", "RT-2")] {
        let before = life.memory.clone();
        let sight = life.run(browser(), vault(), [json(200, signed_in("ada", next))]);
        assert_eq!(redeemed(&sight.sent), [expected]);
        // In which order its changes are applied makes no difference.
        let mut backwards = before;
        let changes = sight.outcome.memory.into_iter().rev();
        changes.for_each(|change| backwards.apply(change));
        assert_eq!(backwards, life.memory);
    }
}

#[test]
fn who_uses_up_refresh_tokens_or_sends_a_password_does_so_one_run_at_a_time() {
    let (memory, environment) = (Memory::default(), Environment::default());
    assert_eq!(given().lane(&memory, &environment), Lane::OneAtATime);
    let password = UsernamePasswordCredential::new("contoso.com", "app-id", "ada", "p");
    let password = password.expect("valid");
    assert_eq!(password.lane(&memory, &environment), Lane::OneAtATime);
    let of_environment = EnvironmentCredential::new();
    let application = [
        ("AZURE_CLIENT_ID", "app-id"),
        ("AZURE_TENANT_ID", "contoso.com"),
    ];
    let by_secret = application
        .into_iter()
        .chain([("AZURE_CLIENT_SECRET", "s3cret")]);
    let by_password = [("AZURE_USERNAME", "ada"), ("AZURE_PASSWORD", "p")];
    let by_password = application.into_iter().chain(by_password);
    let lane = |variables: Environment| of_environment.lane(&memory, &variables);
    assert_eq!(lane(environment.clone()), Lane::PerKey);
    assert_eq!(lane(Environment::from_pairs(by_secret)), Lane::PerKey);
    assert_eq!(lane(Environment::from_pairs(by_password)), Lane::OneAtATime);
}

#[test]
fn a_refused_refresh_token_is_dropped_alone_and_the_person_is_asked() {
    let mut life = signed_in_life();
    let late = life.memory.clone();
    let answers = [error("invalid_grant"), json(200, signed_in("ada", "RT-2"))];
    let sight = life.run(browser(), vault(), answers);
    assert_eq!(sight.pages.len(), 1);
    assert!(
        sight
            .outcome
            .memory
            .contains(&MemoryChange::Rejected("RT-1".into()))
    );
    let sight = life.run(browser(), vault(), [json(200, signed_in("ada", "RT-3"))]);
    assert_eq!(redeemed(&sight.sent), ["RT-2"]);
    // A run that began before the sign-in, and is told of the refusal after it, takes nothing away.
    let mut belated = Life::new();
    belated.memory = late;
    let never = browser().interaction(Interaction::Never);
    let sight = belated.run(never, vault(), [error("invalid_grant")]);
    let changes = sight.outcome.memory.into_iter();
    changes.for_each(|change| life.memory.apply(change));
    let sight = life.run(browser(), vault(), [json(200, signed_in("ada", "RT-4"))]);
    assert_eq!(redeemed(&sight.sent), ["RT-3"]);
}

#[test]
fn a_refresh_token_that_one_resource_wants_more_than_stays_good_for_others() {
    for body in [
        json!({ "error": "invalid_grant", "suberror": "consent_required", "error_codes": [65001] }),
        json!({ "error": "interaction_required", "suberror": "basic_action", "claims": CHALLENGE }),
        json!({ "error": "invalid_grant", "claims": CHALLENGE }),
    ] {
        let mut life = signed_in_life();
        let never = || browser().interaction(Interaction::Never);
        let sight = life.run(never(), TokenRequest::new([GRAPH]), [json(400, body)]);
        assert_eq!(sight.error().kind(), ErrorKind::InteractionRequired);
        let sight = life.run(never(), vault(), [json(200, signed_in("ada", "RT-2"))]);
        assert_eq!(redeemed(&sight.sent), ["RT-1"]);
    }
}

#[test]
fn a_refusal_for_one_resource_or_another_tenant_leaves_the_session_at_home_as_it_is() {
    let refused = |code: u64| {
        let said = format!("AADSTS{code}: no");
        json(
            400,
            json!({ "error": "invalid_grant", "error_description": said }),
        )
    };
    let expired_there = json(
        400,
        json!({ "error": "invalid_grant", "suberror": "bad_token", "error_codes": [700_082] }),
    );
    let elsewhere = || vault().tenant("guest.example");
    let anywhere = || browser().additionally_allowed_tenants(["*"]);
    let never = || anywhere().interaction(Interaction::Never);
    for (request, refusal) in [
        (TokenRequest::new([GRAPH]), refused(65_001)),
        (TokenRequest::new([GRAPH]), refused(50_076)),
        (TokenRequest::new([GRAPH]), refused(53_003)),
        (elsewhere(), refused(50_079)),
        (elsewhere(), refused(50_020)),
        (elsewhere(), refused(700_082)),
        (elsewhere(), expired_there.clone()),
    ] {
        let mut life = signed_in_life();
        let sight = life.run(never(), request, [refusal]);
        assert_eq!(sight.error().kind(), ErrorKind::InteractionRequired);
        let sight = life.run(never(), vault(), [json(200, signed_in("ada", "RT-2"))]);
        assert_eq!(redeemed(&sight.sent), ["RT-1"]);
    }
    let at_home = [
        vault(),
        vault().tenant("CONTOSO.com"),
        vault().tenant("home"),
    ];
    for (request, refusal) in
        at_home
            .into_iter()
            .zip([refused(700_082), expired_there, refused(50_173)])
    {
        let mut life = signed_in_life();
        life.run(never(), request, [refusal]);
        assert!(life.memory.has_rejected(&"RT-1".into()));
    }
}

#[test]
fn a_fault_of_the_service_neither_asks_the_person_nor_drops_the_token() {
    let faults = [
        json(503, json!({ "error": "temporarily_unavailable" })),
        json(429, json!({ "error": "temporarily_unavailable" })),
        Err(HttpFailure::Lost { request_sent: true }),
        json(
            400,
            json!({ "error": "invalid_client", "error_codes": [7000218] }),
        ),
        json(
            400,
            json!({ "error": "invalid_grant", "suberror": "message_only", "error_codes": [53003] }),
        ),
    ];
    for fault in faults {
        let mut life = signed_in_life();
        let sight = life.run(browser(), vault(), [fault]);
        assert_eq!(sight.error().kind(), ErrorKind::Failed);
        assert!(sight.pages.is_empty());
        assert!(!life.memory.has_rejected(&"RT-1".into()));
    }
}

#[test]
fn a_challenge_is_tried_silently_first_and_its_claims_go_with_it() {
    let mut life = signed_in_life();
    let request = vault().claims(CHALLENGE);
    let sight = life.run(browser(), request, [json(200, signed_in("ada", "RT-2"))]);
    assert_eq!(redeemed(&sight.sent), ["RT-1"]);
    assert_eq!(field(&sight.sent[0], "claims").as_deref(), Some(CHALLENGE));
    assert!(sight.pages.is_empty());
}

#[test]
fn a_challenge_that_the_endpoint_answers_with_reaches_the_sign_in_page() {
    let mut life = signed_in_life();
    let challenged = json!({
        "error": "interaction_required", "suberror": "basic_action", "claims": CHALLENGE,
    });
    let answers = [json(400, challenged), json(200, signed_in("ada", "RT-2"))];
    let sight = life.run(browser(), vault(), answers);
    let claims = crate::life::parameter(&sight.pages[0].endpoint, "claims");
    assert_eq!(claims.as_deref(), Some(CHALLENGE));
    assert_eq!(field(&sight.sent[1], "claims").as_deref(), Some(CHALLENGE));
}

#[test]
fn who_is_not_to_be_asked_is_not_and_the_error_says_what_to_ask_for() {
    let never = || browser().interaction(Interaction::Never);
    let anywhere = never().additionally_allowed_tenants(["*"]);
    let request = vault().tenant("fabrikam.com").claims(CHALLENGE);
    let sight = Life::new().run(anywhere, request, []);
    assert_eq!(sight.error().kind(), ErrorKind::InteractionRequired);
    let wanted = sight
        .error()
        .interaction_request()
        .expect("it says for what");
    assert_eq!(wanted.scopes(), [VAULT]);
    assert_eq!(wanted.other_tenant(), Some("fabrikam.com"));
    assert_eq!(wanted.claims_json(), Some(CHALLENGE));
    let mut life = signed_in_life();
    let challenged = json!({ "error": "interaction_required", "claims": CHALLENGE });
    let sight = life.run(never(), vault(), [json(400, challenged)]);
    let wanted = sight
        .error()
        .interaction_request()
        .expect("it says for what")
        .clone();
    assert_eq!(wanted.claims_json(), Some(CHALLENGE));
    assert_eq!(wanted.other_tenant(), Some("contoso.com"));
    let sight = life.run(
        browser().interaction(Interaction::Always),
        wanted,
        [json(200, signed_in("ada", "RT-2"))],
    );
    assert_eq!(sight.token(), "token-of-ada");
}

#[test]
fn who_is_to_be_asked_every_time_is() {
    let mut life = signed_in_life();
    let always = browser().interaction(Interaction::Always);
    let sight = life.run(always, vault(), [json(200, signed_in("ada", "RT-2"))]);
    assert_eq!((sight.pages.len(), sight.token()), (1, "token-of-ada"));
    let sight = life.run(browser(), vault(), [json(200, signed_in("ada", "RT-3"))]);
    assert_eq!(redeemed(&sight.sent), ["RT-2"]);
}

#[test]
fn a_session_is_good_for_its_own_authority_tenant_client_and_account_only() {
    let others = [
        InteractiveBrowserCredential::new("fabrikam.com", "app-id").expect("valid"),
        InteractiveBrowserCredential::new("contoso.com", "other").expect("valid"),
        browser().authority(azid_core::Authority::us_government()),
        browser().login_hint("eve@contoso.com"),
    ];
    for other in others {
        let never = other.interaction(Interaction::Never);
        let sight = signed_in_life().run(never, vault(), []);
        assert_eq!(sight.error().kind(), ErrorKind::InteractionRequired);
    }
    let device_code = device_code().interaction(Interaction::Never);
    let answer = [json(200, signed_in("ada", "RT-2"))];
    let sight = signed_in_life().run(device_code, vault(), answer);
    assert_eq!(
        redeemed(&sight.sent),
        ["RT-1"],
        "it is the same session, however it began"
    );
}

#[test]
fn nothing_in_a_key_of_the_memory_is_a_secret() {
    let mut life = signed_in_life();
    life.run(given(), vault(), [json(200, signed_in("eve", "NEXT"))]);
    let changes = Life::new().run(given(), vault(), [json(200, signed_in("eve", "NEXT"))]);
    for change in changes.outcome.memory {
        if let MemoryChange::Learned { key, fact, .. } = change {
            assert!(!key.contains("GIVEN") && !key.contains("NEXT"), "{key}");
            assert!(matches!(fact, Fact::RefreshToken(_) | Fact::SignedIn(_)));
        }
    }
}
