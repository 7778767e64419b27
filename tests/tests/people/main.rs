//! People who sign in: how they are asked, how seldom, and what becomes of what they bring.

mod accounts;
mod browser;
mod device_code;
mod given;
mod life;
mod password;
mod records;
mod silence;
mod unasked;
mod web_application;

use azid_core::TokenRequest;
use azid_core::effect::HttpRequest;

const VAULT: &str = "https://vault.azure.net/.default";
const GRAPH: &str = "https://graph.microsoft.com/.default";

fn vault() -> TokenRequest {
    TokenRequest::new([VAULT])
}

/// The fields of a form, in order.
fn form(request: &HttpRequest) -> Vec<(String, String)> {
    url::form_urlencoded::parse(request.body.expose())
        .into_owned()
        .collect()
}

fn field(request: &HttpRequest, name: &str) -> Option<String> {
    let mut fields = form(request).into_iter();
    fields
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
}

fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}
