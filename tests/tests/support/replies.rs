//! Replies that nobody wrote: arbitrary ones, and near misses of those in the cases.

use azid_core::effect::{Detail, HttpFailure, HttpReply, HttpResponse};
use azid_core::testing::{Case, Reply, START, cases};
use azid_tests::replies::{Anything, refusals};
use http::HeaderValue;
use http::header::RETRY_AFTER;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::odd_secrets::{ODD_SECRETS, with_secret};

/// One of the registered cases, sometimes with an odd secret.
pub(crate) fn any_case() -> impl Strategy<Value = Case> {
    let odd = prop_oneof![
        3 => select(&ODD_SECRETS[..]).prop_map(str::to_owned),
        1 => "[ -~]{4,12}",
        1 => "\\PC{4,9}",
    ];
    let secret = prop_oneof![3 => Just(None), 1 => odd.prop_map(Some)];
    (select(cases()), secret).prop_map(|(case, secret)| {
        let odd = secret.and_then(|secret| with_secret(case.clone(), &secret));
        odd.unwrap_or(case)
    })
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
    let pause = prop_oneof![
        4 => Just(None),
        1 => any::<u64>().prop_map(|seconds| Some(seconds.to_string().into_bytes())),
        1 => (0_u8..70).prop_map(|seconds| Some(seconds.to_string().into_bytes())),
        1 => vec(0x80_u8..=0xff, 1..4).prop_map(Some),
    ];
    let response = (status, body(), pause).prop_map(|(status, body, pause)| {
        let mut response = HttpResponse::new(status, body);
        let values = pause
            .iter()
            .filter_map(|value| HeaderValue::from_bytes(value).ok());
        for value in values {
            response.headers.append(RETRY_AFTER, value);
            response
                .headers
                .append(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        Ok(response)
    });
    prop_oneof![5 => response, 1 => select(failures()).prop_map(Err)]
}

fn failures() -> Vec<HttpFailure> {
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

const MEMBERS: &[&str] = &[
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

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::from),
        (1_i64..200_000).prop_map(Value::from),
        (START / 1000 - 10_000..START / 1000 + 200_000)
            .prop_map(|moment| json!(moment.to_string())),
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

/// One change to one reply.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Drop(usize),
    Duplicate(usize, Value),
    Rename(usize, &'static str),
    Retype(usize, Value),
    Status(u16),
    Truncate(usize),
    Insert(usize, Vec<u8>),
    Fail(HttpFailure),
    Refuse(usize),
}

pub(crate) fn change() -> impl Strategy<Value = Change> {
    let place = || 0_usize..1000;
    prop_oneof![
        place().prop_map(Change::Drop),
        (place(), value()).prop_map(|(place, value)| Change::Duplicate(place, value)),
        (place(), select(MEMBERS)).prop_map(|(place, name)| Change::Rename(place, name)),
        (place(), value()).prop_map(|(place, value)| Change::Retype(place, value)),
        (100_u16..600).prop_map(Change::Status),
        place().prop_map(Change::Truncate),
        (place(), vec(any::<u8>(), 1..4)).prop_map(|(place, bytes)| Change::Insert(place, bytes)),
        select(failures()).prop_map(Change::Fail),
        place().prop_map(Change::Refuse),
    ]
}

impl Change {
    /// Changes one of a case's replies, if it has any that the change fits.
    pub(crate) fn apply(&self, case: &mut Case, place: usize) {
        let count = case.replies.len().max(1);
        let Some(reply) = case.replies.get_mut(place % count) else {
            return;
        };
        match (self, reply) {
            (Self::Fail(failure), reply @ Reply::Http(_)) => *reply = failure.clone().into(),
            (Self::Refuse(choice), reply) => *reply = refusals()[choice % 3].clone().into(),
            (Self::Status(status), Reply::Http(Ok(response))) => response.status = *status,
            (change, Reply::Http(Ok(response))) => {
                response.body = change.bytes(response.body.expose()).into();
            }
            (change, Reply::Exec(Ok(output))) if place.is_multiple_of(3) => {
                output.stderr = change.bytes(output.stderr.expose()).into();
            }
            (change, Reply::Exec(Ok(output))) => {
                output.stdout = change.bytes(output.stdout.expose()).into();
            }
            (change, Reply::File(Ok(content))) => *content = change.bytes(content.expose()).into(),
            _ => {}
        }
    }

    fn bytes(&self, body: &[u8]) -> Vec<u8> {
        let mut bytes = body.to_vec();
        match self {
            Self::Truncate(place) => bytes.truncate(place % (body.len() + 1)),
            Self::Insert(place, inserted) => {
                let place = place % (body.len() + 1);
                bytes.splice(place..place, inserted.iter().copied());
            }
            _ => {
                if let Ok(members) = serde_json::from_slice(body) {
                    bytes = self.json(members).into_bytes();
                }
            }
        }
        bytes
    }

    fn json(&self, members: Map<String, Value>) -> String {
        let (Self::Drop(place)
        | Self::Duplicate(place, _)
        | Self::Rename(place, _)
        | Self::Retype(place, _)) = self
        else {
            return Value::from(members).to_string();
        };
        let mut members: Vec<(String, Value)> = members.into_iter().collect();
        let place = place % members.len().max(1);
        if let Some(member) = members.get(place).cloned() {
            match self {
                Self::Drop(_) => drop(members.remove(place)),
                Self::Duplicate(_, value) => members.push((member.0, value.clone())),
                Self::Rename(_, name) => members[place].0 = (*name).to_owned(),
                Self::Retype(_, value) => members[place].1 = value.clone(),
                _ => {}
            }
        }
        let members: Vec<_> = members
            .iter()
            .map(|(name, value)| format!("{}:{value}", json!(name)))
            .collect();
        format!("{{{}}}", members.join(","))
    }
}
