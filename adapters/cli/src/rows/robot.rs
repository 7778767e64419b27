//! Somebody for the demo to sign in, who fills in the forms of the emulator's pages.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use azid_core::effect::{Detail, DeviceCode, HttpRequest, PromptFailure, Requirements};
use azid_core::{AccessToken, Context, Credential, Identity, Next, TokenRequest, done};
use azid_emulator::demo;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use url::{Url, form_urlencoded};

/// Types the code that a device shows into the page that it names, and signs in there.
pub(super) fn type_code(shown: &DeviceCode) -> Result<(), PromptFailure> {
    let mut form = credentials().to_vec();
    form.push(("user_code", shown.user_code.expose()));
    let page = post(shown.verification_uri.clone(), body(&form));
    match page.map_err(|error| PromptFailure::Failed(Detail::new(error.to_string())))? {
        page if page.contains("You have signed in") => Ok(()),
        _ => Err(PromptFailure::Failed(Detail::new("the page refuses"))),
    }
}

/// Signs in at a page as a browser does, and carries the answer to where it belongs.
pub(super) fn browse(page: &Url) -> io::Result<()> {
    let (action, answer) = sign_in(page)?;
    post(action, answer).map(drop)
}

/// Signs in at a page; answers where the answer belongs, and the answer as a form's body.
pub(super) fn sign_in(page: &Url) -> io::Result<(Url, String)> {
    let page = post(page.clone(), body(&credentials()))?;
    let value_after = |mark: &str| {
        let (_, rest) = page.split_once(mark)?;
        rest.split_once('"').map(|(value, _)| value)
    };
    let action = value_after("action=\"").and_then(|action| Url::parse(action).ok());
    let action = action.ok_or_else(|| io::Error::other("the page sends nobody on"))?;
    let fields = ["code", "state"].map(|name| {
        let value = value_after(&format!("name=\"{name}\" value=\""));
        (name, value.unwrap_or_default())
    });
    Ok((action, body(&fields)))
}

fn credentials() -> [(&'static str, &'static str); 3] {
    [
        ("action", "sign-in"),
        ("username", demo::USER_NAME),
        ("password", demo::USER_PASSWORD),
    ]
}

fn body(fields: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields).finish()
}

/// Posts a form; answers the page that comes back.
fn post(url: Url, body: String) -> io::Result<String> {
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    let mut request = HttpRequest::post(url).header(CONTENT_TYPE, form);
    request.body = body.into_bytes().into();
    let request = match request.url.scheme() {
        "http" => request.requirements(Requirements::metadata_endpoint(PATIENCE)),
        _ => request,
    };
    let visit = Arc::new(Visit {
        request,
        page: OnceLock::new(),
    });
    let host = azid_ureq::Host::new();
    let context = host.context(TokenRequest::new(["none"]));
    let context = context.map_err(io::Error::other)?;
    let outcome = azid_ureq::drive(&host, Arc::clone(&visit) as Arc<dyn Credential>, context);
    outcome.result.map_err(io::Error::other)?;
    Ok(visit.page.get().cloned().unwrap_or_default())
}

const PATIENCE: Duration = Duration::from_secs(30);

/// A request. Hosts carry out effects for credentials, so it comes as one, whose token says nothing
/// but that there was an answer.
#[derive(Debug)]
struct Visit {
    request: HttpRequest,
    page: OnceLock<String>,
}

impl Credential for Visit {
    fn name(&self) -> &'static str {
        "Visit"
    }

    fn identity(&self) -> Identity {
        Identity::of(self.name()).finish()
    }

    fn begin(self: Arc<Self>, _: &mut Context) -> Next {
        azid_core::http(self.request.clone(), move |reply, cx| {
            let response = reply.or_else(|failure| cx.failed(failure))?;
            let page = String::from_utf8_lossy(response.body.expose());
            let _ = self.page.set(page.into_owned()); // it is visited once
            done(AccessToken::new(
                "seen",
                cx.now().timestamp().after(PATIENCE),
            ))
        })
    }
}
