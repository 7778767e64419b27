//! Flows with a user: the authorization endpoint with its sign-in page, device codes, passwords, and
//! the refresh tokens that come of them.
//!
//! ```text
//! authorize ─► sign-in page ─► second factor ─► redirect with a code ─┐
//! devicecode ─► device page ─► second factor ─► approved, polled for ─┼─► tokens ─► refresh ─┐
//! password ───────────────────────────────────────────────────────────┘     ▲                │
//!                                                                           └────────────────┘
//! ```

mod account;
mod authorize;
mod code;
mod consent;
mod device;
mod device_page;
mod issue;
mod landing;
mod login;
mod page;
mod password;
mod pkce;
mod place;
mod realm;
mod redirect;
mod refresh;
mod requested;
mod robot;
mod store;

use super::desk::Desk;
use super::refusal::Refusal;
use super::tenant::TenantName;
use super::trace::Trace;
use crate::directory::Directory;
use crate::fields::Fields;
use crate::jwt::encode;
use account::Person;
pub(super) use authorize::answer as authorize;
use code::Code;
use consent::Consents;
use device::Device;
pub(super) use device::begin as device_code;
pub(super) use device_page::{PATH as DEVICE_PAGE, answer as device_page};
use http::Response;
pub use landing::Landing;
use place::Place;
pub(super) use realm::answer as realm;
use refresh::RefreshToken;
use sha2::{Digest, Sha256};
use store::Store;

/// What the service remembers of users between two requests.
#[derive(Debug)]
pub(super) struct UserFlows {
    codes: Store<Code>,
    devices: Store<Device>,
    refresh_tokens: Store<RefreshToken>,
    sign_ins: Store<SignIn>,
    consents: Consents,
    rotates_refresh_tokens: bool,
    refuses_rotated: bool,
    robot_denies: bool,
    salt: String,
    served: u64,
}

/// A browser in which someone has signed in, or is half-way there.
struct SignIn {
    person: Person,
    /// Nothing is left to prove.
    complete: bool,
    expires_on: u64,
}

/// What answering a page request takes.
pub(super) struct Front<'a> {
    pub(super) directory: &'a Directory,
    pub(super) flows: &'a mut UserFlows,
    pub(super) authority: &'a str,
    pub(super) trace: &'a Trace,
    pub(super) now: u64,
}

/// The grants that act for a user.
#[derive(Clone, Copy)]
pub(super) enum UserGrant {
    AuthorizationCode,
    RefreshToken,
    DeviceCode,
    Password,
}

impl UserFlows {
    /// `salt` makes the codes of two services different.
    pub(super) fn new(salt: &str) -> UserFlows {
        UserFlows {
            codes: Store::default(),
            devices: Store::default(),
            refresh_tokens: Store::default(),
            sign_ins: Store::default(),
            consents: Consents::default(),
            rotates_refresh_tokens: true,
            refuses_rotated: false,
            robot_denies: false,
            salt: salt.to_owned(),
            served: 0,
        }
    }

    /// 32 bytes that were never used before.
    fn fresh(&mut self) -> [u8; 32] {
        self.served += 1;
        Sha256::digest(format!("{} {}", self.salt, self.served)).into()
    }

    /// A new name for something secret, of `kind`.
    fn fresh_name(&mut self, kind: &str) -> String {
        let (first, second) = (encode(self.fresh()), encode(self.fresh()));
        format!("1.{kind}-{first}.{second}")
    }
}

impl UserGrant {
    /// Reads a `grant_type`; the short name of the device code grant is what several clients send.
    pub(super) fn read(grant_type: &str) -> Option<UserGrant> {
        match grant_type {
            "authorization_code" => Some(UserGrant::AuthorizationCode),
            "refresh_token" => Some(UserGrant::RefreshToken),
            "urn:ietf:params:oauth:grant-type:device_code" | "device_code" => {
                Some(UserGrant::DeviceCode)
            }
            "password" => Some(UserGrant::Password),
            _ => None,
        }
    }
}

/// Answers a token request with one of these grants.
pub(super) fn token(
    desk: &mut Desk<'_>,
    grant: UserGrant,
    tenant: &TenantName<'_>,
    client_id: &str,
    form: &Fields,
) -> Result<Response<Vec<u8>>, Refusal> {
    let shared = matches!(tenant, TenantName::Common | TenantName::Consumers);
    if shared && matches!(grant, UserGrant::Password) {
        return Err(Refusal::shared_endpoint());
    }
    let place = Place::find(desk.directory, tenant, client_id)?;
    match grant {
        UserGrant::AuthorizationCode => code::redeem(desk, &place, form),
        UserGrant::RefreshToken => refresh::redeem(desk, &place, form),
        UserGrant::DeviceCode => device::poll(desk, &place, form),
        UserGrant::Password => password::answer(desk, &place, form),
    }
}
