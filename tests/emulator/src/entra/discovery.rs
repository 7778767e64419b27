//! The documents by which clients find the endpoints and anyone finds the keys.

use super::endpoint::PUBLIC_CLOUD_HOSTS;
use super::refusal::Refusal;
use super::tenant::TenantName;
use crate::answer;
use crate::directory::Directory;
use crate::fields::Fields;
use crate::mint::{Mint, v1_issuer};
use crate::record::Outcome;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

/// The hosts that instance discovery vouches for, each cloud with its aliases; the first one is the
/// network name, the last one the name that caches use.
const CLOUDS: [&[&str]; 3] = [
    &PUBLIC_CLOUD_HOSTS,
    &["login.chinacloudapi.cn", "login.partner.microsoftonline.cn"],
    &["login.usgovcloudapi.net", "login.microsoftonline.us"],
];

/// The OpenID configuration of a tenant, of version 2 (`/v2.0`) or of version 1 (nothing).
pub(super) fn tenant_configuration(
    directory: &Directory,
    mint: &Mint,
    name: &str,
    version: &str,
) -> Result<Response<Vec<u8>>, Refusal> {
    let tenant = match TenantName::resolve(directory, name)? {
        TenantName::Known(tenant) => tenant.id.as_str(),
        TenantName::Organizations | TenantName::Common | TenantName::Consumers => "{tenantid}",
    };
    let segment = if tenant.starts_with('{') {
        name
    } else {
        tenant
    };
    let base = format!("{}/{segment}", mint.authority);
    let issuer = if version.is_empty() {
        v1_issuer(tenant)
    } else {
        mint.v2_issuer(tenant)
    };
    Ok(document(&json!({
        "issuer": issuer,
        "token_endpoint": format!("{base}/oauth2{version}/token"),
        "authorization_endpoint": format!("{base}/oauth2{version}/authorize"),
        "device_authorization_endpoint": format!("{base}/oauth2{version}/devicecode"),
        "end_session_endpoint": format!("{base}/oauth2{version}/logout"),
        "jwks_uri": format!("{base}/discovery{version}/keys"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
    })))
}

/// The OpenID configuration of the AD FS farm.
pub(super) fn adfs_configuration(mint: &Mint) -> Response<Vec<u8>> {
    let base = format!("{}/adfs", mint.authority);
    document(&json!({
        "issuer": base,
        "access_token_issuer": format!("{base}/services/trust"),
        "token_endpoint": format!("{base}/oauth2/token"),
        "authorization_endpoint": format!("{base}/oauth2/authorize"),
        "device_authorization_endpoint": format!("{base}/oauth2/devicecode"),
        "jwks_uri": format!("{base}/discovery/keys"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }))
}

/// The keys that access tokens can be checked with (RFC 7517 section 5).
pub(super) fn keys(mint: &Mint) -> Response<Vec<u8>> {
    document(&key_set(mint))
}

pub(super) fn key_set(mint: &Mint) -> Value {
    json!({"keys": [mint.key.public_jwk()]})
}

/// Whether the host of an authority is one of Entra's, and its other names.
pub(super) fn instance(
    mint: &Mint,
    request: &Request<Vec<u8>>,
) -> Result<Response<Vec<u8>>, Refusal> {
    if request.method() != Method::GET {
        return Err(Refusal::malformed("Instance discovery takes GET."));
    }
    let query = Fields::of_query(request.uri()).map_err(Refusal::form)?;
    let version = query
        .get("api-version")
        .ok_or_else(|| Refusal::missing("api-version"))?;
    let endpoint = query
        .get("authorization_endpoint")
        .ok_or_else(|| Refusal::missing("authorization_endpoint"))?;
    let endpoint: http::Uri = endpoint.parse().map_err(|_| Refusal::instance(endpoint))?;
    let host = endpoint
        .authority()
        .map_or("", |authority| authority.as_str());
    let own = mint.authority.trim_start_matches("https://");
    let known = host == own || CLOUDS.iter().any(|names| names.contains(&host));
    if endpoint.scheme_str() != Some("https") || !known {
        return Err(Refusal::instance(host));
    }
    let tenant = endpoint.path().split('/').nth(1).unwrap_or("common");
    let metadata: Vec<Value> = CLOUDS
        .iter()
        .copied()
        .chain([&[own][..]])
        .map(cloud)
        .collect();
    Ok(document(&json!({
        "tenant_discovery_endpoint":
            format!("https://{host}/{tenant}/v2.0/.well-known/openid-configuration"),
        "api-version": version,
        "metadata": metadata,
    })))
}

fn cloud(names: &[&str]) -> Value {
    json!({"preferred_network": names.first(), "preferred_cache": names.last(), "aliases": names})
}

/// Any page may read it.
fn document(body: &Value) -> Response<Vec<u8>> {
    let mut response = answer::json(StatusCode::OK, body, Outcome::Document);
    answer::share_with_pages(&mut response);
    response
}
