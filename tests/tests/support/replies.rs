//! Replies that nobody wrote, and how long each of them takes.

use std::time::Duration;

use azid_core::Context;
use azid_core::effect::{Detail, HttpFailure, HttpReply, HttpResponse};
use azid_core::testing::{Case, START};
use azid_tests::replies::{Anything, refusals};
use http::{HeaderName, HeaderValue};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::odd_secrets::{ODD_SECRETS, with_secret};

/// The case, sometimes with an odd secret.
pub(crate) fn sometimes_odd(case: Case) -> impl Strategy<Value = Case> {
    let odd = prop_oneof![
        3 => select(&ODD_SECRETS[..]).prop_map(str::to_owned),
        1 => "[ -~]{4,12}",
        1 => "\\PC{4,9}",
    ];
    let secret = prop_oneof![3 => Just(None), 1 => odd.prop_map(Some)];
    secret.prop_map(move |secret| {
        let odd = secret.and_then(|secret| with_secret(case.clone(), &secret));
        odd.unwrap_or_else(|| case.clone())
    })
}

/// How many of 255 parts of its longest time a reply takes.
pub(crate) fn pace() -> impl Strategy<Value = u8> {
    prop_oneof![2 => Just(0), 1 => Just(255), 2 => any::<u8>()]
}

/// How long a run may take in all: as long as any may, or about as long as a few requests do.
pub(crate) fn deadline() -> impl Strategy<Value = Duration> {
    let short = (0_u64..120_000).prop_map(Duration::from_millis);
    prop_oneof![2 => Just(Context::DEADLINE), 1 => short]
}

/// Replies of every kind, output or failure or refusal.
pub(crate) fn anything() -> impl Strategy<Value = Anything> {
    (http_reply(), body(), any::<u8>()).prop_map(|(http, bytes, choice)| Anything {
        http,
        bytes,
        choice,
    })
}

fn http_reply() -> impl Strategy<Value = HttpReply> {
    let status = prop_oneof![
        3 => Just(200),
        3 => select(&[302_u16, 400, 401, 403, 404, 408, 410, 429, 500, 503][..]),
        1 => 100_u16..600,
    ];
    let response = (status, body(), vec(field(), 0..3)).prop_map(|(status, body, fields)| {
        let mut response = HttpResponse::new(status, body);
        for (name, value) in fields {
            response.headers.append(name, value);
        }
        Ok(response)
    });
    let throttled = (select(&[429_u16, 503][..]), 0_u32..70_000).prop_map(|(status, pause)| {
        let mut response = HttpResponse::new(status, Vec::new());
        response.headers.insert("retry-after-ms", pause.into());
        Ok(response)
    });
    prop_oneof![5 => response, 1 => throttled, 1 => select(failures()).prop_map(Err)]
}

/// A header field that means something to somebody, with a value that may mean nothing.
pub(crate) fn field() -> impl Strategy<Value = (HeaderName, HeaderValue)> {
    (select(FIELDS), field_value()).prop_map(|(name, value)| (HeaderName::from_static(name), value))
}

pub(crate) fn field_value() -> impl Strategy<Value = HeaderValue> {
    let odd = vec(0x80_u8..=0xff, 1..4);
    let value = prop_oneof![
        2 => (0_u8..70).prop_map(|seconds| seconds.to_string().into_bytes()),
        1 => any::<i64>().prop_map(|number| number.to_string().into_bytes()),
        1 => odd,
        4 => select(VALUES).prop_map(|value| value.as_bytes().to_vec()),
    ];
    value.prop_map(|value| HeaderValue::from_bytes(&value).expect("there is no control character"))
}

const FIELDS: &[&str] = &[
    "retry-after",
    "retry-after-ms",
    "x-ms-retry-after-ms",
    "www-authenticate",
    "location",
    "date",
    "content-type",
];

const VALUES: &[&str] = &[
    "",
    "soon",
    "-1",
    "86400",
    "18446744073709551615",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Sat, 21 Nov 2026 10:00:09 GMT",
    "https://evil.example/token",
    "http://169.254.169.254.evil.example/",
    "//evil.example",
    "Basic realm=/etc/passwd",
    "Basic realm=",
    "Bearer authorization_uri=\"https://evil.example/\"",
];

pub(crate) fn failures() -> Vec<HttpFailure> {
    let said = Detail::new("what the host says of it");
    let mut failures = vec![
        HttpFailure::Resolve(said.clone()),
        HttpFailure::Connect(said.clone()),
        HttpFailure::Proxy(said.clone()),
        HttpFailure::Unsendable(said.clone()),
        HttpFailure::Tls(said.clone()),
        HttpFailure::UnusableRoots(said),
        HttpFailure::TimedOut,
        HttpFailure::Lost { request_sent: true },
        HttpFailure::Lost {
            request_sent: false,
        },
        HttpFailure::BodyTooLarge { limit: 1 },
    ];
    failures.extend(refusals().map(HttpFailure::Refused));
    failures
}

/// Bytes, JSON with the members that endpoints use, and JSON that strains its readers.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let members = vec((select(MEMBERS), value()), 0..6).prop_map(|members| {
        let members: Map<_, _> = members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        Value::from(members).to_string().into_bytes()
    });
    let strange = select(STRANGE).prop_map(|text| text.as_bytes().to_vec());
    let deep = Just(format!(r#"{{"x":{}{}}}"#, "[".repeat(200), "]".repeat(200)).into_bytes());
    prop_oneof![6 => members, 2 => vec(any::<u8>(), 0..64), 2 => strange, 1 => deep]
}

pub(crate) const MEMBERS: &[&str] = &[
    "access_token",
    "accessToken",
    "token",
    "expiresOn",
    "expires_in",
    "expires_on",
    "refresh_in",
    "token_type",
    "error",
    "code",
    "message",
    "error_description",
    "error_codes",
    "suberror",
    "claims",
    "trace_id",
    "statusCode",
    "correlation_id",
    "timestamp",
    "refresh_token",
    "location",
    "tenant_discovery_endpoint",
    "device_code",
    "user_code",
    "verification_uri",
    "interval",
    "id_token",
    "client_info",
    "account_type",
    "unknown",
    "",
];

const STRANGE: &[&str] = &[
    r#"{"access_token":"AT","expires_in":3599,"x":1e999}"#,
    r#"{"access_token":"AT","expires_in":3599,"x":"\ud800"}"#,
    r#"{"access_token":"AT","expires_in":3599,"access_token":7}"#,
    r#"{"access_token":"AT","expires_in":3599.5,"expires_on":"soon"}"#,
    "\u{feff}{\"access_token\":\"AT\",\"expires_in\":3599}",
    "<html>host unreachable</html>",
    r#"{"unreachable":"unreachable"}"#,
    "\"a text\"",
    "null",
    "[]",
];

pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::from),
        (1_i64..200_000).prop_map(Value::from),
        (START / 1000 - 10_000..START / 1000 + 200_000)
            .prop_map(|moment| json!(moment.to_string())),
        (START / 1000 - 300..START / 1000 + 300).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~]{0,20}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        select(
            &[
                "AT",
                "invalid_client",
                "interaction_required",
                "AADSTS7000215: x\r\nTrace ID: y",
                "redacted-token-1",
                "authorization_pending",
                "slow_down",
                "invalid_grant",
                "https://microsoft.com/devicelogin",
                "e30.eyJzdWIiOiJzIiwibm9uY2UiOiJuIn0.c2ln", // {"sub":"s","nonce":"n"}
                "eyJ1aWQiOiJ1IiwidXRpZCI6InQifQ",           // {"uid":"u","utid":"t"}
                "westeurope",
                "evil.com/",
                "eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
                "{\"a\":1}"
            ][..]
        )
        .prop_map(Value::from),
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec((select(MEMBERS), inner), 0..3).prop_map(|members| {
                Value::Object(
                    members
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}
