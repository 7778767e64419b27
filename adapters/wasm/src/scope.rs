//! What windows and workers have in common: clocks, timers and randomness.

use std::time::Duration;

use azid_async::NoRandomness;
use azid_core::{Now, Seed, Timestamp};
use js_sys::{Date, Function, Promise, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::WorkerGlobalScope;

/// The global scope. A window is none of a worker's, but has all that is used of it here by the
/// same names, which is how they are looked up.
pub(crate) fn scope() -> WorkerGlobalScope {
    js_sys::global().unchecked_into()
}

pub(crate) fn now() -> Now {
    Now::new(timestamp().unix_milliseconds(), since_start())
}

pub(crate) fn timestamp() -> Timestamp {
    Timestamp::from_unix_milliseconds(Date::now() as i64)
}

/// A fresh seed from `crypto.getRandomValues`: for one run, or for one sign-in.
///
/// # Errors
///
/// The global scope has no `crypto`.
pub fn new_seed() -> Result<Seed, NoRandomness> {
    let mut bytes = [0; 32];
    let crypto = scope().crypto();
    crypto
        .and_then(|it| it.get_random_values_with_u8_array(&mut bytes))
        .map_err(|error| NoRandomness::new(said(&error)))?;
    Ok(Seed::new(bytes))
}

/// Waits so long, and not a moment less: timers may be early.
pub(crate) async fn sleep(duration: Duration) {
    let end = since_start().saturating_add(duration);
    loop {
        let left = end.saturating_sub(since_start());
        if left.is_zero() {
            return;
        }
        Timer::start(left).expire().await;
    }
}

/// What an exception says.
pub(crate) fn said(error: &JsValue) -> String {
    let field = |name: &str| Reflect::get(error, &name.into()).ok()?.as_string();
    match (field("name"), field("message")) {
        (Some(name), Some(message)) => format!("{name}: {message}"),
        _ => "an exception without a message".to_owned(),
    }
}

fn since_start() -> Duration {
    let milliseconds = match scope().performance() {
        Some(clock) => clock.now(),
        None => Date::now(),
    };
    Duration::from_secs_f64(milliseconds.max(0.0) / 1000.0)
}

/// A timer, which is called off when it is dropped.
struct Timer {
    promise: Promise,
    resolve: Function,
    handle: i32,
}

impl Timer {
    /// Takes 24 days at most.
    fn start(duration: Duration) -> Self {
        let milliseconds = duration.as_micros().div_ceil(1000);
        let milliseconds = i32::try_from(milliseconds).unwrap_or(i32::MAX);
        let mut made = None;
        let promise = Promise::new(&mut |resolve, _| {
            let handle = scope()
                .set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, milliseconds);
            made = Some((resolve, handle));
        });
        let (resolve, handle) = made.expect("a promise is made at once");
        let handle = handle.expect("every global scope has timers");
        Self {
            promise,
            resolve,
            handle,
        }
    }

    async fn expire(self) {
        let expired = JsFuture::from(self.promise.clone()).await;
        expired.expect("nobody rejects a timer");
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        scope().clear_timeout_with_handle(self.handle);
        // What waits for a promise is kept for as long as that is open.
        let _ = self.resolve.call0(&JsValue::UNDEFINED);
    }
}
