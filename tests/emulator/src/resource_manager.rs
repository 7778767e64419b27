//! A model of as much of Azure Resource Manager as a developer tool asks of it when somebody logs in:
//! which tenants and which subscriptions there are for the caller.

use crate::answer;
use crate::bearer::{self, BearerError};
use crate::entra::Entra;
use crate::fields::Fields;
use crate::record::Outcome;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

/// The application id of Azure Resource Manager.
pub(crate) const APPLICATION_ID: &str = "797f4846-ba00-4fd7-ba43-dac1f8f63013";

const TENANTS: &str = "/tenants";
const SUBSCRIPTIONS: &str = "/subscriptions";
const API_VERSIONS: [&str; 3] = ["2016-06-01", "2019-11-01", "2022-12-01"];

/// Something that a tenant is billed for, and that its people and applications may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Its id, a GUID.
    pub id: String,
    /// The name that people gave it.
    pub display_name: String,
    /// The id of its tenant.
    pub tenant_id: String,
}

/// Whether a path belongs to the service.
pub(crate) fn owns(path: &str) -> bool {
    matches!(path, TENANTS | SUBSCRIPTIONS)
}

/// Answers one request to a path that the service [`owns`].
pub(crate) fn handle(
    entra: &Entra,
    subscriptions: &[Subscription],
    request: &Request<Vec<u8>>,
    now: u64,
) -> Response<Vec<u8>> {
    match list(entra, subscriptions, request, now) {
        Ok(list) => answer::json(StatusCode::OK, &list, Outcome::Document),
        Err(error) => error.answer(entra),
    }
}

fn list(
    entra: &Entra,
    subscriptions: &[Subscription],
    request: &Request<Vec<u8>>,
    now: u64,
) -> Result<Value, BearerError> {
    if request.method() != Method::GET {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        let message = "The method is not allowed here.";
        return Err(BearerError::new(status, "MethodNotAllowed", message));
    }
    api_version(request)?;
    let claims = bearer::admit(entra, request, APPLICATION_ID, now)?;
    let caller = claims.tenant_id().unwrap_or_default();
    let entries: Vec<Value> = if request.uri().path() == TENANTS {
        let tenants = entra.directory().tenants.iter();
        let own = tenants.filter(|it| it.id == caller);
        own.map(|it| tenant(&it.id, &it.domain)).collect()
    } else {
        let own = subscriptions.iter().filter(|it| it.tenant_id == caller);
        own.map(subscription).collect()
    };
    Ok(json!({"value": entries}))
}

fn api_version(request: &Request<Vec<u8>>) -> Result<(), BearerError> {
    let query = Fields::of_query(request.uri()).unwrap_or_default();
    let (code, message) = match query.get("api-version") {
        Some(version) if API_VERSIONS.contains(&version) => return Ok(()),
        Some(_) => ("InvalidApiVersionParameter", "The api-version is invalid."),
        None => (
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        ),
    };
    Err(BearerError::new(StatusCode::BAD_REQUEST, code, message))
}

fn tenant(id: &str, domain: &str) -> Value {
    json!({
        "id": format!("{TENANTS}/{id}"),
        "tenantId": id,
        "displayName": domain,
        "defaultDomain": domain,
        "domains": [domain],
        "tenantCategory": "Home",
        "tenantType": "AAD",
    })
}

fn subscription(it: &Subscription) -> Value {
    json!({
        "id": format!("{SUBSCRIPTIONS}/{}", it.id),
        "subscriptionId": it.id,
        "displayName": it.display_name,
        "tenantId": it.tenant_id,
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    })
}
