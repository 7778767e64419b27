//! Pages for people: one style, light and dark, everything from outside escaped, no script but the
//! one that sends a form on.

use crate::answer;
use crate::record::Outcome;
use base64::engine::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use sha2::{Digest, Sha256};

const STYLE: &str = "\
:root{color-scheme:light dark;--back:#f3f4f6;--card:#fff;--ink:#1b1b1f;--soft:#55565c;--line:#767780;\
--action:#0b57b7;--on-action:#fff;--alert:#a3171c}\
@media(prefers-color-scheme:dark){:root{--back:#16171a;--card:#222327;--ink:#f0f0f3;--soft:#b9bac2;\
--line:#8f9099;--action:#8ab8ff;--on-action:#0b1a30;--alert:#ff9a9c}}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;background:var(--back);\
color:var(--ink);font:1rem/1.5 system-ui,sans-serif}\
main{width:100%;max-width:26rem;padding:2rem;background:var(--card);border-radius:.5rem;\
overflow-wrap:anywhere}\
h1{margin:0 0 1rem;font-size:1.5rem}\
label{display:block;font-weight:600}\
input{width:100%;padding:.6rem;border:1px solid var(--line);border-radius:.25rem;background:var(--card);\
color:var(--ink);font:inherit}\
button{padding:.6rem 1.2rem;border:1px solid var(--action);border-radius:.25rem;font:inherit;\
background:var(--card);color:var(--action);cursor:pointer}\
button.first{background:var(--action);color:var(--on-action)}\
:focus-visible{outline:3px solid var(--action);outline-offset:2px}\
.buttons{display:flex;flex-wrap:wrap;gap:.75rem}\
.soft{color:var(--soft)}.alert{color:var(--alert);font-weight:600}";

const SCRIPT: &str = "document.forms[0].submit()";

/// A piece of a page in the making.
#[derive(Default)]
pub(super) struct Html(String);

impl Html {
    /// Adds markup of our own.
    pub(super) fn raw(&mut self, markup: &str) -> &mut Html {
        self.0.push_str(markup);
        self
    }

    /// Adds text from anywhere, fit for an element or for a quoted attribute.
    pub(super) fn text(&mut self, text: &str) -> &mut Html {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                _ => self.0.push(character),
            }
        }
        self
    }

    /// A field that nobody sees.
    pub(super) fn hidden(&mut self, name: &str, value: &str) -> &mut Html {
        self.raw("<input type=\"hidden\" name=\"").text(name);
        self.raw("\" value=\"").text(value).raw("\">")
    }

    /// A field with its label. `attributes` is markup of our own.
    pub(super) fn field(&mut self, name: &str, label: &str, value: &str, attributes: &str) {
        self.raw("<p><label for=\"").text(name).raw("\">");
        self.text(label).raw("</label><input id=\"").text(name);
        self.raw("\" name=\"").text(name).raw("\" value=\"");
        self.text(value).raw("\" required ").raw(attributes);
        self.raw("></p>");
    }

    /// The buttons of a form, by action and label; the first one is also what the Enter key does.
    pub(super) fn buttons(&mut self, buttons: &[(&str, &str)]) {
        self.raw("<p class=\"buttons\">");
        for (number, (action, label)) in buttons.iter().enumerate() {
            let kind = if number == 0 {
                "class=\"first\""
            } else {
                "formnovalidate"
            };
            self.raw("<button type=\"submit\" name=\"action\" ");
            self.raw(kind).raw(" id=\"").text(action);
            self.raw("\" value=\"").text(action).raw("\">");
            self.text(label).raw("</button>");
        }
        self.raw("</p>");
    }

    /// What went wrong, read out at once, with details for the help desk.
    pub(super) fn alert(&mut self, (text, details): &(String, String)) {
        self.raw("<div role=\"alert\"><p class=\"alert\">")
            .text(text);
        self.raw("</p><p class=\"soft\">").text(details);
        self.raw("</p></div>");
    }
}

/// A page whose form goes back to the service, and from there perhaps on to `target`.
pub(super) fn show(
    status: StatusCode,
    title: &str,
    content: &Html,
    target: &str,
    outcome: Outcome,
) -> Response<Vec<u8>> {
    page(
        status,
        title,
        content,
        "",
        &format!("'self' {target}"),
        outcome,
    )
}

/// A page whose only form is sent to `target` at once.
pub(super) fn send_on(
    title: &str,
    content: &Html,
    target: &str,
    outcome: Outcome,
) -> Response<Vec<u8>> {
    page(StatusCode::OK, title, content, SCRIPT, target, outcome)
}

fn page(
    status: StatusCode,
    title: &str,
    content: &Html,
    script: &str,
    form_action: &str,
    outcome: Outcome,
) -> Response<Vec<u8>> {
    let mut html = Html::default();
    html.raw("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    html.raw("<title>").text(title);
    html.raw(" – azid emulator</title><style>").raw(STYLE);
    html.raw("</style></head><body><main>").raw(&content.0);
    html.raw("<p class=\"soft\">This is an emulator: no real account is at stake.</p></main>");
    let mut policy = format!(
        "default-src 'none'; style-src {}; form-action {}; base-uri 'none'; frame-ancestors 'none'",
        source(STYLE),
        form_action.trim_end()
    );
    if !script.is_empty() {
        html.raw("<script>").raw(script).raw("</script>");
        policy.push_str(&format!("; script-src {}", source(script)));
    }
    html.raw("</body></html>");
    let mut response = answer::typed(status, "text/html; charset=utf-8", html.0, outcome);
    let policy = HeaderValue::from_str(&policy).expect("hashes and registered origins are ASCII");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "strict-origin"),
    ] as [(HeaderName, &str); 3]
    {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// An inline text as a content security policy names it.
fn source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}
