//! The ids and times that Entra writes into its answers so that a failure can be looked up.

use crate::answer::only_header;
use crate::fields::Fields;
use crate::time::{http_date, timestamp};
use http::{HeaderValue, Request, Response, header};

/// How one request is known to both sides.
pub(super) struct Trace {
    /// The service's own id for the request.
    pub(super) id: String,
    /// The client's id for the operation, or one made for it.
    pub(super) correlation_id: String,
    /// When the request was served, as error bodies write it.
    pub(super) timestamp: String,
    date: String,
    echo: bool,
}

impl Trace {
    /// `serial` makes the ids unique; a client's id, in a header or in the query, counts only if it is
    /// a GUID.
    pub(super) fn new(request: &Request<Vec<u8>>, serial: u64, now: u64) -> Trace {
        let own = |family: u32| {
            format!(
                "{family:08x}-0000-4000-8000-{:012x}",
                serial & 0xffff_ffff_ffff
            )
        };
        let query = Fields::of_query(request.uri()).unwrap_or_default();
        let sent = only_header(request, "client-request-id")
            .or_else(|| query.get("client-request-id"))
            .filter(|id| is_guid(id));
        Trace {
            id: own(0xe1),
            correlation_id: sent.map_or_else(|| own(0xc0), str::to_owned),
            timestamp: timestamp(now),
            date: http_date(now),
            echo: only_header(request, "return-client-request-id")
                .is_some_and(|value| value.eq_ignore_ascii_case("true")),
        }
    }

    /// Adds the headers that every answer of the service has.
    pub(super) fn mark(&self, response: &mut Response<Vec<u8>>) {
        let mut put = |name: &'static str, value: &str| {
            let value = HeaderValue::from_str(value).expect("ids and dates are plain ASCII");
            response.headers_mut().insert(name, value);
        };
        put("x-ms-request-id", &self.id);
        put("date", &self.date);
        if self.echo {
            put("client-request-id", &self.correlation_id);
        }
        response
            .headers_mut()
            .insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    }
}

/// Whether `text` is a GUID in its usual form of 8-4-4-4-12 hexadecimal digits.
pub(super) fn is_guid(text: &str) -> bool {
    let mut groups = text.split('-');
    [8, 4, 4, 4, 12].into_iter().all(|length| {
        groups.next().is_some_and(|group| {
            group.len() == length && group.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    }) && groups.next().is_none()
}
