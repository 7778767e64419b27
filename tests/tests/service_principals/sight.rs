//! A run as its host sees it, by what it is asked to do.

use std::sync::Arc;

use azid_core::effect::{FileRequest, HttpRequest, SignRequest};
use azid_core::testing::World;
use azid_core::{Context, Credential, Error, Outcome, Run, Step};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// What a run asked for, in order, and how it ended.
#[derive(Debug)]
pub(crate) struct Sight {
    pub(crate) read: Vec<FileRequest>,
    pub(crate) signed: Vec<SignRequest>,
    pub(crate) sent: Vec<HttpRequest>,
    pub(crate) outcome: Outcome,
}

/// Runs a credential on a world's replies.
pub(crate) fn look_at(
    credential: impl Credential + 'static,
    context: Context,
    world: &mut World,
) -> Sight {
    let (mut read, mut signed, mut sent) = (Vec::new(), Vec::new(), Vec::new());
    let mut step = Run::start(Arc::new(credential), context);
    loop {
        match &step {
            Step::ReadFile(call) => read.push(call.request().clone()),
            Step::Sign(call) => signed.push(call.request().clone()),
            Step::Http(call) => sent.push(call.request().clone()),
            _ => {}
        }
        step = match step {
            Step::Done(outcome) => {
                return Sight {
                    read,
                    signed,
                    sent,
                    outcome,
                };
            }
            step => world.answer(step),
        };
    }
}

impl Sight {
    /// The one request that was sent.
    pub(crate) fn request(&self) -> &HttpRequest {
        assert_eq!(self.sent.len(), 1);
        &self.sent[0]
    }

    pub(crate) fn error(&self) -> &Error {
        self.outcome.result.as_ref().expect_err("there is no token")
    }
}

/// The fields of a form, in order.
pub(crate) fn form(request: &HttpRequest) -> Vec<(String, String)> {
    url::form_urlencoded::parse(request.body.expose())
        .into_owned()
        .collect()
}

/// A JWT in its parts: header, claims, signature.
pub(crate) fn assertion_in(
    request: &HttpRequest,
) -> (Map<String, Value>, Map<String, Value>, Vec<u8>) {
    let fields = form(request);
    let assertion = fields.iter().find(|(name, _)| name == "client_assertion");
    let (_, text) = assertion.expect("the request has an assertion");
    let parts: Vec<_> = text
        .split('.')
        .map(|part| {
            URL_SAFE_NO_PAD
                .decode(part)
                .expect("base64url without padding")
        })
        .collect();
    let object = |part: &[u8]| serde_json::from_slice(part).expect("a JSON object");
    let [header, claims, signature] = &parts[..] else {
        panic!("{} parts", parts.len());
    };
    (object(header), object(claims), signature.clone())
}
