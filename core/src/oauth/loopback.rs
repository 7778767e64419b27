//! What a browser sends to the loopback listener, and what it gets back.

use super::redirect::{NoAnswer, read_answer};
use crate::effect::{Accepted, AuthorizeAnswer, AuthorizeRequest, ResponseMode};

const MOST_BYTES: usize = 64 * 1024;

/// Reads one HTTP request (RFC 9112) as far as it has come.
pub(crate) fn accept(request: &AuthorizeRequest, bytes: &[u8]) -> Accepted {
    if bytes.len() > MOST_BYTES {
        return refuse(413, "This request is too long.");
    }
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Accepted::Incomplete;
    };
    let Ok(head) = std::str::from_utf8(&bytes[..end]) else {
        return refuse(400, "This request cannot be read.");
    };
    let mut lines = head.split("\r\n");
    let mut request_line = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (
        request_line.next().unwrap_or_default(),
        request_line.next().unwrap_or_default(),
    );
    let header = |name: &str| {
        let mut values = head.split("\r\n").skip(1).filter_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim())
        });
        let first = values.next();
        if values.next().is_some() { None } else { first }
    };
    let form = match (method, request.response_mode) {
        ("POST", ResponseMode::FormPost) => {
            let content_type = header("content-type").unwrap_or_default();
            let essence = content_type.split(';').next().unwrap_or_default().trim();
            if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
                return refuse(415, "The answer must come as a form.");
            }
            let Some(length) =
                header("content-length").and_then(|length| length.parse::<usize>().ok())
            else {
                return refuse(411, "The answer must say how long it is.");
            };
            let body = &bytes[end + 4..];
            match body.get(..length) {
                Some(body) => body,
                None if length > MOST_BYTES => return refuse(413, "This answer is too long."),
                None => return Accepted::Incomplete,
            }
        }
        ("GET", ResponseMode::Query) => target
            .split_once('?')
            .map_or("", |(_, query)| query)
            .as_bytes(),
        _ => return refuse(405, "The answer must not come this way."),
    };
    answer_with(request, form)
}

fn answer_with(request: &AuthorizeRequest, form: &[u8]) -> Accepted {
    match read_answer(form, &request.state) {
        Ok(answer) => {
            let sentence = match answer {
                AuthorizeAnswer::Code(_) => {
                    "Your answer has arrived. You can close this window and go back to the program."
                }
                AuthorizeAnswer::Denied { .. } => {
                    "You are not signed in. You can close this window and go back to the program."
                }
            };
            Accepted::Answer(page(200, sentence), answer)
        }
        Err(NoAnswer::OtherState) => refuse(
            400,
            "This is not the answer to the sign-in that is waiting.",
        ),
        Err(NoAnswer::Repeated) => refuse(400, "This answer says something twice."),
        Err(NoAnswer::NoCode) => refuse(400, "This answer has no code."),
    }
}

fn refuse(status: u16, text: &str) -> Accepted {
    Accepted::Refuse(page(status, text))
}

/// A page with a sentence of ours. Nothing that was sent to the listener is echoed, and nothing is
/// loaded or told where the person came from.
fn page(status: u16, sentence: &str) -> Vec<u8> {
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>Sign-in</title><main><h1>{sentence}</h1></main></html>"
    );
    format!(
        "HTTP/1.1 {status} {}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nContent-Security-Policy: default-src 'none'\r\n\
         Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n\
         Connection: close\r\n\r\n{body}",
        http::StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or(""),
        body.len(),
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::effect::LoopbackRedirect;
    use crate::secret::Secret;

    fn request(response_mode: ResponseMode) -> AuthorizeRequest {
        AuthorizeRequest {
            endpoint: "https://login.example/t/oauth2/v2.0/authorize?client_id=c"
                .parse()
                .expect("a URL"),
            redirect: LoopbackRedirect::default(),
            state: Secret::new("s t"),
            response_mode,
            timeout: Duration::from_secs(60),
        }
    }

    fn post(body: &str) -> Vec<u8> {
        format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }

    fn status_of(accepted: &Accepted) -> &str {
        match accepted {
            Accepted::Refuse(bytes) | Accepted::Answer(bytes, _) => {
                std::str::from_utf8(&bytes[9..12]).expect("a status line")
            }
            Accepted::Incomplete => "incomplete",
        }
    }

    #[test]
    fn the_page_to_open_names_the_listener_and_the_state() {
        let url = request(ResponseMode::FormPost).authorize_url(8400);
        let query = "client_id=c&redirect_uri=http%3A%2F%2Flocalhost%3A8400&response_mode=form_post&state=s+t";
        assert_eq!(url.query(), Some(query));
    }

    #[test]
    fn the_code_is_taken_from_a_complete_form_with_the_right_state() {
        let request = request(ResponseMode::FormPost);
        let bytes = post("code=abc&state=s+t");
        for end in 0..bytes.len() {
            assert_eq!(request.accept(&bytes[..end]), Accepted::Incomplete);
        }
        let Accepted::Answer(_, AuthorizeAnswer::Code(code)) = request.accept(&bytes) else {
            panic!("not accepted");
        };
        assert_eq!(code.expose(), "abc");
    }

    #[test]
    fn what_is_not_the_answer_is_refused_and_waited_past() {
        let form_post = request(ResponseMode::FormPost);
        let cases: [(&[u8], &str); 8] = [
            (&post("code=abc&state=other"), "400"),
            (&post("code=abc&code=def&state=s+t"), "400"),
            (&post("error=a&error=b&code=abc&state=s+t"), "400"),
            (&post("code=abc&state=s+t&state=s+t"), "400"),
            (&post("code=abc"), "400"),
            (&post("state=s+t"), "400"),
            (b"GET /?code=abc&state=s+t HTTP/1.1\r\n\r\n", "405"),
            (
                b"POST / HTTP/1.1\r\nContent-Type: text/plain\r\n\r\n",
                "415",
            ),
        ];
        for (bytes, status) in cases {
            assert_eq!(status_of(&form_post.accept(bytes)), status);
        }
        let asked_for =
            request(ResponseMode::Query).accept(b"GET /?code=abc&state=s+t HTTP/1.1\r\n\r\n");
        assert!(matches!(asked_for, Accepted::Answer(..)));
    }

    #[test]
    fn a_denial_is_an_answer_and_is_not_echoed_to_the_browser() {
        let accepted = request(ResponseMode::FormPost).accept(&post(
            "error=access_denied&error_description=%3Cscript%3E&state=s+t",
        ));
        let Accepted::Answer(page, AuthorizeAnswer::Denied { error, description }) = accepted
        else {
            panic!("not accepted");
        };
        assert_eq!(
            (error.as_str(), description.as_str()),
            ("access_denied", "<script>")
        );
        let page = String::from_utf8(page).expect("text");
        assert!(!page.contains("script"));
        assert!(page.contains("\r\nContent-Security-Policy: default-src 'none'\r\n"));
        assert!(page.contains("\r\nReferrer-Policy: no-referrer\r\n"));
    }
}
