use serde_json::{Value, json};

use super::*;
use crate::effect::{HttpFailure, HttpResponse, PromptFailure, Refusal, Requirement};
use crate::memory::Fact;
use crate::request::TokenRequest;
use crate::testing::people::{REFUSALS, client_info, record, session, signed_in};
use crate::testing::{Case, Reply, with_entra_answers};
use crate::user::Interaction;

const PENDING: &str = r#"{"error":"authorization_pending","error_description":"AADSTS70016: OAuth 2.0 device flow error. Authorization is pending.","error_codes":[70016]}"#;

impl DeviceCodeCredential {
    pub(in crate::credentials) fn cases() -> Vec<Case> {
        let mut cases = with_entra_answers(shown);
        cases.extend(starts());
        cases.extend(polls());
        cases.extend(silent());
        let scope = "https://vault.azure.net/.default";
        cases.extend([
            case("a scope that is asked for anyway").asks(TokenRequest::new([scope, "openid"])),
            case("another tenant that is not allowed")
                .asks(TokenRequest::new([scope]).tenant("fabrikam.com")),
            shown("a challenge")
                .asks(
                    TokenRequest::new([scope])
                        .claims(r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#)
                        .enable_cae(),
                )
                .http(200, &signed_in("RT1").to_string()),
            Case::new(
                "a developer",
                DeviceCodeCredential::for_developers(CallbackId::new("terminal")),
            )
            .http(200, &start().to_string())
            .then(Reply::Prompt(Ok(())))
            .http(200, &signed_in("RT1").to_string()),
        ]);
        cases
    }
}

/// What the endpoint can answer who asks for a code.
fn starts() -> Vec<Case> {
    let with = |name, member: &str, value: Value| {
        let mut start = start();
        start[member] = value;
        case(name).http(200, &start.to_string())
    };
    let without = |name, member: &str| with(name, member, Value::Null);
    let then_token = |case: Case| {
        let case = case.then(Reply::Prompt(Ok(())));
        case.http(200, &signed_in("RT1").to_string())
    };
    let mut old = start();
    old["verification_url"] = old["verification_uri"].take();
    let mut texts = start();
    texts["interval"] = "7".into();
    texts["expires_in"] = "900".into();
    vec![
        then_token(case("an older name for the page").http(200, &old.to_string())),
        then_token(case("times as texts").http(200, &texts.to_string())),
        then_token(without("no interval", "interval")),
        then_token(without("no sentence", "message")),
        then_token(without("no lifetime for the code", "expires_in")),
        then_token(with("an interval of nothing", "interval", 0.into())),
        with("an interval that is negative", "interval", (-5).into()),
        with("an interval without end", "interval", 1_000_000_000_000_000_000_u64.into()),
        then_token(with(
            "a sentence with control characters",
            "message",
            "To sign in\u{1b}[2J\r\nopen it".into(),
        )),
        with("an interval longer than the code lives", "interval", 901.into()),
        with("a code that has expired when it comes", "expires_in", 0.into()),
        with("a code that expired before", "expires_in", (-1).into()),
        without("no device code", "device_code"),
        without("no user code", "user_code"),
        without("no page", "verification_uri"),
        with("a user code with control characters", "user_code", "A\u{1b}[2JB".into()),
        with("a page that is a script", "verification_uri", "javascript:alert(1)".into()),
        with("a page in clear", "verification_uri", "http://microsoft.com/devicelogin".into()),
        with(
            "a page that looks like another",
            "verification_uri",
            "https://microsoft.com@evil.example/".into(),
        ),
        case("a page instead of a code").http(200, "<html>Sign in</html>"),
        case("a redirect instead of a code").http(302, ""),
        case("no answer instead of a code").then(HttpFailure::Tls(Default::default())),
        then_token(case("a fault before the code").http(503, "").http(200, &start().to_string())),
        case("a person cannot be told")
            .http(200, &start().to_string())
            .then(Reply::Prompt(Err(PromptFailure::Failed(Default::default())))),
        case("a person who calls it off")
            .http(200, &start().to_string())
            .then(Reply::Prompt(Err(PromptFailure::Cancelled))),
        case("nobody to tell a person on this host")
            .http(200, &start().to_string())
            .then(Refusal::NoSuchEffect),
        case("a callback that was not registered")
            .http(200, &start().to_string())
            .then(Refusal::NotRegistered(CallbackId::new("terminal"))),
        case("a tenant that allows no device codes").http(
            400,
            r#"{"error":"unauthorized_client","error_description":"AADSTS7000218: not for public clients","error_codes":[7000218]}"#,
        ),
    ]
}

/// What the endpoint can answer to a poll.
fn polls() -> Vec<Case> {
    let says = |name, error: &str| {
        let body = json!({ "error": error, "error_description": "no" });
        shown(name).http(400, &body.to_string())
    };
    let slow_down = r#"{"error":"slow_down"}"#;
    let token = signed_in("RT1").to_string();
    let throttled = || {
        let mut response = HttpResponse::new(429, &b"{\"error\":\"temporarily_unavailable\"}"[..]);
        let wait = http::HeaderValue::from_static("20");
        response.headers.insert("retry-after", wait);
        response
    };
    let mut of_nobody = signed_in("RT1");
    of_nobody["client_info"] = Value::Null;
    of_nobody["id_token"] = Value::Null;
    vec![
        shown("a person who takes their time")
            .http(400, PENDING)
            .http(400, PENDING)
            .http(200, &token),
        shown("slower from now on")
            .http(400, slow_down)
            .http(400, PENDING)
            .http(400, slow_down)
            .http(200, &token),
        shown("faults in between")
            .http(400, PENDING)
            .then(HttpFailure::TimedOut)
            .then(HttpFailure::Connect(Default::default()))
            .http(503, "")
            .http(400, PENDING)
            .http(200, &token),
        shown("a poll that is throttled")
            .then(throttled())
            .http(200, &token),
        says("declined", "authorization_declined"),
        says("declined by another name", "access_denied"),
        says("expired", "expired_token"),
        says("expired by another name", "code_expired"),
        says(
            "a device code that the endpoint does not know",
            "bad_verification_code",
        ),
        says("a grant that is no good", "invalid_grant"),
        shown("an account without ids").http(200, &of_nobody.to_string()),
        brief("a code that expires while it is waited for", 20)
            .http(400, PENDING)
            .http(400, PENDING)
            .http(400, PENDING),
        brief("faults until the code expires", 60)
            .then(HttpFailure::TimedOut)
            .then(HttpFailure::TimedOut)
            .then(HttpFailure::TimedOut),
        shown("a host that speaks no TLS any more").then(HttpFailure::Tls(Default::default())),
        shown("a requirement that is refused").then(HttpFailure::Refused(Refusal::Requirement(
            Requirement::TlsPin,
        ))),
    ]
}

/// What an earlier sign-in makes of it.
fn silent() -> Vec<Case> {
    let remembering = |name, credential: DeviceCodeCredential| {
        let record = credential.user.account();
        let label = record.map_or("anybody".to_owned(), |it| format!("record:{it}"));
        let learn = |case: Case, (key, fact): (String, Fact)| case.remembers(key, fact);
        let case = Case::new(name, credential.clone());
        session(&label).into_iter().fold(case, learn)
    };
    let known = |name| remembering(name, credential());
    let never = || credential().interaction(Interaction::Never);
    let token = signed_in("RT1").to_string();
    let (expired, second_factor) = (REFUSALS[0].1, REFUSALS[2].1);
    let mut other = signed_in("RT1");
    other["client_info"] = client_info("eve", "home").into();
    let anew = |case: Case, token: &str| {
        let case = case.http(200, &start().to_string());
        case.then(Reply::Prompt(Ok(()))).http(200, token)
    };
    let mut cases = vec![
        known("silently").http(200, &token),
        known("silently for another resource")
            .asks(TokenRequest::new(["https://graph.microsoft.com/.default"]))
            .http(200, &token),
        known("silently after a fault")
            .then(HttpFailure::Connect(Default::default()))
            .http(200, &token),
        known("silence is all there is").http(503, ""),
        known("somebody else by the same refresh token").http(200, &other.to_string()),
        anew(
            known("anew after the session has ended").http(400, expired),
            &token,
        ),
        anew(
            known("anew as somebody else").http(400, expired),
            &other.to_string(),
        ),
        anew(
            known("anew for a second factor").http(400, second_factor),
            &token,
        ),
        anew(
            remembering(
                "asked every time",
                credential().interaction(Interaction::Always),
            ),
            &token,
        ),
        Case::new("never asked and not signed in", never()),
        remembering("never asked and signed in", never()).http(200, &token),
        remembering("never asked and the session has ended", never()).http(400, expired),
        remembering("never asked and a second factor is required", never())
            .asks(TokenRequest::new(["R/a"]).tenant("contoso.com"))
            .http(400, second_factor),
        remembering(
            "an account of a record",
            credential().authentication_record(record()),
        )
        .http(200, &token),
        anew(
            Case::new(
                "another account than that of the record",
                credential().authentication_record(record()),
            ),
            &other.to_string(),
        ),
    ];
    for (name, body) in &REFUSALS[4..] {
        cases.push(known(name).http(400, body));
    }
    cases
}

fn credential() -> DeviceCodeCredential {
    DeviceCodeCredential::new("contoso.com", "app-id", CallbackId::new("terminal")).expect("valid")
}

fn case(name: &'static str) -> Case {
    Case::new(name, credential())
}

fn start() -> Value {
    json!({
        "user_code": "ABCD1234", "device_code": "DC",
        "verification_uri": "https://microsoft.com/devicelogin",
        "expires_in": 900, "interval": 5, "message": "To sign in, open the page and type ABCD1234.",
    })
}

/// A case up to the first poll.
fn shown(name: &'static str) -> Case {
    case(name)
        .http(200, &start().to_string())
        .then(Reply::Prompt(Ok(())))
}

/// The same with a code that lives so many seconds.
fn brief(name: &'static str, seconds: u32) -> Case {
    let mut start = start();
    start["expires_in"] = seconds.into();
    case(name)
        .http(200, &start.to_string())
        .then(Reply::Prompt(Ok(())))
}
