//! What comes to a sign-in from a browser and from the endpoint of device codes.

use std::sync::Arc;
use std::time::Duration;

use azid_core::effect::{
    Accepted, AuthorizeAnswer, AuthorizeRequest, CallbackId, LoopbackRedirect, Refusal,
    ResponseMode,
};
use azid_core::{Context, DeviceCodeCredential, Now, Run, Seed, Step, TokenRequest};

use super::input::response;

const STATE: &str = "canary-state";

/// Whatever a browser, or anything else, sends to the listener of a sign-in, it is the answer to no
/// sign-in but the one whose state it carries, and what is said of it is one line and a page of ours.
pub fn loopback_request(data: &[u8]) {
    for response_mode in [ResponseMode::FormPost, ResponseMode::Query] {
        let request = AuthorizeRequest {
            endpoint: "https://login.example/authorize".parse().expect("a URL"),
            redirect: LoopbackRedirect::default(),
            state: STATE.into(),
            response_mode,
            timeout: Duration::from_secs(60),
        };
        let page = match request.accept(data) {
            Accepted::Incomplete => continue,
            Accepted::Refuse(page) => page,
            Accepted::Answer(page, answer) => {
                let mut other = request.clone();
                other.state = "another".into();
                let is_answer = matches!(other.accept(data), Accepted::Answer(..));
                assert!(!is_answer, "an answer to two sign-ins");
                if let AuthorizeAnswer::Denied { error, description } = answer {
                    let said = format!("{error}{description}");
                    assert!(!said.contains(char::is_control), "{said:?}");
                }
                page
            }
        };
        let page = String::from_utf8(page).expect("a page is text");
        assert!(
            page.starts_with("HTTP/1.1 ") && page.ends_with("</html>"),
            "{page}"
        );
        assert!(!page.contains(STATE), "{page}");
    }
}

/// Whatever answers who asks for a device code, the run ends within its budget, and nobody is shown
/// a page that is not on the web over TLS, or a text that moves anything on a screen.
pub fn device_code_answer(data: &[u8]) {
    let Some(response) = response(data) else {
        return;
    };
    let callback = CallbackId::new("terminal");
    let credential = DeviceCodeCredential::new("contoso", "client", callback);
    let request = TokenRequest::new(["https://vault.azure.net/.default"]);
    let mut waited = Duration::ZERO;
    let now = |waited: Duration| Now::new(1_800_000_000_000 + waited.as_millis() as i64, waited);
    let context = Context::new(request, now(waited), Seed::new([7; 32]));
    let mut step = Run::start(Arc::new(credential.expect("two good values")), context);
    loop {
        step = match step {
            Step::Done(_) => return,
            Step::Http(call) => call.reply(Ok(response.clone()), now(waited)),
            Step::Sleep(call) => {
                waited += call.request().duration;
                call.reply(Ok(()), now(waited))
            }
            Step::Prompt(call) => {
                let shown = &call.request().device_code;
                assert_eq!(shown.verification_uri.scheme(), "https");
                let texts = format!("{}{}", shown.message.expose(), shown.user_code.expose());
                assert!(!texts.contains(char::is_control), "{texts:?}");
                call.reply(Ok(()), now(waited))
            }
            other => other.refuse(Refusal::NoSuchEffect, now(waited)),
        };
        assert!(waited <= Context::DEADLINE, "{waited:?}");
    }
}
