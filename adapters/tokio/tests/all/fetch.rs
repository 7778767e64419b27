//! One request, sent by the host as a run would send it.

use std::sync::Arc;

use azid_core::effect::{HttpFailure, HttpRequest, Requirements};
use azid_core::{
    AccessToken, Cause, Context, Credential, Identity, Next, Run, Timestamp, TokenRequest, done,
    http,
};
use azid_tokio::{Flight, Host as _, TokioHost};
use url::Url;

/// What the server answered: the status, the field `location`, and the body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: String,
}

/// A request for a URL that may be in clear.
pub(crate) fn request(url: &str) -> HttpRequest {
    let url: Url = url.parse().expect("the tests' URLs are valid");
    HttpRequest::get(url).requirements(requirements())
}

pub(crate) fn requirements() -> Requirements {
    Requirements {
        plain_http: true,
        ..Requirements::default()
    }
}

/// Sends the request by the host, as an effect of a run.
pub(crate) async fn fetch(
    host: &Arc<TokioHost>,
    request: HttpRequest,
) -> Result<Answer, HttpFailure> {
    let seed = host.seed().expect("the system has randomness");
    let context = Context::new(TokenRequest::new(["scope"]), host.now(), seed);
    let run = Run::start(Arc::new(Fetch(request)), context);
    let outcome = Flight::new(host.clone(), run).await;
    match outcome.result {
        Ok(token) => {
            let mut parts = token.expose().splitn(3, '\n').map(str::to_owned);
            let mut next = || parts.next().expect("three parts were joined");
            Ok(Answer {
                status: next().parse().expect("a number"),
                location: Some(next()).filter(|location| !location.is_empty()),
                body: next(),
            })
        }
        Err(error) => match error.cause() {
            Cause::Http(failure) => Err(failure.clone()),
            other => panic!("not about HTTP: {other:?}"),
        },
    }
}

/// A credential that sends one request; its "token" is the answer in three lines.
#[derive(Debug)]
struct Fetch(HttpRequest);

impl Credential for Fetch {
    fn name(&self) -> &'static str {
        "Fetch"
    }

    fn identity(&self) -> Identity {
        Identity::private()
    }

    fn begin(self: Arc<Self>, _: &mut Context) -> Next {
        http(self.0.clone(), |reply, cx| {
            let response = reply.or_else(|failure| cx.failed(failure))?;
            let answer = format!(
                "{}\n{}\n{}",
                response.status,
                response.header("location").unwrap_or_default(),
                String::from_utf8_lossy(response.body.expose()),
            );
            done(AccessToken::new(
                answer,
                Timestamp::from_unix_seconds(i64::MAX / 1000),
            ))
        })
    }
}
