//! Secrets that occur nowhere else, so that seeing one anywhere means a leak.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use azid_core::effect::AuthorizeAnswer;
use azid_core::testing::{Case, Reply};
use azid_core::{AccessToken, Environment, Exposure, Memory};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;

const CLIENT_SECRET: &str = "c4nary-client &=+/~%!*'()\"<>\\sécret";
const FILE: &str = "c4nary-file.eyJhbGciOiJSUzI1NiJ9.c2ln";
const VARIABLE: &str = "c4nary-variable?=&%/";
const TOKEN: &str = "c4nary-token-+/=~";
const SIGNATURE: &str = "c4nary-signature>?~";
const CODE: &str = "c4nary-code-+/=~";
const REMEMBERED: &str = "c4nary-remembered-+/=~";

/// Every secret that [`with_canaries`] puts into a case.
pub(crate) const CANARIES: [&str; 7] = [
    CLIENT_SECRET,
    FILE,
    VARIABLE,
    TOKEN,
    SIGNATURE,
    CODE,
    REMEMBERED,
];

/// A case whose every secret is a canary: in its credential, its environment and its replies.
pub(crate) fn with_canaries(mut case: Case) -> Case {
    let mut credential = serde_json::to_value(&case.credential).expect("it serialises");
    replace(
        &mut credential,
        &|name, value| name == "pkcs8" && *value == "redacted",
        &STANDARD.encode(CLIENT_SECRET),
    );
    replace(
        &mut credential,
        &|name, value| name == "user_assertion" && *value == "redacted",
        FILE,
    );
    replace(
        &mut credential,
        &|name, value| name == "token" && *value == "redacted",
        TOKEN,
    );
    replace(
        &mut credential,
        &|_, value| *value == "redacted",
        CLIENT_SECRET,
    );
    case.credential = serde_json::from_value(credential).expect("it is read back");
    for name in Environment::known_names() {
        let is_secret = Environment::exposure(name) == Some(Exposure::Secret);
        if is_secret && !would_change_the_source(&case, name) {
            case = case.with(name, VARIABLE);
        }
    }
    case.memory = with_remembered_canaries(&case.memory);
    for reply in &mut case.replies {
        match reply {
            Reply::File(Ok(content)) => *content = FILE.as_bytes().into(),
            Reply::Assertion(Ok(assertion)) if !assertion.is_empty() => *assertion = FILE.into(),
            Reply::Token(Ok(token)) if !token.secret().is_empty() => {
                *token = AccessToken::new(TOKEN, token.expires_on());
            }
            Reply::Exec(Ok(output)) => {
                if let Ok(mut printed) = serde_json::from_slice(output.stdout.expose()) {
                    let is_token = |name: &str, _: &Value| name.to_lowercase().ends_with("token");
                    replace(&mut printed, &is_token, TOKEN);
                    output.stdout = printed.to_string().into_bytes().into();
                }
            }
            Reply::Sign(Ok(signature)) if !signature.is_empty() => *signature = SIGNATURE.into(),
            Reply::Authorize(Ok(authorized)) => {
                if let AuthorizeAnswer::Code(code) = &mut authorized.answer {
                    *code = CODE.into();
                }
            }
            Reply::Http(Ok(response)) => {
                if let Ok(mut body) = serde_json::from_slice(response.body.expose()) {
                    // An id token is kept, since it is read: no canary would be one.
                    let is_token = |name: &str| name.ends_with("token") && name != "id_token";
                    replace(&mut body, &|name, _| is_token(name), TOKEN);
                    replace(&mut body, &|name, _| name.ends_with("_code"), CODE);
                    response.body = body.to_string().into_bytes().into();
                }
            }
            _ => {}
        }
    }
    case
}

/// A memory whose every refresh token is a canary.
fn with_remembered_canaries(memory: &Memory) -> Memory {
    let stored = serde_json::to_string(memory).expect("it serialises");
    let canary = Value::from(REMEMBERED).to_string();
    let replaced = stored.replace("\"redacted\"", &canary);
    serde_json::from_str(&replaced).expect("it is read back")
}

/// Whether a variable that the case does not set would lead it to another managed identity.
fn would_change_the_source(case: &Case, name: &str) -> bool {
    let sets = |name: &str| case.environment.iter().any(|(it, _)| *it == name);
    match name {
        "IDENTITY_HEADER" => sets("IDENTITY_ENDPOINT") && !sets(name),
        "MSI_SECRET" => sets("MSI_ENDPOINT") && !sets(name),
        "AZURE_USERNAME" => true, // no canary is a name that a person can have
        "AZURE_PASSWORD" => !sets(name),
        _ => false,
    }
}

/// Every form in which a secret might come to light. Who encodes what how is written down here from the
/// rules of each, and shares nothing with what looks for them.
pub(crate) fn forms(secret: &str) -> Vec<String> {
    const UNRESERVED: &str = "-._~"; // RFC 3986 section 2.3; Python and Go leave as much
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let strict = percent(secret, UNRESERVED);
    let references = [
        ('&', "&amp;"),
        ('<', "&lt;"),
        ('>', "&gt;"),
        ('"', "&quot;"),
        ('\'', "&#39;"),
    ];
    let page = references
        .iter()
        .fold(secret.to_owned(), |page, (it, name)| {
            page.replace(*it, name)
        });
    let json = Value::from(secret).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let units = secret.encode_utf16();
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let collapsed: Vec<_> = secret.split_whitespace().collect();
    let all = [
        secret.to_owned(),
        form.replace('+', "%20"),
        form,
        percent(secret, "-._~!*'()"), // JavaScript's `encodeURIComponent`
        percent(secret, "-._~!*'();/?:@&=+$,#"), // and its `encodeURI`
        percent(secret, "-._~/"),     // a path
        percent(&strict, UNRESERVED),
        lower_digits(&strict),
        strict,
        json.replace('/', "\\/"),
        json,
        units.map(|unit| format!("\\u{unit:04x}")).collect(),
        page,
        collapsed.join(" "),
        collapsed.join("\u{200b}\t"),
        secret.to_uppercase(),
        hex.to_uppercase(),
        hex,
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
    ];
    all.into()
}

/// Percent-encoding that leaves letters, digits and these.
fn percent(text: &str, left: &str) -> String {
    let encode = |byte: u8| match char::from(byte) {
        plain if plain.is_ascii_alphanumeric() || left.contains(plain) => plain.to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// Percent-encoding with the digits a to f in small letters.
fn lower_digits(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + "%" + &part[..2].to_lowercase() + &part[2..]
    })
}

/// What base64 makes of a secret behind one byte or two of something else, as of the password behind
/// a name: those characters that come from the secret alone.
fn inside_base64(secret: &str) -> impl Iterator<Item = String> {
    let engines = [STANDARD_NO_PAD, URL_SAFE_NO_PAD];
    let behind = ["-", "--"].into_iter();
    behind.flat_map(move |before| {
        let text = format!("{before}{secret}");
        let whole = text.len() / 3 * 4;
        engines
            .clone()
            .map(|engine| engine.encode(&text)[before.len() + 1..whole].to_owned())
    })
}

/// The canary that a text shows in some form, if it shows any.
pub(crate) fn seen_in(text: &str) -> Option<&'static str> {
    let mut all = SHOWN.iter();
    let found = all.find(|(_, forms)| forms.iter().any(|form| text.contains(form.as_str())));
    found.map(|(canary, _)| *canary)
}

/// Every canary with all that would show it.
static SHOWN: LazyLock<Vec<(&str, Vec<String>)>> = LazyLock::new(|| {
    let shown = |canary| {
        let forms: BTreeSet<_> = forms(canary)
            .into_iter()
            .chain(inside_base64(canary))
            .collect();
        (canary, forms.into_iter().collect())
    };
    CANARIES.map(shown).into()
});

fn replace(value: &mut Value, is_secret: &impl Fn(&str, &Value) -> bool, canary: &str) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if value.is_string() && is_secret(name, value) {
                    *value = canary.into();
                }
                replace(value, is_secret, canary);
            }
        }
        Value::Array(items) => {
            for item in items {
                replace(item, is_secret, canary);
            }
        }
        _ => {}
    }
}
