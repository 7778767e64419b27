//! Runs that must not ask anybody: those for a token that nobody waits for.

use std::sync::Arc;

use azid_core::effect::{
    AuthorizeRequest, CallbackId, DeviceCode, LoopbackRedirect, PromptRequest, ResponseMode,
};
use azid_core::{
    ChainedTokenCredential, Context, Credential, DeviceCodeCredential, ErrorKind, Identity,
    Interaction, InteractiveBrowserCredential, Next, Secret, UsernamePasswordCredential, authorize,
    prompt,
};
use serde_json::json;

use crate::life::{Life, error, json, signed_in};
use crate::{VAULT, vault};

fn browser() -> InteractiveBrowserCredential {
    InteractiveBrowserCredential::new("contoso.com", "app-id").expect("valid")
}

fn device_code() -> DeviceCodeCredential {
    DeviceCodeCredential::new("contoso.com", "app-id", CallbackId::new("terminal")).expect("valid")
}

/// A program that asks nobody, whose person signed in a moment ago.
fn signed_in_life() -> Life {
    let mut life = Life::new();
    life.run(browser(), vault(), [json(200, signed_in("ada", "RT-1"))]);
    life.asks_nobody = true;
    life
}

#[test]
fn nobody_is_asked_by_any_credential_alone_or_in_a_chain() {
    let chain = || ChainedTokenCredential::new(device_code()).link(browser());
    let asking: [Arc<dyn Credential>; 5] = [
        Arc::new(browser()),
        Arc::new(browser().interaction(Interaction::Always)),
        Arc::new(device_code()),
        Arc::new(chain()),
        Arc::new(ChainedTokenCredential::new(chain())),
    ];
    for credential in asking {
        let mut life = Life::new();
        life.asks_nobody = true;
        let sight = life.run(credential, vault(), []);
        assert_eq!(sight.error().kind(), ErrorKind::InteractionRequired);
        let wanted = sight.error().interaction_request().expect("for what");
        assert_eq!(wanted.scopes(), [VAULT]);
        let transcript = sight.outcome.transcript.expect("recorded");
        assert!(transcript.asks_nobody && transcript.exchanges.is_empty());
    }
}

#[test]
fn who_has_a_session_gets_a_token_and_who_has_none_any_more_is_not_asked() {
    let asking: [Arc<dyn Credential>; 2] = [Arc::new(browser()), Arc::new(device_code())];
    for credential in asking {
        let chain = || ChainedTokenCredential::new(credential.clone());
        let mut life = signed_in_life();
        let answer = [json(200, signed_in("ada", "RT-2"))];
        assert_eq!(life.run(chain(), vault(), answer).token(), "token-of-ada");
        let sight = life.run(chain(), vault(), [error("invalid_grant")]);
        assert_eq!(sight.error().kind(), ErrorKind::InteractionRequired);
        assert!(sight.pages.is_empty() && sight.shown.is_empty());
    }
}

#[test]
fn a_password_asks_nobody() {
    let password = UsernamePasswordCredential::new("contoso.com", "app-id", "ada", "pa55word");
    let mut life = Life::new();
    life.asks_nobody = true;
    let realm = json(200, json!({ "account_type": "Managed" }));
    let answers = [realm, json(200, signed_in("ada", "RT-1"))];
    let sight = life.run(password.expect("valid"), vault(), answers);
    assert_eq!(sight.token(), "token-of-ada");
}

#[test]
fn a_credential_of_the_programs_own_making_is_held_to_it() {
    for asks in [Asks::ForACode, Asks::InABrowser] {
        let mut life = Life::new();
        life.asks_nobody = true;
        let sight = life.run(asks, vault(), []);
        assert_eq!(sight.error().kind(), ErrorKind::InteractionRequired);
        assert!(sight.pages.is_empty() && sight.shown.is_empty());
    }
}

/// Asks a person without a look at whether it may.
#[derive(Debug)]
enum Asks {
    ForACode,
    InABrowser,
}

impl Credential for Asks {
    fn name(&self) -> &'static str {
        "Asks"
    }

    fn identity(&self) -> Identity {
        Identity::private()
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let page = "https://a.example/".parse().expect("a URL");
        match *self {
            Self::ForACode => {
                let device_code = DeviceCode {
                    user_code: Secret::new("CODE"),
                    verification_uri: page,
                    message: Secret::new("type CODE"),
                    expires_on: cx.now().timestamp(),
                };
                let callback = CallbackId::new("terminal");
                let request = PromptRequest {
                    callback,
                    device_code,
                };
                prompt(request, |_, _| panic!("nobody is asked"))
            }
            Self::InABrowser => {
                let request = AuthorizeRequest {
                    endpoint: page,
                    redirect: LoopbackRedirect::default(),
                    state: Secret::new("state"),
                    response_mode: ResponseMode::FormPost,
                    timeout: std::time::Duration::from_secs(60),
                };
                authorize(request, |_, _| panic!("nobody is asked"))
            }
        }
    }
}
