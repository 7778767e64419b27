//! Device codes (RFC 8628): a program shows a code, a person types it into a page elsewhere, and the
//! program polls until they have decided.

use super::account::Person;
use super::consent::{check_policy, find_resource};
use super::issue::Issue;
use super::place::Place;
use super::refresh::RefreshToken;
use super::requested::Requested;
use super::{Front, UserFlows};
use crate::answer;
use crate::entra::client::identify;
use crate::entra::desk::Desk;
use crate::entra::refusal::Refusal;
use crate::entra::tenant::TenantName;
use crate::entra::token::{find, read_form, requested_claims};
use crate::fields::Fields;
use crate::record::Outcome;
use http::{Method, Request, Response, StatusCode};
use serde_json::json;

const DEVICE_SECONDS: u64 = 900;
const INTERVAL_SECONDS: u64 = 5;
const USER_CODE_LENGTH: usize = 9;

/// Capitals and digits that are not taken for one another.
const USER_CODE_LETTERS: &[u8; 28] = b"ABCDEFGHJKLMNPQRSTUVWXYZ2345";

/// What a device code stands for.
#[derive(Clone)]
pub(super) struct Device {
    pub(super) client_id: String,
    /// The tenant that the path named, by id.
    pub(super) tenant: Option<String>,
    pub(super) scope: String,
    pub(super) user_code: String,
    pub(super) expires_on: u64,
    pub(super) state: DeviceState,
    interval: u64,
    polled_at: Option<u64>,
}

#[derive(Clone)]
pub(super) enum DeviceState {
    Pending,
    Approved(Person),
    Declined,
    Redeemed,
}

/// Answers a device authorization request (RFC 8628 section 3.1).
pub(in crate::entra) fn begin(
    front: &mut Front<'_>,
    tenant: &str,
    request: &Request<Vec<u8>>,
) -> Result<Response<Vec<u8>>, Refusal> {
    if request.method() != Method::POST {
        return Err(Refusal::method(request.method()));
    }
    let tenant = TenantName::resolve(front.directory, tenant)?;
    let form = read_form(request)?;
    let field = |name: &str| form.get(name).ok_or_else(|| Refusal::missing(name));
    let client_id = field("client_id")?;
    if matches!(tenant, TenantName::Common) {
        return Err(Refusal::work_accounts_only(client_id));
    }
    let place = Place::find(front.directory, &tenant, client_id)?;
    let scope = field("scope")?;
    for part in &Requested::read_single(scope)?.resources {
        find_resource(front.directory, place.tenant, place.application, part)?;
    }
    requested_claims(&form)?;

    let device_code = front.flows.fresh_name("device");
    let user_code = user_code(front.flows);
    let verification_uri = format!("{}/devicelogin", front.authority);
    let message = format!(
        "To sign in, use a web browser to open the page {verification_uri} and enter the code \
         {user_code} to authenticate."
    );
    let body = json!({
        "user_code": user_code,
        "device_code": device_code,
        "verification_uri": verification_uri,
        "expires_in": DEVICE_SECONDS,
        "interval": INTERVAL_SECONDS,
        "message": message,
    });
    let device = Device {
        client_id: place.application.client_id.clone(),
        tenant: place.tenant.map(|it| it.id.clone()),
        scope: scope.to_owned(),
        user_code,
        expires_on: front.now.saturating_add(DEVICE_SECONDS),
        state: DeviceState::Pending,
        interval: INTERVAL_SECONDS,
        polled_at: None,
    };
    front.flows.devices.insert(&device_code, device);
    Ok(answer::json(StatusCode::OK, &body, Outcome::Document))
}

/// Answers a device access token request (RFC 8628 section 3.4).
pub(super) fn poll(
    desk: &mut Desk<'_>,
    place: &Place<'_>,
    form: &Fields,
) -> Result<Response<Vec<u8>>, Refusal> {
    let missing = || Refusal::missing("device_code");
    let name = form.get("device_code").ok_or_else(missing)?;
    let proof = identify(desk, place.application, form)?;
    let now = desk.now;
    let device = desk.users.devices.get_mut(name);
    let device = device.ok_or_else(Refusal::device_code)?;
    if device.client_id != place.application.client_id {
        return Err(Refusal::other_client("device_code"));
    }
    let person = match &device.state {
        DeviceState::Redeemed => return Err(Refusal::redeemed()),
        DeviceState::Declined => return Err(Refusal::device_declined()),
        _ if device.expires_on <= now => return Err(Refusal::device_expired()),
        DeviceState::Pending => return Err(device.wait(now)),
        DeviceState::Approved(person) => person.clone(),
    };
    let scope = device.scope.clone();
    if !place.admits(&person.tenant_id) {
        return Err(Refusal::other_tenant());
    }
    let lasts = Requested::read(&scope)?.has("offline_access");
    let token = lasts.then(|| RefreshToken::new(place, &person, false, now));
    let issue = Issue {
        place,
        person: &person,
        proof,
        scope: &scope,
        nonce: None,
        refresh_token: token.map(|it| it.with_scope(&scope)),
    };
    let response = issue.answer(desk, form)?;
    if let Some(device) = desk.users.devices.get_mut(name) {
        device.state = DeviceState::Redeemed;
    }
    Ok(response)
}

impl Device {
    /// Notes a poll before the decision; one that comes too soon makes the interval longer for good.
    fn wait(&mut self, now: u64) -> Refusal {
        let since = self.polled_at.map(|it| now.saturating_sub(it));
        self.polled_at = Some(now);
        if since.is_some_and(|it| it < self.interval) {
            self.interval = self.interval.saturating_add(INTERVAL_SECONDS);
            Refusal::slow_down(self.interval)
        } else {
            Refusal::pending()
        }
    }
}

/// The request that a person means, as long as it waits for them.
pub(super) fn find_pending<'a>(
    flows: &'a mut UserFlows,
    typed: &str,
    now: u64,
) -> Result<&'a mut Device, Refusal> {
    let letters = typed.chars().filter(char::is_ascii_alphanumeric);
    let code: String = letters.map(|it| it.to_ascii_uppercase()).collect();
    if code.is_empty() {
        return Err(Refusal::user_code(90119, "Enter the code."));
    }
    let mut devices = flows.devices.values_mut();
    let device = devices.find(|it| it.user_code == code);
    let device = device.ok_or_else(|| Refusal::user_code(70018, "That code did not work."))?;
    if device.expires_on <= now {
        return Err(Refusal::user_code(70019, "That code has expired."));
    }
    match device.state {
        DeviceState::Pending => Ok(device),
        _ => Err(Refusal::user_code(90120, "That code was used already.")),
    }
}

/// Lets the program have tokens for `person`, who agrees to what it asks for.
pub(super) fn approve(
    front: &mut Front<'_>,
    user_code: &str,
    person: &Person,
) -> Result<(), Refusal> {
    let device = find_pending(front.flows, user_code, front.now)?.clone();
    let (tenant, _) = person.find(front.directory)?;
    let everywhere = front.directory.tenants.iter();
    let everywhere = everywhere.flat_map(|it| &it.applications);
    let application = find(everywhere, &device.client_id, &tenant.id)?;
    for scope in &Requested::read(&device.scope)?.resources {
        let resource = find_resource(front.directory, Some(tenant), application, scope)?;
        check_policy(front.directory, resource, person)
            .map_err(|_| Refusal::enrolment(scope.resource))?;
        let consents = &mut front.flows.consents;
        consents.add(application, person, resource, scope);
    }
    find_pending(front.flows, user_code, front.now)?.state = DeviceState::Approved(person.clone());
    Ok(())
}

fn user_code(flows: &mut UserFlows) -> String {
    let bytes = flows.fresh();
    let letter = |byte: &u8| char::from(USER_CODE_LETTERS[usize::from(*byte) % 28]);
    bytes.iter().take(USER_CODE_LENGTH).map(letter).collect()
}
