//! Where the answer to an authorization request goes, and how (OAuth 2.0 Multiple Response Types, Form
//! Post Response Mode).

use super::landing::Landing;
use super::page::{self, Html};
use crate::answer;
use crate::application::Application;
use crate::record::Outcome;
use http::{HeaderValue, Response, StatusCode, header};

/// The one redirect URI for which any port will do (RFC 8252 section 7.3).
const LOOPBACK: &str = "http://localhost";

/// A registered address.
#[derive(Clone)]
pub(super) struct RedirectUri<'a> {
    pub(super) uri: &'a str,
    /// Registered for a page whose scripts redeem the code.
    pub(super) single_page: bool,
}

/// How the fields travel.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ResponseMode {
    Query,
    Fragment,
    FormPost,
}

impl<'a> RedirectUri<'a> {
    /// Finds `uri` among the application's.
    pub(super) fn find(application: &Application, uri: &'a str) -> Option<RedirectUri<'a>> {
        let is_in = |registered: &[String]| registered.iter().any(|it| matches(it, uri));
        let single_page = is_in(&application.single_page_redirect_uris);
        (single_page || is_in(&application.redirect_uris))
            .then_some(RedirectUri { uri, single_page })
    }

    /// The scheme, host and port, for a content security policy; a scheme alone where there is no
    /// host.
    pub(super) fn source(&self) -> String {
        let (scheme, rest) = self.uri.split_once(':').unwrap_or((self.uri, ""));
        match rest.strip_prefix("//") {
            Some(rest) if scheme.starts_with("http") => {
                let host = rest.split(['/', '?']).next().unwrap_or_default();
                format!("{scheme}://{host}")
            }
            _ => format!("{scheme}:"),
        }
    }

    /// The answer that takes the browser there with `fields`.
    pub(super) fn answer(
        &self,
        mode: ResponseMode,
        fields: &[(&str, String)],
        outcome: Outcome,
    ) -> Response<Vec<u8>> {
        let encoded = encode(fields);
        let (mut response, landing) = match mode {
            ResponseMode::FormPost => {
                let landing = Landing::Form {
                    action: self.uri.to_owned(),
                    body: encoded,
                };
                (self.form(fields, outcome), landing)
            }
            ResponseMode::Query | ResponseMode::Fragment => {
                let location = self.location(mode, &encoded);
                let value = HeaderValue::from_str(&location)
                    .expect("a registered redirect URI and encoded fields are plain ASCII");
                let mut response = answer::empty(StatusCode::FOUND, outcome);
                response.headers_mut().insert(header::LOCATION, value);
                (response, Landing::Redirect(location))
            }
        };
        let no_store = HeaderValue::from_static("no-store, no-cache");
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, no_store);
        response.extensions_mut().insert(landing);
        response
    }

    /// A redirect URI without a path gets one.
    fn location(&self, mode: ResponseMode, fields: &str) -> String {
        let after_scheme = self.uri.split_once("://").map_or("", |(_, rest)| rest);
        let slash = if after_scheme.is_empty() || after_scheme.contains('/') {
            ""
        } else {
            "/"
        };
        let mark = match mode {
            ResponseMode::Fragment => "#",
            _ if self.uri.contains('?') => "&",
            _ => "?",
        };
        format!("{}{slash}{mark}{fields}", self.uri)
    }

    /// A page that sends itself on; without scripts a person does.
    fn form(&self, fields: &[(&str, String)], outcome: Outcome) -> Response<Vec<u8>> {
        let mut html = Html::default();
        html.raw("<h1>Signed in</h1><p>You are on your way back to the application.</p>");
        html.raw("<form method=\"post\" action=\"");
        html.text(self.uri).raw("\">");
        for (name, value) in fields {
            html.hidden(name, value);
        }
        html.raw("<p><button type=\"submit\" id=\"continue\" autofocus>Continue</button></p>");
        html.raw("</form>");
        page::send_on("Working…", &html, &self.source(), outcome)
    }
}

impl ResponseMode {
    pub(super) fn read(text: Option<&str>) -> Option<ResponseMode> {
        match text {
            None | Some("query") => Some(ResponseMode::Query),
            Some("fragment") => Some(ResponseMode::Fragment),
            Some("form_post") => Some(ResponseMode::FormPost),
            Some(_) => None,
        }
    }
}

fn matches(registered: &str, uri: &str) -> bool {
    let is_plain = uri.bytes().all(|it| it.is_ascii_graphic()) && !uri.contains('#');
    let same_on_loopback = || match (loopback_path(registered), loopback_path(uri)) {
        (Some(registered), Some(path)) => registered == path,
        _ => false,
    };
    is_plain && (registered == uri || same_on_loopback())
}

/// What follows `http://localhost` and its port, if this is such an address.
fn loopback_path(uri: &str) -> Option<&str> {
    let rest = uri.strip_prefix(LOOPBACK)?;
    let (port, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let is_port = |it: &str| it.parse::<u16>().is_ok_and(|port| port > 0);
    let good = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    good.then_some(path.strip_prefix('/').unwrap_or(path))
}

/// The form encoding with nothing but unreserved characters left as they are.
pub(super) fn encode(fields: &[(&str, String)]) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        percent_encode(name, &mut text);
        text.push('=');
        percent_encode(value, &mut text);
    }
    text
}

fn percent_encode(plain: &str, text: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in plain.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_port_of_localhost_will_do_and_nothing_else_is_stretched() {
        for (registered, uri, same) in [
            ("http://localhost", "http://localhost:8400", true),
            ("http://localhost", "http://localhost", true),
            ("http://localhost", "http://localhost:8400/", true),
            ("http://localhost:1/a", "http://localhost:2/a", true),
            ("http://localhost/a", "http://localhost:2/b", false),
            ("http://localhost/a", "http://localhost:2/a/", false),
            ("http://localhost", "http://localhost:0", false),
            ("http://localhost", "http://localhost:99999", false),
            (
                "http://localhost",
                "http://localhost:80@evil.example",
                false,
            ),
            ("http://localhost", "http://localhost.evil.example", false),
            ("http://localhost", "https://localhost:8400", false),
            ("http://localhost", "http://localhost:8400#a", false),
            ("http://127.0.0.1:8400", "http://127.0.0.1:8400", true),
            ("http://127.0.0.1:8400", "http://127.0.0.1:8401", false),
            ("https://app.example/in", "https://app.example/in", true),
            ("https://app.example/in", "https://app.example/IN", false),
            (
                "https://app.example/in",
                "https://app.example/in?a=b",
                false,
            ),
        ] {
            assert_eq!(matches(registered, uri), same, "{registered} {uri}");
        }
    }

    #[test]
    fn fields_are_put_behind_a_path_and_behind_a_query() {
        for (uri, mode, location) in [
            (
                "https://a.example",
                ResponseMode::Query,
                "https://a.example/?c=d",
            ),
            (
                "https://a.example/?a=b",
                ResponseMode::Query,
                "https://a.example/?a=b&c=d",
            ),
            (
                "https://a.example/?a=b",
                ResponseMode::Fragment,
                "https://a.example/?a=b#c=d",
            ),
            ("app:signed-in", ResponseMode::Query, "app:signed-in?c=d"),
        ] {
            let single_page = false;
            let redirect = RedirectUri { uri, single_page };
            assert_eq!(redirect.location(mode, "c=d"), location);
        }
    }

    #[test]
    fn a_policy_names_the_origin_or_the_scheme_alone() {
        for (uri, source) in [
            ("http://localhost:8400/a?b", "http://localhost:8400"),
            ("https://a.example", "https://a.example"),
            ("app:signed-in", "app:"),
            ("app://signed-in/now", "app:"),
        ] {
            let single_page = false;
            assert_eq!(RedirectUri { uri, single_page }.source(), source);
        }
    }
}
