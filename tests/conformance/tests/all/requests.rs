//! A run that sends requests one after the other and keeps what comes of each.

use std::sync::{Arc, Mutex};

use azid_core::effect::{HttpReply, HttpRequest, Requirements, Tls};
use azid_core::{Cause, Context, Credential, Identity, Next, Outcome, Seed, TokenRequest, http};

use crate::clock::VirtualClock;

#[derive(Debug)]
struct Asks {
    requests: Vec<HttpRequest>,
    replies: Mutex<Vec<HttpReply>>,
}

impl Credential for Asks {
    fn name(&self) -> &'static str {
        "Asks"
    }

    fn identity(&self) -> Identity {
        Identity::private()
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let replies = self.replies.lock().expect("no run panics").len();
        let Some(request) = self.requests.get(replies).cloned() else {
            return cx.unavailable(Cause::Unsupported("it only asks"));
        };
        http(request, |reply, cx| {
            self.replies.lock().expect("no run panics").push(reply);
            self.begin(cx)
        })
    }
}

/// What a driver replies to each of these requests, in one run on one host.
pub(crate) fn replies(
    drive: impl Fn(Arc<dyn Credential>, Context, VirtualClock) -> Outcome,
    requests: Vec<HttpRequest>,
) -> Vec<HttpReply> {
    let asks = Arc::new(Asks {
        requests,
        replies: Mutex::default(),
    });
    let clock = VirtualClock::default();
    let context = Context::new(TokenRequest::new(["any"]), clock.now(), Seed::new([1; 32]));
    let outcome = drive(Arc::<Asks>::clone(&asks), context, clock);
    outcome.result.expect_err("it only asks");
    asks.replies.lock().expect("no run panics").clone()
}

/// The reply of a driver to one request.
pub(crate) fn reply(
    drive: impl Fn(Arc<dyn Credential>, Context, VirtualClock) -> Outcome,
    request: HttpRequest,
) -> HttpReply {
    let mut replies = replies(drive, vec![request]);
    replies.pop().expect("there is one for each")
}

/// A request whose server must prove who it is in this way.
pub(crate) fn get(url: &str, tls: &Tls) -> HttpRequest {
    let url = url.parse().expect("the URLs of the tests are valid");
    HttpRequest::get(url).requirements(Requirements {
        tls: tls.clone(),
        ..Requirements::default()
    })
}
