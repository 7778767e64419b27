//! One request by the host alone, to see what it honours and what it refuses.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use azid_core::effect::{HttpReply, HttpRequest, Requirements, Roots, Thumbprint};
use azid_core::{Cause, Context, Credential, Identity, Next, http};
use azid_wasm::{TokenProvider, WebHost};
use url::Url;
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

/// Sends a request that requires something, and answers what came of it: the status and the length
/// of the body, or the failure.
#[wasm_bindgen]
pub async fn exchange(
    url: String,
    requirement: String,
    milliseconds: u32,
    most_bytes: usize,
) -> Result<String, JsError> {
    let mut request = HttpRequest::get(Url::parse(&url)?);
    let required = &mut request.requirements;
    required.timeout = Duration::from_millis(milliseconds.into());
    required.max_body = most_bytes;
    require(required, &requirement);
    let heard = Arc::new(OnceLock::new());
    let credential = OneRequest {
        request,
        heard: heard.clone(),
    };
    let provider = TokenProvider::on(WebHost::new(), credential);
    let outcome = provider.get_token(&["any"]).await;
    match heard.get() {
        Some(heard) => Ok(heard.clone()),
        None => Err(JsError::new(&format!("nothing was sent: {outcome:?}"))),
    }
}

fn require(required: &mut Requirements, requirement: &str) {
    match requirement {
        "no-proxy" => required.no_proxy = true,
        "plain-http" => required.plain_http = true,
        "tls-pin" => required.tls.pin = Some(Thumbprint([7; 20])),
        "exclusive-roots" => required.tls.roots = Roots::Exclusive("PEM".to_owned()),
        "server-name" => required.tls.server_name = Some("other.example".to_owned()),
        _ => {}
    }
}

/// A credential that has no token, only what it heard.
#[derive(Debug)]
struct OneRequest {
    request: HttpRequest,
    heard: Arc<OnceLock<String>>,
}

impl Credential for OneRequest {
    fn name(&self) -> &'static str {
        "OneRequest"
    }

    fn identity(&self) -> Identity {
        Identity::private()
    }

    fn begin(self: Arc<Self>, _: &mut Context) -> Next {
        let heard = self.heard.clone();
        http(self.request.clone(), move |reply: HttpReply, cx| {
            let told = match reply {
                Ok(response) => format!("{}, {} bytes", response.status, response.body.len()),
                Err(failure) => failure.to_string(),
            };
            heard.get_or_init(|| told);
            cx.unavailable(Cause::OutOfTime)
        })
    }
}
