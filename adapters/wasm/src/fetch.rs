//! One HTTP exchange by `fetch`.
//!
//! refuse? ─► send ─► head ─► body, chunk by chunk; aborted at the time limit, when the body is too
//! long, and when it is dropped

use std::pin::pin;

use azid_core::effect::{HttpFailure, HttpReply, HttpRequest, HttpResponse, Refusal, Requirement};
use futures_util::future::{Either, select};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use js_sys::{Array, Reflect, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, AbortSignal, Headers, ReadableStream, ReadableStreamDefaultReader,
    ReferrerPolicy, RequestCache, RequestCredentials, RequestInit, RequestRedirect, Response,
    ResponseType,
};

use crate::scope::{scope, sleep};

pub(crate) async fn fetch(request: HttpRequest) -> HttpReply {
    if let Some(unmet) = unmet(&request) {
        return Err(HttpFailure::Refused(Refusal::Requirement(unmet)));
    }
    let abort = Abort(AbortController::new().map_err(|_| UNANSWERED)?);
    let exchange = pin!(exchange(&request, abort.0.signal()));
    match select(exchange, pin!(sleep(request.requirements.timeout))).await {
        Either::Left((reply, _)) => reply,
        Either::Right(_) => Err(HttpFailure::TimedOut),
    }
}

/// All that a browser says of an exchange without an answer that a script may read.
const UNANSWERED: HttpFailure = HttpFailure::Lost { request_sent: true };

/// What a browser does not give to a redirect that it was told not to follow.
const REDIRECTED: u16 = 302;

/// They are for the service's logs. A field beyond those of the Fetch standard's "CORS-safelisted"
/// ones makes a browser ask first (a preflight), which an endpoint need not answer.
const FOR_LOGS: [&str; 5] = [
    "client-request-id",
    "return-client-request-id",
    "x-client-sku",
    "x-client-ver",
    "x-client-os",
];

/// What a request requires and no script can see to.
fn unmet(request: &HttpRequest) -> Option<Requirement> {
    let required = &request.requirements;
    match request.url.scheme() {
        "https" if required.no_proxy => Some(Requirement::NoProxy),
        "https" => required.tls.special_requirements().next(),
        "http" if required.plain_http => Some(Requirement::PlainHttp),
        _ => Some(Requirement::Https),
    }
}

async fn exchange(request: &HttpRequest, signal: AbortSignal) -> HttpReply {
    let unanswered = |_: JsValue| UNANSWERED;
    let init = init(request, &signal).map_err(unanswered)?;
    let sent = scope().fetch_with_str_and_init(request.url.as_str(), &init);
    let response = JsFuture::from(sent).await.map_err(unanswered)?;
    let response: Response = response.unchecked_into();
    if response.type_() == ResponseType::Opaqueredirect {
        return Ok(HttpResponse::new(REDIRECTED, Vec::new()));
    }
    let mut reply = HttpResponse::new(response.status(), Vec::new());
    reply.headers = header_fields(&response.headers());
    if let Some(stream) = response.body() {
        reply.body = read(stream, request.requirements.max_body).await?.into();
    }
    Ok(reply)
}

fn init(request: &HttpRequest, signal: &AbortSignal) -> Result<RequestInit, JsValue> {
    let headers = Headers::new()?;
    for (name, value) in &request.headers {
        if !FOR_LOGS.contains(&name.as_str()) {
            let value = String::from_utf8_lossy(value.as_bytes());
            headers.append(name.as_str(), &value)?;
        }
    }
    let init = RequestInit::new();
    init.set_method(request.method.as_str());
    init.set_headers_headers(&headers);
    if !request.body.expose().is_empty() {
        let body = Uint8Array::from(request.body.expose());
        init.set_body_opt_u8_array(Some(&body));
    }
    init.set_cache(RequestCache::NoStore);
    init.set_credentials(RequestCredentials::Omit);
    init.set_redirect(RequestRedirect::Manual);
    init.set_referrer_policy(ReferrerPolicy::NoReferrer);
    init.set_signal(Some(signal));
    Ok(init)
}

/// Those that the server lets scripts see.
fn header_fields(headers: &Headers) -> HeaderMap {
    let entries = headers.entries().into_iter().filter_map(Result::ok);
    let fields = entries.filter_map(|entry| {
        let entry: Array = entry.unchecked_into();
        let name = HeaderName::try_from(entry.get(0).as_string()?).ok()?;
        let value = HeaderValue::try_from(entry.get(1).as_string()?).ok()?;
        Some((name, value))
    });
    fields.collect()
}

/// The body as one piece, so that no copy of a part is left behind.
async fn read(stream: ReadableStream, limit: usize) -> Result<Vec<u8>, HttpFailure> {
    let reader = ReadableStreamDefaultReader::new(&stream).map_err(|_| UNANSWERED)?;
    let (mut chunks, mut length) = (Vec::new(), 0);
    while let Some(chunk) = next_chunk(&reader).await.map_err(|_| UNANSWERED)? {
        length += chunk.length() as usize;
        if length > limit {
            return Err(HttpFailure::BodyTooLarge { limit });
        }
        chunks.push(chunk);
    }
    let mut body = vec![0; length];
    let mut rest = body.as_mut_slice();
    for chunk in chunks {
        let (part, after) = rest.split_at_mut(chunk.length() as usize);
        chunk.copy_to(part);
        rest = after;
    }
    Ok(body)
}

async fn next_chunk(reader: &ReadableStreamDefaultReader) -> Result<Option<Uint8Array>, JsValue> {
    let result = JsFuture::from(reader.read()).await?;
    if Reflect::get(&result, &"done".into())?.is_truthy() {
        return Ok(None);
    }
    let chunk = Reflect::get(&result, &"value".into())?;
    Ok(Some(chunk.dyn_into()?))
}

/// Calls off what is not over when it is dropped.
struct Abort(AbortController);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}
