//! User realm discovery: whether a user's password is kept here or by their own organisation.

use super::Front;
use crate::answer;
use crate::directory::Tenant;
use crate::entra::refusal::Refusal;
use crate::fields::Fields;
use crate::record::Outcome;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

const API_VERSIONS: [&str; 2] = ["1.0", "2.1"];

/// `segment` is the sign-in name as the path has it.
pub(in crate::entra) fn answer(
    front: &Front<'_>,
    segment: &str,
    request: &Request<Vec<u8>>,
) -> Result<Response<Vec<u8>>, Refusal> {
    if request.method() != Method::GET {
        return Err(Refusal::get_method(request.method()));
    }
    let query = Fields::of_query(request.uri()).map_err(Refusal::form)?;
    match query.get("api-version") {
        None => return Err(Refusal::missing("api-version")),
        Some(version) if API_VERSIONS.contains(&version) => {}
        Some(version) => return Err(Refusal::value("api-version", version)),
    }
    let malformed = || Refusal::malformed("The path does not end with a sign-in name.");
    let name = decode(segment).ok_or_else(malformed)?;
    let (_, domain) = name.rsplit_once('@').ok_or_else(malformed)?;
    let body = describe(&front.directory.tenants, &name, domain);
    Ok(answer::json(StatusCode::OK, &body, Outcome::Document))
}

fn describe(tenants: &[Tenant], name: &str, domain: &str) -> Value {
    let mut body = json!({
        "ver": "1.0",
        "account_type": "Unknown",
        "domain_name": domain,
        "cloud_instance_name": "microsoftonline.com",
        "cloud_audience_urn": "urn:federation:MicrosoftOnline",
    });
    if let Some(federated) = tenants.iter().find_map(|it| it.federated_domain(name)) {
        body["account_type"] = json!("Federated");
        body["federation_protocol"] = json!("WSTrust");
        body["federation_metadata_url"] = json!(federated.metadata_url);
        body["federation_active_auth_url"] = json!(federated.active_auth_url);
    } else if tenants
        .iter()
        .any(|it| it.domain.eq_ignore_ascii_case(domain))
    {
        body["account_type"] = json!("Managed");
    }
    body
}

/// In a path, a plus is a plus.
fn decode(segment: &str) -> Option<String> {
    let pair = format!("name={}", segment.replace('+', "%2B").replace('&', "%26"));
    let fields = Fields::parse(pair.as_bytes()).ok()?;
    fields.get("name").map(str::to_owned)
}
