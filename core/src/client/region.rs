//! The token service of a region.

use std::fmt;
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::attempts::http;
use crate::authority::Authority;
use crate::context::Context;
use crate::effect::{Failure as _, HttpReply, HttpRequest, Refusal, Requirements};
use crate::environment::Environment;
use crate::error::{Error, Invalid, What};
use crate::json::read_object;
use crate::memory::{Fact, MemoryChange};
use crate::metadata_service::{below, metadata_service};
use crate::moves::Next;
use crate::oauth::read_member;
use crate::retry::RetryPolicy;

/// Which region's token service to ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region {
    /// None for the one that the host is in.
    name: Option<String>,
    find: Find,
}

/// How a region's authority is found: code that only those programs have that name a region.
#[derive(Clone, Copy)]
struct Find(fn(Option<String>, Authority, Found, &mut Context) -> Next);

/// What goes on with the region that the host is in, if it is in one.
type Detected = Box<dyn FnOnce(Option<&str>, &mut Context) -> Next + Send>;

/// What goes on with an authority.
pub(super) type Found = Box<dyn FnOnce(Authority, &mut Context) -> Next + Send>;

/// How long the metadata service may take to say where the host is.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Under which name the detected region is remembered.
const MEMORY: &str = "region";

/// Says where the host is, on some platforms.
pub(super) const REGION_NAME: &str = "REGION_NAME";

/// Under which name it is remembered that nobody knew the region, which leaves one that another
/// run found alone.
const NOWHERE: &str = "no region";

/// How long nobody is asked again who did not know the region: a program that needs tokens often
/// must not wait for silence each time, and a service that starts late be found.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(300);

/// The version of the metadata service's interface that is asked first.
const VERSION: &str = "2021-02-01";

impl Region {
    /// A region by its name, such as `westeurope`.
    ///
    /// # Errors
    ///
    /// It is not lower-case letters, digits and dashes, or does not begin with a letter.
    pub fn new(name: impl Into<String>) -> Result<Self, Invalid> {
        let name = name.into();
        if is_region(&name) {
            return Ok(Self {
                name: Some(name),
                find: Find(find_named),
            });
        }
        let why = "it is lower-case letters, digits and dashes, such as `westeurope`";
        Err(Invalid::new(What::Region, why))
    }

    /// The region that the host is in: `REGION_NAME` says it, or else the instance metadata
    /// service. Where nobody does, the global token service is asked, and the metadata service not
    /// again for five minutes.
    pub fn detected() -> Self {
        Self {
            name: None,
            find: Find(find_detected),
        }
    }

    /// The region that `AZURE_REGIONAL_AUTHORITY_NAME` or `MSAL_FORCE_REGION` names, if one of
    /// them is set; `TryAutoDetect` and `true` mean the detected one.
    ///
    /// # Errors
    ///
    /// The variable holds no region.
    pub fn from_environment(environment: &Environment) -> Result<Option<Self>, Invalid> {
        for name in ["AZURE_REGIONAL_AUTHORITY_NAME", "MSAL_FORCE_REGION"] {
            if let Some(region) = environment.get(name) {
                let named = Self::try_from(region.trim().to_owned());
                return named
                    .map(Some)
                    .map_err(|invalid| Invalid::new(What::Variable(name), invalid.why()));
            }
        }
        Ok(None)
    }
}

/// Goes on with the authority of the region, or the global one.
pub(super) fn find(region: Region, global: Authority, then: Found, cx: &mut Context) -> Next {
    let Region {
        name,
        find: Find(find),
    } = region;
    find(name, global, then, cx)
}

fn find_named(name: Option<String>, global: Authority, then: Found, cx: &mut Context) -> Next {
    let regional = name.and_then(|name| global.in_region(&name));
    then(regional.unwrap_or(global), cx)
}

fn find_detected(_: Option<String>, global: Authority, then: Found, cx: &mut Context) -> Next {
    let then = |name: Option<&str>, cx: &mut Context| {
        find_named(name.map(str::to_owned), global, then, cx)
    };
    detect(Box::new(then), cx)
}

fn detect(then: Detected, cx: &mut Context) -> Next {
    let known = match cx.memory().recall(MEMORY) {
        Some(Fact::Found(name)) => Some(name.clone()),
        _ => cx.environment().get(REGION_NAME).map(name_of),
    };
    if let Some(name) = known.filter(|name| is_region(name)) {
        return then(Some(&name), cx);
    }
    let now = cx.now().timestamp();
    let absent = cx.memory().recall_recent(NOWHERE, now, FORGOTTEN_AFTER);
    if absent == Some(&Fact::Absent) {
        return then(None, cx);
    }
    let on_location = move |name: Option<String>, cx: &mut Context| {
        let (key, fact) = match &name {
            Some(name) => (MEMORY, Fact::Found(name.clone())),
            None => (NOWHERE, Fact::Absent),
        };
        cx.remember(MemoryChange::Learned {
            key: key.to_owned(),
            fact,
            on: cx.now().timestamp(),
        });
        then(name.as_deref(), cx)
    };
    http(
        location_request(VERSION, cx)?,
        move |reply, cx| match newer_version(&reply) {
            None => on_location(read_location(reply, cx)?, cx),
            Some(version) => http(location_request(&version, cx)?, |reply, cx| {
                on_location(read_location(reply, cx)?, cx)
            }),
        },
    )
}

fn location_request(version: &str, cx: &mut Context) -> Result<HttpRequest, Error> {
    let service = metadata_service(cx.environment()).or_else(|invalid| cx.failed(invalid))?;
    let mut url = below(service, &["metadata", "instance", "compute"]);
    url.query_pairs_mut()
        .clear()
        .append_pair("api-version", version);
    let metadata = HeaderName::from_static("metadata");
    Ok(HttpRequest::get(url)
        .header(metadata, HeaderValue::from_static("true"))
        .requirements(Requirements::metadata_endpoint(TIMEOUT))
        .retry(RetryPolicy::never()))
}

/// The version to ask with instead, where the service does not know the one that it was asked with.
fn newer_version(reply: &HttpReply) -> Option<String> {
    let refusal = reply.as_ref().ok().filter(|reply| reply.status == 400)?;
    let answer = read_object(refusal.body.expose())?;
    let newest = answer.get("newest-versions")?.get(0)?.as_str()?;
    let is_date = |version: &str| {
        let digit_or_dash = |byte: u8| byte.is_ascii_digit() || byte == b'-';
        version.len() == VERSION.len() && version.bytes().all(digit_or_dash)
    };
    is_date(newest).then(|| newest.to_owned())
}

/// The region in an answer. Whatever else comes back means that the host is nowhere that is known,
/// save that the request could not be sent as it must be.
fn read_location(reply: HttpReply, cx: &Context) -> Result<Option<String>, Error> {
    let response = match reply {
        Ok(response) => response,
        Err(failure) => match failure.refusal() {
            None | Some(Refusal::NoSuchEffect) => return Ok(None),
            Some(_) => return cx.failed(failure),
        },
    };
    let name = read_member(&response, "location", cx).ok();
    Ok(name
        .map(|name| name.expose().to_owned())
        .filter(|name| is_region(name)))
}

/// The name of a region as a host gives it for people to read, such as `West Europe`.
fn name_of(shown: &str) -> String {
    shown.replace(' ', "").to_ascii_lowercase()
}

/// A region becomes part of a host name, so nothing else may get through.
fn is_region(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name.len() <= 63
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.bytes().all(inner)
}

impl PartialEq for Find {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Find {}

impl fmt::Debug for Find {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Find")
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.as_deref().unwrap_or("TryAutoDetect"))
    }
}

impl TryFrom<String> for Region {
    type Error = Invalid;

    fn try_from(name: String) -> Result<Self, Invalid> {
        if ["TryAutoDetect", "true"]
            .iter()
            .any(|word| word.eq_ignore_ascii_case(&name))
        {
            return Ok(Self::detected());
        }
        Self::new(name)
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.to_string()
    }
}
