//! A web application, whose answers come to another process than the one that began.

use azid_core::{
    Authority, AuthorizationCodeCredential, AuthorizationRequest, AuthorizationSession, Cause,
    ClientSecret, Credential as _, Environment, ErrorKind, Secret, Seed, SignInFault, TokenRequest,
    What,
};
use serde_json::{Value, json};
use url::Url;

use crate::life::{Life, error, json, parameter, signed_in};
use crate::{GRAPH, VAULT, field, fields, form, vault};

const REDIRECT_URI: &str = "https://app.example/signed-in?from=entra";

fn application() -> AuthorizationRequest {
    AuthorizationRequest::new("contoso.com", "app-id", REDIRECT_URI).expect("valid")
}

fn begin(seed: u8) -> (Url, AuthorizationSession) {
    let begun = application().begin(&vault(), Seed::new([seed; 32]), &Environment::default());
    begun.expect("valid")
}

/// The session as another process has it.
fn elsewhere(session: &AuthorizationSession) -> AuthorizationSession {
    let resumed = application().resume(&session.to_stored());
    resumed.expect("it was stored")
}

fn stored(session: &AuthorizationSession) -> Value {
    serde_json::from_str(session.to_stored().expose()).expect("JSON")
}

fn came_back(seed: u8) -> (Url, AuthorizationCodeCredential) {
    let (url, session) = begin(seed);
    let credential = credential(&url, elsewhere(&session));
    (url, credential)
}

/// Of whom this page sent back.
fn credential(url: &Url, session: AuthorizationSession) -> AuthorizationCodeCredential {
    let state = parameter(url, "state").expect("one");
    let answer = format!("state={state}&code=C0DE&session_state=x");
    let credential = AuthorizationCodeCredential::new(session, answer.as_bytes());
    credential.expect("it is the answer")
}

/// What a sign-in brings that was begun at this page.
fn brings(url: &Url, person: &str, refresh_token: &str) -> Value {
    let mut answer = signed_in(person, refresh_token);
    answer["id_token"]["nonce"] = parameter(url, "nonce").into();
    answer
}

fn refusal(answer: &str) -> SignInFault {
    let (_, session) = begin(1);
    let answer = answer.replace("STATE", session.state().expose());
    let refused = AuthorizationCodeCredential::new(session, answer.as_bytes());
    let refused = refused.expect_err("it is no answer");
    assert_eq!(refused.kind(), ErrorKind::Failed);
    match refused.cause() {
        Cause::SignIn { fault, .. } => fault.clone(),
        cause => panic!("{cause:?}"),
    }
}

#[test]
fn a_confidential_client_redeems_in_another_process_what_it_began_in_the_first() {
    let (url, credential) = came_back(1);
    let with_secret = credential.client_credential(ClientSecret::from("s3cret"));
    let answer = [json(200, brings(&url, "ada", "RT-1"))];
    let sight = Life::new().run(with_secret.expect("valid"), vault(), answer);
    assert_eq!(sight.token(), "token-of-ada");
    let verifier = field(&sight.sent[0], "code_verifier").expect("one");
    let scope = format!("{VAULT} openid profile offline_access");
    let expected = fields(&[
        ("grant_type", "authorization_code"),
        ("client_id", "app-id"),
        ("client_secret", "s3cret"),
        ("code", "C0DE"),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", &verifier),
        ("scope", &scope),
        ("client_info", "1"),
    ]);
    assert_eq!(form(&sight.sent[0]), expected);
    assert_eq!(
        parameter(&url, "redirect_uri").as_deref(),
        Some(REDIRECT_URI)
    );
    assert_eq!(
        parameter(&url, "response_mode").as_deref(),
        Some("form_post")
    );
    assert_eq!(
        parameter(&url, "code_challenge_method").as_deref(),
        Some("S256")
    );
}

#[test]
fn a_public_client_sends_no_proof() {
    let (url, credential) = came_back(1);
    let sight = Life::new().run(
        credential,
        vault(),
        [json(200, brings(&url, "ada", "RT-1"))],
    );
    let proofs = ["client_secret", "client_assertion", "client_assertion_type"];
    assert!(
        proofs
            .iter()
            .all(|name| field(&sight.sent[0], name).is_none())
    );
}

#[test]
fn only_storing_a_session_writes_its_secrets() {
    let (_, session) = begin(1);
    let state = session.state().expose();
    let shown = format!("{session:?}");
    assert!(!shown.contains(state), "{shown}");
    let stored = session.to_stored();
    assert!(stored.expose().contains(state));
    assert_eq!(elsewhere(&session), session);
    let left_out = json!({
        "request": vault(), "state": "redacted", "nonce": "redacted", "verifier": "redacted",
    });
    for damaged in ["", "{}", "null", &left_out.to_string()] {
        assert!(
            application().resume(&Secret::from(damaged)).is_err(),
            "{damaged}"
        );
    }
}

#[test]
fn what_was_stored_has_no_say_in_where_secrets_are_sent() {
    let evil = AuthorizationRequest::new("evil.example", "evil-id", "https://evil.example/");
    let authority = Authority::new("https://evil.example/").expect("valid");
    let evil = evil.expect("valid").authority(authority);
    let begun = evil.begin(&vault(), Seed::new([1; 32]), &Environment::default());
    let (url, session) = begun.expect("valid");
    let credential = credential(&url, elsewhere(&session));
    let with_secret = credential.client_credential(ClientSecret::from("s3cret"));
    let answer = [json(200, brings(&url, "ada", "RT-1"))];
    let sight = Life::new().run(with_secret.expect("valid"), vault(), answer);
    let place = "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token";
    assert_eq!(sight.sent[0].url.as_str(), place);
    for (name, value) in [("client_id", "app-id"), ("redirect_uri", REDIRECT_URI)] {
        assert_eq!(field(&sight.sent[0], name).as_deref(), Some(value));
    }
    for (name, value) in [("tenant", json!("fabrikam.com")), ("scopes", json!([]))] {
        let mut changed = stored(&session);
        changed["request"][name] = value;
        let changed = Secret::from(changed.to_string());
        assert!(application().resume(&changed).is_err(), "{name}");
    }
}

#[test]
fn only_who_knows_the_verifier_of_a_session_has_it() {
    let mut life = Life::new();
    let (ada_url, ada) = begin(1);
    let answer = [json(200, brings(&ada_url, "ada", "RT-ada"))];
    life.run(credential(&ada_url, ada.clone()), vault(), answer);
    let mut forged = stored(&ada);
    forged["verifier"] = stored(&begin(2).1)["verifier"].clone();
    let forged = application().resume(&Secret::from(forged.to_string()));
    let answer = [json(200, brings(&ada_url, "eve", "RT-eve"))];
    let forged = credential(&ada_url, forged.expect("well formed"));
    let sight = life.run(forged, TokenRequest::new([GRAPH]), answer);
    assert_eq!(field(&sight.sent[0], "refresh_token"), None);
    assert_eq!(field(&sight.sent[0], "code").as_deref(), Some("C0DE"));
}

#[test]
fn an_answer_to_another_sign_in_is_refused() {
    let (_, other) = begin(2);
    let of_other = format!("code=C0DE&state={}", other.state().expose());
    for answer in [
        "code=C0DE&state=",
        "code=C0DE",
        "code=C0DE&state=STATEx",
        &of_other,
        "",
    ] {
        assert_eq!(refusal(answer), SignInFault::OtherState, "{answer}");
    }
}

#[test]
fn an_answer_that_says_something_twice_or_nothing_or_too_much_is_refused() {
    for answer in [
        "state=STATE&code=A&code=B",
        "state=STATE&code=A&error=a&error=b",
        "state=STATE&state=STATE&code=A",
        "state=STATE",
        "state=STATE&code=",
        &format!("state=STATE&code={}", "A".repeat(65 * 1024)),
    ] {
        let fault = refusal(answer);
        assert!(matches!(fault, SignInFault::UnreadableAnswer(_)), "{fault}");
    }
    assert_eq!(
        refusal("state=STATE&code=A&error=access_denied"),
        SignInFault::Declined
    );
}

#[test]
fn what_the_page_refused_is_told_with_its_code_and_nothing_is_sent() {
    let (_, session) = begin(1);
    let answer = format!(
        "error=invalid_request&error_description=AADSTS50011%3A+The+redirect+URI&state={}",
        session.state().expose()
    );
    let refused = AuthorizationCodeCredential::new(session, answer.as_bytes());
    let refused = refused.expect_err("it is no code");
    let said = refused.service().expect("it said so");
    assert_eq!(
        (said.error(), said.codes()),
        ("invalid_request", &[50_011][..])
    );
    assert!(refused.advice().is_some());
}

#[test]
fn a_code_is_redeemed_once_and_later_tokens_come_silently() {
    let mut life = Life::new();
    let (url, credential) = came_back(1);
    life.run(
        credential.clone(),
        vault(),
        [json(200, brings(&url, "ada", "RT-1"))],
    );
    let graph = TokenRequest::new([GRAPH]);
    let sight = life.run(
        credential.clone(),
        graph,
        [json(200, signed_in("ada", "RT-2"))],
    );
    assert_eq!(
        field(&sight.sent[0], "refresh_token").as_deref(),
        Some("RT-1")
    );
    let sight = life.run(credential.clone(), vault(), [error("invalid_grant")]);
    assert_eq!(sight.error().kind(), ErrorKind::InteractionRequired);
    assert_eq!(sight.sent.len(), 1, "the code is not sent again");
    let sight = life.run(credential, vault(), []);
    let wanted = sight
        .error()
        .interaction_request()
        .expect("it says for what");
    assert_eq!(
        (wanted.scopes(), wanted.other_tenant()),
        (&[VAULT.to_owned()][..], Some("contoso.com"))
    );
}

#[test]
fn a_code_is_redeemed_at_the_tenant_that_gave_it() {
    let anywhere = application().additionally_allowed_tenants(["*"]);
    let wanted = vault().tenant("fabrikam.com");
    let (url, session) = anywhere
        .begin(&wanted, Seed::new([3; 32]), &Environment::default())
        .expect("valid");
    assert_eq!(url.path(), "/fabrikam.com/oauth2/v2.0/authorize");
    let answer = format!("code=C0DE&state={}", session.state().expose());
    let credential = AuthorizationCodeCredential::new(session, answer.as_bytes());
    let brought = [json(200, brings(&url, "ada", "RT-1"))];
    let sight = Life::new().run(credential.expect("it is the answer"), vault(), brought);
    assert_eq!(sight.sent[0].url.path(), "/fabrikam.com/oauth2/v2.0/token");
}

#[test]
fn other_tenants_are_passed_over_where_the_environment_says_so() {
    let anywhere = application().additionally_allowed_tenants(["*"]);
    let wanted = vault().tenant("fabrikam.com");
    let variable = ("AZURE_IDENTITY_DISABLE_MULTITENANTAUTH", "true");
    let disabled = Environment::from_pairs([variable]);
    for request in [application(), anywhere] {
        let begun = request.begin(&wanted, Seed::new([3; 32]), &disabled);
        let (url, session) = begun.expect("the request's tenant is passed over");
        assert_eq!(url.path(), "/contoso.com/oauth2/v2.0/authorize");
        let session = request.resume(&session.to_stored()).expect("stored");
        let brought = [json(200, brings(&url, "ada", "RT-1"))];
        let sight = Life::new().run(credential(&url, session), vault(), brought);
        assert_eq!(sight.sent[0].url.path(), "/contoso.com/oauth2/v2.0/token");
    }
}

#[test]
fn one_persons_credential_never_gets_anothers_token() {
    let mut life = Life::new();
    let (ada_url, ada) = came_back(1);
    let (eve_url, eve) = came_back(2);
    assert_ne!(ada.identity(), eve.identity());
    life.run(
        ada.clone(),
        vault(),
        [json(200, brings(&ada_url, "ada", "RT-ada"))],
    );
    let sight = life.run(
        eve.clone(),
        vault(),
        [json(200, brings(&eve_url, "eve", "RT-eve"))],
    );
    assert_eq!(
        field(&sight.sent[0], "code").as_deref(),
        Some("C0DE"),
        "not ada's session"
    );
    for (credential, person) in [(ada, "ada"), (eve, "eve")] {
        let answer = [json(200, signed_in(person, &format!("RT-{person}")))];
        let sight = life.run(credential, vault(), answer);
        let redeemed = field(&sight.sent[0], "refresh_token");
        assert_eq!(redeemed, Some(format!("RT-{person}")));
    }
}

#[test]
fn a_code_that_may_have_arrived_is_not_sent_again() {
    let (_, credential) = came_back(1);
    let lost = azid_core::effect::HttpFailure::Lost { request_sent: true };
    let sight = Life::new().run(credential.clone(), vault(), [Err(lost)]);
    assert_eq!(sight.sent.len(), 1);
    let fault = [json(503, json!({ "error": "temporarily_unavailable" }))];
    assert_eq!(Life::new().run(credential, vault(), fault).sent.len(), 1);
}

#[test]
fn a_redirect_uri_is_a_place_that_only_the_application_reads() {
    for uri in [
        "http://app.example/",
        "app.example",
        "https://app.example/#a",
        "javascript:a",
        "https://app.example/ ",
        "https://app\n.example/",
        "",
    ] {
        assert!(
            AuthorizationRequest::new("contoso.com", "app-id", uri).is_err(),
            "{uri}"
        );
    }
    assert!(AuthorizationRequest::new("contoso.com", "app-id", "http://localhost:5000/").is_ok());
}

#[test]
fn a_redirect_uri_is_sent_as_the_application_is_registered_with_it() {
    for uri in [
        "https://app.example",
        "https://app.example:443/signed-in",
        "https://App.example/a/../b?from=entra|v2",
        "http://localhost:80",
    ] {
        let request = AuthorizationRequest::new("contoso.com", "app-id", uri).expect("valid");
        let begun = request.begin(&vault(), Seed::new([1; 32]), &Environment::default());
        let (url, session) = begun.expect("valid");
        assert_eq!(parameter(&url, "redirect_uri").as_deref(), Some(uri));
        let answer = [json(200, brings(&url, "ada", "RT-1"))];
        let sight = Life::new().run(credential(&url, session), vault(), answer);
        assert_eq!(field(&sight.sent[0], "redirect_uri").as_deref(), Some(uri));
    }
}

#[test]
fn a_credential_that_was_read_as_data_takes_no_client_secret() {
    let (_, credential) = came_back(1);
    let configuration = credential.configuration(&mut Default::default());
    let configuration = configuration.expect("it is data");
    let mut data = serde_json::to_value(configuration).expect("it serialises");
    data.as_object_mut()
        .expect("an object")
        .remove("credential");
    data["code"] = "C0DE".into();
    let read: AuthorizationCodeCredential = serde_json::from_value(data).expect("as it was");
    let refused = read.client_credential(ClientSecret::from("s3cret"));
    assert_eq!(
        refused.expect_err("it could go anywhere").what(),
        What::Session
    );
}
