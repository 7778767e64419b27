//! The effect `Authorize`: a browser is opened, and a listener on this machine hears its answer.
//!
//! bind ─► open the browser ─► hear connections ─► code | denial | time-out | called off

mod browser;
#[cfg(all(feature = "browser", unix))]
mod command;
mod connection;
mod sign_in;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use azid_core::effect::{AuthorizeFailure, AuthorizeRequest, Authorized};

pub use self::browser::Browser;
use self::sign_in::SignIn;

/// Signs a person in by a browser, and waits for it.
///
/// The listener is bound before the browser is opened, on 127.0.0.1 and ::1 and nowhere else: on
/// the one port that the redirect URI demands, or on any that is free. It hears 32 connections at
/// a time, each for 30 seconds at most; one more ends the oldest, so that no slow client keeps the
/// answer out. When this returns, the port is free and all connections are closed.
///
/// The page's URL is an argument of the browser's process, as there is no other way to hand it
/// over, and on macOS and Windows the crate that opens the browser logs it at the level `debug`. Others
/// may read it there;
/// it holds nothing that brings them a token, since the code that comes back is worth nothing without
/// a verifier that never leaves this process.
///
/// # Errors
///
/// See [`AuthorizeFailure`]. It takes no longer than the request's time limit.
pub fn authorize(
    request: &AuthorizeRequest,
    browser: &Browser,
) -> Result<Authorized, AuthorizeFailure> {
    let sign_in = SignIn::begin(request.clone())?;
    sign_in.open(browser);
    sign_in.hear()
}

/// [`authorize`] as a future, for any executor: a thread of its own hears the connections.
///
/// Dropping it calls the sign-in off; the port is then free, and all connections are closed.
#[must_use = "a sign-in is called off when this is dropped"]
pub struct Authorization(Result<Arc<SignIn>, AuthorizeFailure>);

impl Authorization {
    /// Binds the listener and opens the browser.
    pub fn begin(request: AuthorizeRequest, browser: &Browser) -> Self {
        Self(SignIn::begin(request).inspect(|sign_in| {
            sign_in.hear_on_a_thread();
            sign_in.open(browser);
        }))
    }
}

impl Future for Authorization {
    type Output = Result<Authorized, AuthorizeFailure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &self.0 {
            Ok(sign_in) => sign_in.poll(cx),
            Err(failure) => Poll::Ready(Err(failure.clone())),
        }
    }
}

impl Drop for Authorization {
    fn drop(&mut self) {
        if let Ok(sign_in) = &self.0 {
            sign_in.end(Err(AuthorizeFailure::Cancelled));
        }
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorization")
    }
}
