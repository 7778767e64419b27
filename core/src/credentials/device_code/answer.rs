//! What the endpoint answers who asks for a device code (RFC 8628 section 3.2).

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use url::Url;

use crate::context::Context;
use crate::effect::{DeviceCode, HttpResponse};
use crate::error::Cause;
use crate::oauth::{AnswerFault, Number, ServiceError, safe_text};
use crate::secret::Secret;

/// A sign-in that waits for a person.
pub(super) struct Started {
    pub(super) device_code: Secret,
    pub(super) shown: DeviceCode,
    /// From when it was asked for.
    pub(super) lifetime: Duration,
    pub(super) interval: Duration,
}

/// A code that nobody gave another time lives so long, as Entra's do.
const LIFETIME: Duration = Duration::from_secs(900);

/// RFC 8628 section 3.2.
const INTERVAL: Duration = Duration::from_secs(5);

impl Started {
    /// Reads the answer to the request that was sent last.
    pub(super) fn read(response: &HttpResponse, cx: &Context) -> Result<Self, Cause> {
        if response.status != 200 {
            return Err(ServiceError::read(response, cx).map_or_else(Cause::from, Cause::from));
        }
        let members: BTreeMap<String, Member> = serde_json::from_slice(response.body.expose())
            .map_err(|_| AnswerFault::not_json(response, cx.now()))?;
        let text = |name: &'static str| {
            let text = members.get(name).and_then(|member| member.text.clone());
            text.filter(|text| !text.is_empty())
        };
        let seconds = |name: &'static str| {
            let seconds = members.get(name).and_then(|it| it.number.seconds());
            let seconds = seconds.map(u64::try_from).transpose();
            seconds
                .map(|seconds| seconds.map(Duration::from_secs))
                .map_err(|_| AnswerFault::Senseless(name))
        };
        let device_code = text("device_code").ok_or(AnswerFault::Lacks("device_code"))?;
        let user_code = text("user_code").ok_or(AnswerFault::Lacks("user_code"))?;
        let user_code = Secret::new(safe_text(user_code.expose(), 64, &[]));
        const PAGE: &str = "verification_uri";
        let page = text(PAGE).or_else(|| text("verification_url"));
        let page = page.ok_or(AnswerFault::Lacks(PAGE))?;
        let verification_uri =
            page_to_open(page.expose()).map_err(|why| AnswerFault::UnsafePage(PAGE, why))?;
        let lifetime = seconds("expires_in")?.unwrap_or(LIFETIME);
        if lifetime.is_zero() {
            return Err(AnswerFault::Senseless("expires_in").into());
        }
        let interval = seconds("interval")?.unwrap_or(INTERVAL);
        if interval >= lifetime && interval > INTERVAL {
            return Err(AnswerFault::Senseless("interval").into());
        }
        let message = match text("message") {
            Some(message) => safe_text(message.expose(), 1024, &[]),
            None => format!(
                "Open {verification_uri} in a browser and type the code {} to sign in.",
                user_code.expose()
            ),
        };
        Ok(Self {
            shown: DeviceCode {
                user_code,
                verification_uri,
                message: message.into(),
                expires_on: cx.sent_at().after(lifetime),
            },
            device_code,
            lifetime,
            interval,
        })
    }
}

/// A page that a person can be sent to without harm: on the web, over TLS, as it looks; or why not.
fn page_to_open(page: &str) -> Result<Url, &'static str> {
    if page.len() > 1024 {
        return Err("it is longer than 1,024 bytes");
    }
    if !page.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("it has white space, control characters or letters outside ASCII");
    }
    if page.contains('@') {
        return Err("it has an `@`, which can make it look like another page");
    }
    match Url::parse(page) {
        Ok(url) if url.scheme() == "https" => Ok(url),
        Ok(_) => Err("it is not https"),
        Err(_) => Err("it is not a URL"),
    }
}

/// A member that is read as a text and as a number, whichever is wanted of it.
struct Member {
    text: Option<Secret>,
    number: Number,
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(Self {
            text: value.as_str().map(Secret::from),
            number: Number::deserialize(&value).unwrap_or(Number::Odd),
        })
    }
}
