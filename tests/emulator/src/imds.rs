//! A model of the instance metadata service (IMDS) of a virtual machine.
//!
//! | path | what answers |
//! |---|---|
//! | `/metadata/identity/oauth2/token` | tokens of the machine's managed identities |
//! | `/metadata/instance/compute`, `…/compute/location` | facts about the machine |
//!
//! A slash at the end of a path changes nothing, since there are clients that send one.

mod refusal;

use crate::answer;
use crate::fields::Fields;
use crate::hosts::identities::{CLIENT_ID, Identities, MI_RES_ID, MSI_RES_ID, OBJECT_ID};
use crate::hosts::problem::{self, Problem};
use crate::keys::SigningKey;
use crate::machine::Machine;
use crate::record::Outcome;
use crate::time::http_date;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use refusal::Refusal;
use serde_json::json;

/// What a proxy leaves behind; the service answers nobody but the machine itself.
const FORWARDED: &str = "x-forwarded-for";

/// The versions of the service that a request may name, oldest first.
const API_VERSIONS: [&str; 9] = [
    "2018-02-01",
    "2019-08-01",
    "2019-11-01",
    "2020-06-01",
    "2020-09-01",
    "2021-01-01",
    "2021-02-01",
    "2021-12-13",
    "2023-07-01",
];

/// The metadata service of one [`Machine`].
#[derive(Debug)]
pub struct Imds {
    identities: Identities,
    updating_until: u64,
}

impl Imds {
    /// Serves `machine`; `key` signs the access tokens. The authority is the public cloud's.
    pub fn new(machine: Machine, key: SigningKey) -> Imds {
        Imds {
            identities: Identities::new(machine, key),
            updating_until: 0,
        }
    }

    /// Names the origin that version 2 tokens carry.
    pub fn set_authority(&mut self, origin: &str) {
        self.identities.set_authority(origin);
    }

    /// What the service knows.
    pub fn machine(&self) -> &Machine {
        self.identities.machine()
    }

    /// What the service knows, to change it between two requests.
    pub fn machine_mut(&mut self) -> &mut Machine {
        self.identities.machine_mut()
    }

    /// Answers 410 to everything until this time, as the service does while it is being updated.
    pub fn update_until(&mut self, unix_seconds: u64) {
        self.updating_until = unix_seconds;
    }

    /// Answers one request.
    pub fn handle(
        &mut self,
        request: &Request<Vec<u8>>,
        now_unix_seconds: u64,
    ) -> Response<Vec<u8>> {
        let mut response = self
            .route(request, now_unix_seconds)
            .unwrap_or_else(|refusal: Refusal| refusal.answer());
        let headers = response.headers_mut();
        let date = http_date(now_unix_seconds);
        headers.insert(
            header::DATE,
            HeaderValue::try_from(date).expect("a date is plain ASCII"),
        );
        headers.insert(header::SERVER, HeaderValue::from_static("IMDS/emulated"));
        response
    }

    fn route(
        &mut self,
        request: &Request<Vec<u8>>,
        now: u64,
    ) -> Result<Response<Vec<u8>>, Refusal> {
        problem::stray_secret(request, None)?;
        if request.headers().contains_key(FORWARDED) {
            return Err(Problem::Leak(FORWARDED).into());
        }
        if now < self.updating_until {
            let outcome = Outcome::Refused {
                error: String::new(),
                code: None,
            };
            return Ok(answer::empty(StatusCode::GONE, outcome));
        }
        problem::metadata_header(request)?;
        if request.method() != Method::GET {
            return Err(Problem::Method.into());
        }
        let query = Fields::of_query(request.uri()).map_err(Problem::Fields)?;
        match request.uri().path().trim_end_matches('/') {
            "/metadata/identity/oauth2/token" => {
                check_version(&query)?;
                self.token(&query, now)
            }
            "/metadata/instance/compute" => {
                check_version(&query)?;
                Ok(self.compute())
            }
            "/metadata/instance/compute/location" => {
                check_version(&query)?;
                Ok(self.location(&query))
            }
            _ => Ok(answer::not_found()),
        }
    }

    fn token(&mut self, query: &Fields, now: u64) -> Result<Response<Vec<u8>>, Refusal> {
        let ids = [CLIENT_ID, OBJECT_ID, MSI_RES_ID, MI_RES_ID];
        let issued = self.identities.issue(query, &ids, false, now)?;
        let body = issued.body_of_texts();
        Ok(answer::json(StatusCode::OK, &body, issued.outcome()))
    }

    fn compute(&self) -> Response<Vec<u8>> {
        let body = json!({
            "location": self.identities.machine().location,
            "azEnvironment": "AzurePublicCloud",
            "osType": "Linux",
            "provider": "Microsoft.Compute",
        });
        answer::json(StatusCode::OK, &body, Outcome::Document)
    }

    fn location(&self, query: &Fields) -> Response<Vec<u8>> {
        let location = &self.identities.machine().location;
        if query.get("format") == Some("text") {
            let body = location.as_str();
            return answer::typed(
                StatusCode::OK,
                "text/plain; charset=utf-8",
                body,
                Outcome::Document,
            );
        }
        answer::json(StatusCode::OK, &json!(location), Outcome::Document)
    }
}

fn check_version(query: &Fields) -> Result<(), Refusal> {
    problem::api_version(query, &API_VERSIONS).map_err(|problem| match problem {
        Problem::ApiVersion => Refusal::api_version(&API_VERSIONS),
        other => other.into(),
    })
}
