//! A person is asked when somebody waits for a token, and not for its early renewal.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use azid_core::effect::{CallbackId, DeviceCode, PromptRequest};
use azid_core::{AccessToken, Context, Credential, Identity, Next, Secret, done, prompt};
use azid_ureq::{EarlyRefresh, TokenProvider};

use crate::minting::{Clock, HOUR, LONG, SCOPE, punctual};
use crate::probe::host;

/// Shows a person something, every time.
#[derive(Debug)]
struct Asks;

impl Credential for Asks {
    fn name(&self) -> &'static str {
        "Asks"
    }

    fn identity(&self) -> Identity {
        Identity::private()
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let expires_on = cx.now().timestamp().after(Duration::from_secs(3600));
        let request = PromptRequest {
            callback: CallbackId::new("screen"),
            device_code: DeviceCode {
                user_code: Secret::new("CODE"),
                verification_uri: "https://a.example/".parse().expect("a URL"),
                message: Secret::new("type CODE"),
                expires_on,
            },
        };
        prompt(request, move |shown, cx| {
            shown.or_else(|failure| cx.failed(failure))?;
            done(AccessToken::new("token", expires_on))
        })
    }
}

#[test]
fn an_early_refresh_asks_nobody_and_the_token_is_served_until_it_expires() {
    let clock = Clock::new();
    let shown = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&shown);
    let provider = TokenProvider::builder(Asks)
        .host(clock.keep_for(host()))
        .cache(punctual())
        .early_refresh(EarlyRefresh::Inline { at_most: LONG })
        .on_prompt(CallbackId::new("screen"), move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
            Ok(())
        })
        .build();
    for (pass, so_far) in [(0, 1), (HOUR - 300_000, 1), (60_000, 1), (300_000, 2)] {
        clock.advance(pass);
        let token = provider.get_token(SCOPE).expect("there is a token");
        assert!(token.expires_on() > clock.in_an_hour().before(Duration::from_secs(3600)));
        assert_eq!(shown.load(Ordering::SeqCst), so_far);
    }
}
