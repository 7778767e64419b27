//! A run that carries out one effect and keeps the reply.

use std::fmt;
use std::sync::{Arc, Mutex};

use azid_core::effect::{HttpReply, HttpRequest, Requirements};
use azid_core::{
    Cause, Context, Credential, Environment, Error, Identity, Next, TokenRequest, http,
};
use azid_native::Proxies;
use azid_ureq::{Host, drive};

type Begin<R> = dyn Fn(Arc<Mutex<Option<R>>>) -> Next + Send + Sync;

struct Probe<R> {
    begin: Box<Begin<R>>,
    reply: Arc<Mutex<Option<R>>>,
}

impl<R> fmt::Debug for Probe<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe")
    }
}

impl<R: Send + 'static> Credential for Probe<R> {
    fn name(&self) -> &'static str {
        "Probe"
    }

    fn identity(&self) -> Identity {
        Identity::private()
    }

    fn begin(self: Arc<Self>, _: &mut Context) -> Next {
        (self.begin)(Arc::clone(&self.reply))
    }
}

/// The reply to the effect that a move asks for; the move hands it to [`keep`].
pub(crate) fn reply_to<R: Send + 'static>(
    host: &Host,
    begin: impl Fn(Arc<Mutex<Option<R>>>) -> Next + Send + Sync + 'static,
) -> R {
    reply_or_error(host, begin).expect("the effect was replied to")
}

/// The reply, or the error that the run ended with instead.
pub(crate) fn reply_or_error<R: Send + 'static>(
    host: &Host,
    begin: impl Fn(Arc<Mutex<Option<R>>>) -> Next + Send + Sync + 'static,
) -> Result<R, Error> {
    let reply = Arc::<Mutex<Option<R>>>::default();
    let probe = Probe {
        begin: Box::new(begin),
        reply: Arc::clone(&reply),
    };
    let request = TokenRequest::new(["https://vault.azure.net/.default"]);
    let context = host.context(request).expect("the system has randomness");
    let outcome = drive(host, Arc::new(probe), context);
    let kept = reply.lock().expect("no run panics").take();
    kept.ok_or_else(|| outcome.result.expect_err("a probe gets no token"))
}

/// Keeps a reply and ends the run.
pub(crate) fn keep<R>(kept: &Mutex<Option<R>>, reply: R, cx: &Context) -> Next {
    *kept.lock().expect("no run panics") = Some(reply);
    cx.unavailable(Cause::Unsupported("it only probes"))
}

/// Makes one exchange.
pub(crate) fn send(host: &Host, request: &HttpRequest) -> HttpReply {
    let request = request.clone();
    reply_to(host, move |kept| {
        http(request.clone(), move |reply, cx| keep(&kept, reply, cx))
    })
}

/// A host that sees nothing of this process's environment.
pub(crate) fn host() -> Host {
    Host::new()
        .environment(Environment::default())
        .proxies(Proxies::none())
}

/// A `GET` in clear.
pub(crate) fn get(url: impl AsRef<str>) -> HttpRequest {
    let url = url
        .as_ref()
        .parse()
        .expect("the URLs of the tests are valid");
    HttpRequest::get(url).requirements(plain())
}

/// The default requirements, but http will do.
pub(crate) fn plain() -> Requirements {
    Requirements {
        plain_http: true,
        ..Requirements::default()
    }
}
