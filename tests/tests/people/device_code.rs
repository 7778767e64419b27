//! A person who types a code on another device.

use std::time::Duration;

use azid_core::effect::{CallbackId, Detail, HttpFailure, HttpResponse, PromptFailure};
use azid_core::oauth::AnswerFault;
use azid_core::{
    Cause, DeviceCodeCredential, ErrorKind, Fault, SignInFault, Timestamp, TokenRequest,
};
use serde_json::{Value, json};

use crate::life::{Life, error, json, signed_in, silence};
use crate::{VAULT, field, fields, form, vault};

fn credential() -> DeviceCodeCredential {
    DeviceCodeCredential::new("contoso.com", "app-id", CallbackId::new("terminal")).expect("valid")
}

fn start() -> Value {
    json!({
        "user_code": "ABCD1234", "device_code": "DEV1CE", "expires_in": 900, "interval": 5,
        "verification_uri": "https://microsoft.com/devicelogin", "message": "Type ABCD1234.",
    })
}

fn seconds(seconds: &[u64]) -> Vec<Duration> {
    seconds.iter().copied().map(Duration::from_secs).collect()
}

fn fault(error: &azid_core::Error) -> &SignInFault {
    match error.cause() {
        Cause::SignIn { fault, .. } => fault,
        cause => panic!("{cause:?}"),
    }
}

#[test]
fn the_code_the_page_and_the_time_are_shown_as_data_and_the_forms_are_those_of_the_protocol() {
    let answers = [
        json(200, start()),
        error("authorization_pending"),
        json(200, signed_in("ada", "RT-1")),
    ];
    let request = vault().enable_cae();
    let sight = Life::new().run(credential(), request, answers);
    assert_eq!(sight.token(), "token-of-ada");
    let [shown] = &sight.shown[..] else {
        panic!("{:?}", sight.shown);
    };
    assert_eq!(shown.user_code.expose(), "ABCD1234");
    assert_eq!(shown.message.expose(), "Type ABCD1234.");
    assert_eq!(
        shown.verification_uri.as_str(),
        "https://microsoft.com/devicelogin"
    );
    assert_eq!(
        shown.expires_on,
        Timestamp::from_unix_seconds(1_795_255_200 + 900)
    );
    let at = "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/";
    let urls: Vec<_> = sight.sent.iter().map(|it| it.url.to_string()).collect();
    assert_eq!(
        urls,
        [
            format!("{at}devicecode"),
            format!("{at}token"),
            format!("{at}token")
        ]
    );
    let cae = r#"{"access_token":{"xms_cc":{"values":["CP1"]}}}"#;
    let scope = format!("{VAULT} openid profile offline_access");
    let asks = fields(&[("client_id", "app-id"), ("scope", &scope), ("claims", cae)]);
    assert_eq!(form(&sight.sent[0]), asks);
    let polls = fields(&[
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", "app-id"),
        ("device_code", "DEV1CE"),
        ("client_info", "1"),
        ("claims", cae),
    ]);
    assert_eq!(form(&sight.sent[1]), polls);
    assert_eq!(form(&sight.sent[2]), polls);
}

#[test]
fn the_endpoint_says_how_often_it_is_asked_and_slower_is_for_good() {
    let mut patient = start();
    patient["interval"] = 7.into();
    let answers = [
        json(200, patient),
        error("authorization_pending"),
        error("slow_down"),
        error("authorization_pending"),
        error("slow_down"),
        json(200, signed_in("ada", "RT-1")),
    ];
    let sight = Life::new().run(credential(), vault(), answers);
    assert_eq!(sight.waits, seconds(&[7, 7, 12, 12, 17]));
}

#[test]
fn nobody_is_asked_after_the_code_has_expired() {
    for (lifetime, interval, polls) in [(900, 5, 179), (61, 20, 3), (60, 20, 2), (5, 5, 0)] {
        let mut brief = start();
        brief["expires_in"] = lifetime.into();
        brief["interval"] = interval.into();
        let pending = std::iter::repeat_with(|| error("authorization_pending"));
        let answers = [json(200, brief)].into_iter().chain(pending);
        let sight = Life::new().run(credential(), vault(), answers);
        assert_eq!(*fault(sight.error()), SignInFault::CodeExpired);
        assert_eq!(sight.error().fault(), Fault::User);
        assert_eq!(sight.sent.len(), 1 + polls);
        let last = sight.sent_at.last().expect("something was sent");
        assert!(*last < Duration::from_secs(lifetime), "{last:?}");
    }
}

#[test]
fn faults_of_the_network_are_lived_through_ever_more_slowly_while_the_code_is_good() {
    let answers = [
        json(200, start()),
        silence(),
        silence(),
        Ok(HttpResponse::new(502, &b"<html>"[..])),
        error("authorization_pending"),
        json(200, signed_in("ada", "RT-1")),
    ];
    let sight = Life::new().run(credential(), vault(), answers);
    assert_eq!(sight.waits, seconds(&[5, 10, 20, 40, 5]));
    assert_eq!(sight.token(), "token-of-ada");
}

#[test]
fn a_code_that_expires_while_the_endpoint_is_not_to_be_heard_says_so_and_why() {
    let answers = [
        (
            Ok(HttpResponse::new(500, &b"<html>"[..])),
            "the endpoint answered HTTP 500",
        ),
        (
            Err(HttpFailure::Lost { request_sent: true }),
            "the endpoint did not answer",
        ),
        (
            json(503, json!({ "error": "temporarily_unavailable" })),
            "the endpoint answered HTTP 503 temporarily_unavailable",
        ),
    ];
    for (answer, said) in answers {
        let pending = [json(200, start()), error("authorization_pending")];
        let answers = pending.into_iter().chain(std::iter::repeat(answer));
        let sight = Life::new().run(credential(), vault(), answers);
        let error = sight.error();
        assert!(matches!(fault(error), SignInFault::CodeExpiredUnheard(_)));
        assert_ne!(error.fault(), Fault::User);
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[test]
fn a_run_that_ends_while_the_endpoint_is_not_to_be_heard_says_why() {
    let fault = || Ok(HttpResponse::new(500, &b"<html>"[..]));
    for (answer, said) in [(fault(), "HTTP 500"), (silence(), "did not answer")] {
        let mut life = Life::new();
        life.deadline = Some(Duration::from_secs(8));
        let sight = life.run(credential(), vault(), [json(200, start()), answer]);
        let error = sight.error();
        assert!(error.to_string().contains(said), "{error}");
        assert_ne!(error.fault(), Fault::User);
        assert_eq!(sight.waits, seconds(&[5]));
    }
}

#[test]
fn a_code_with_times_that_make_no_sense_is_the_endpoints_fault_and_not_shown() {
    for (member, value) in [
        ("expires_in", json!(0)),
        ("expires_in", json!(-900)),
        ("interval", json!(-5)),
        ("interval", json!(1e18)),
    ] {
        let mut senseless = start();
        senseless[member] = value;
        let sight = Life::new().run(credential(), vault(), [json(200, senseless)]);
        let error = sight.error();
        assert!(
            matches!(error.cause(), Cause::Answer(AnswerFault::Senseless(it)) if *it == member),
            "{error}"
        );
        assert!(sight.shown.is_empty());
    }
}

#[test]
fn a_server_that_is_not_who_it_says_is_not_asked_again() {
    for stays in [
        HttpFailure::Tls(Detail::default()),
        HttpFailure::Unsendable(Detail::default()),
        HttpFailure::UnusableRoots(Detail::default()),
    ] {
        let sight = Life::new().run(credential(), vault(), [json(200, start()), Err(stays)]);
        assert_eq!(sight.sent.len(), 2);
    }
}

#[test]
fn each_end_of_a_sign_in_has_its_type_and_keeps_what_the_endpoint_said() {
    let ends = [
        ("authorization_declined", SignInFault::Declined),
        ("access_denied", SignInFault::Declined),
        ("expired_token", SignInFault::CodeExpired),
        ("code_expired", SignInFault::CodeExpired),
        ("bad_verification_code", SignInFault::UnknownCode),
    ];
    for (name, expected) in ends {
        let sight = Life::new().run(credential(), vault(), [json(200, start()), error(name)]);
        let error = sight.error();
        assert_eq!(*fault(error), expected);
        assert_eq!(error.kind(), ErrorKind::Failed);
        assert_eq!(error.service().expect("it said so").error(), name);
    }
}

#[test]
fn a_code_that_went_to_another_data_centre_is_not_asked_about_again() {
    let elsewhere = json!({ "error": "invalid_grant", "error_codes": [50134] });
    let sight = Life::new().run(
        credential(),
        vault(),
        [json(200, start()), json(400, elsewhere)],
    );
    let error = sight.error();
    assert_eq!((sight.sent.len(), error.kind()), (2, ErrorKind::Failed));
    assert!(error.to_string().contains("start it again"), "{error}");
}

#[test]
fn a_person_who_calls_it_off_ends_it_at_once() {
    let mut life = Life::new();
    life.prompt = Err(PromptFailure::Cancelled);
    let sight = life.run(credential(), vault(), [json(200, start())]);
    assert_eq!(
        *sight.error().cause(),
        Cause::Prompt(PromptFailure::Cancelled)
    );
    assert_eq!(sight.error().kind(), ErrorKind::Failed);
}

#[test]
fn no_person_is_sent_to_a_page_that_could_harm_them_and_what_is_wrong_with_it_is_said() {
    for (page, why) in [
        ("javascript:alert(1)", "it is not https"),
        ("http://microsoft.com/devicelogin", "it is not https"),
        ("file:///etc/passwd", "it is not https"),
        ("https://microsoft.com@evil.example/", "it has an `@`"),
        ("https://evil.example/ \u{202e}", "control characters"),
        ("https://evil.example/\u{7}", "control characters"),
        ("microsoft.com", "it is not a URL"),
        ("", "without `verification_uri`"),
    ] {
        let mut hostile = start();
        hostile["verification_uri"] = page.into();
        let sight = Life::new().run(credential(), vault(), [json(200, hostile)]);
        assert!(sight.shown.is_empty(), "{page}");
        assert_eq!(sight.error().kind(), ErrorKind::Failed);
        let said = sight.error().to_string();
        assert!(said.contains(why), "{page}: {said}");
        assert_eq!(said.contains("without"), page.is_empty(), "{said}");
    }
}

#[test]
fn what_is_shown_cannot_move_or_hide_anything_on_a_terminal() {
    let mut hostile = start();
    hostile["message"] = "Type\u{1b}[2J\r\nit \u{202e}now".into();
    hostile["user_code"] = "AB\u{7}CD".into();
    let answers = [json(200, hostile), json(200, signed_in("ada", "RT-1"))];
    let sight = Life::new().run(credential(), vault(), answers);
    let shown = format!(
        "{}{}",
        sight.shown[0].message.expose(),
        sight.shown[0].user_code.expose()
    );
    assert!(
        !shown.contains(|c: char| c.is_control() || c == '\u{202e}'),
        "{shown:?}"
    );
}

#[test]
fn a_sentence_is_composed_where_the_endpoint_has_none() {
    let mut silent = start();
    silent["message"] = Value::Null;
    let answers = [json(200, silent), json(200, signed_in("ada", "RT-1"))];
    let sight = Life::new().run(credential(), vault(), answers);
    let message = sight.shown[0].message.expose();
    assert!(message.contains("ABCD1234") && message.contains("https://microsoft.com/devicelogin"));
}

#[test]
fn developers_sign_in_to_the_application_of_the_azure_tools() {
    let credential = DeviceCodeCredential::for_developers(CallbackId::new("terminal"));
    let answers = [json(200, start()), json(200, signed_in("ada", "RT-1"))];
    let sight = Life::new().run(credential, vault(), answers);
    assert_eq!(
        sight.sent[0].url.path(),
        "/organizations/oauth2/v2.0/devicecode"
    );
    let client_id = field(&sight.sent[0], "client_id");
    assert_eq!(
        client_id.as_deref(),
        Some("04b07795-8ddb-461a-bbee-02f9e1bf7b46")
    );
}

#[test]
fn the_scopes_that_every_sign_in_adds_are_not_to_be_asked_for() {
    for scope in ["openid", "profile", "offline_access", "OpenID"] {
        let sight = Life::new().run(credential(), TokenRequest::new([VAULT, scope]), []);
        assert!(
            matches!(sight.error().cause(), Cause::Invalid(_)),
            "{scope}"
        );
    }
}
