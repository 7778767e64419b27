//! Refresh tokens (RFC 6749 section 6): bound to an application and a user, good for every resource
//! that there is consent to.

use super::account::{Person, foreign_account};
use super::code::prove_client;
use super::issue::Issue;
use super::place::Place;
use crate::entra::desk::Desk;
use crate::entra::refusal::Refusal;
use crate::fields::Fields;
use http::Response;

/// How long a token may lie unused.
const IDLE_SECONDS: u64 = 90 * 86_400;

/// How long the tokens of a page last, however often they are replaced.
const SINGLE_PAGE_SECONDS: u64 = 86_400;

/// What a refresh token stands for.
#[derive(Clone)]
pub(super) struct RefreshToken {
    client_id: String,
    pub(super) person: Person,
    single_page: bool,
    /// What it is good for without a `scope` field.
    scope: String,
    expires_on: u64,
    pub(super) state: RefreshState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RefreshState {
    Good,
    /// A newer one was issued for it.
    Rotated,
    Revoked,
}

impl RefreshToken {
    pub(super) fn new(
        place: &Place<'_>,
        person: &Person,
        single_page: bool,
        now: u64,
    ) -> RefreshToken {
        let seconds = if single_page {
            SINGLE_PAGE_SECONDS
        } else {
            IDLE_SECONDS
        };
        RefreshToken {
            client_id: place.application.client_id.clone(),
            person: person.clone(),
            single_page,
            scope: String::new(),
            expires_on: now.saturating_add(seconds),
            state: RefreshState::Good,
        }
    }

    pub(super) fn with_scope(mut self, scope: &str) -> RefreshToken {
        self.scope = scope.to_owned();
        self
    }

    /// The rest of its life, where using it does not lengthen that.
    pub(super) fn fixed_seconds(&self, now: u64) -> Option<u64> {
        self.single_page
            .then(|| self.expires_on.saturating_sub(now))
    }

    /// The life of a token begins anew when it is used, save that of a page.
    fn used(&self, now: u64) -> RefreshToken {
        let mut token = self.clone();
        if !token.single_page {
            token.expires_on = now.saturating_add(IDLE_SECONDS);
        }
        token.state = RefreshState::Good;
        token
    }
}

pub(super) fn redeem(
    desk: &mut Desk<'_>,
    place: &Place<'_>,
    form: &Fields,
) -> Result<Response<Vec<u8>>, Refusal> {
    let missing = || Refusal::missing("refresh_token");
    let name = form.get("refresh_token").ok_or_else(missing)?;
    let token = desk.users.refresh_tokens.get(name).cloned();
    let single_page = token.as_ref().is_some_and(|it| it.single_page);
    let proof = prove_client(desk, place, single_page, form)?;
    let token = token.ok_or_else(|| Refusal::unknown_grant("refresh_token"))?;
    if token.client_id != place.application.client_id {
        return Err(Refusal::other_client("refresh_token"));
    }
    let (tenant, user) = token.person.find(desk.directory)?;
    if !place.admits(&tenant.id) {
        return Err(foreign_account(&user.user_principal_name));
    }
    match token.state {
        RefreshState::Revoked => return Err(Refusal::revoked_refresh_token()),
        RefreshState::Rotated if desk.users.refuses_rotated => {
            return Err(Refusal::rotated_refresh_token());
        }
        RefreshState::Good | RefreshState::Rotated => {}
    }
    if token.expires_on <= desk.now {
        return Err(Refusal::expired_refresh_token(single_page));
    }
    let rotates = desk.users.rotates_refresh_tokens;
    let issue = Issue {
        place,
        person: &token.person,
        proof,
        scope: form.get("scope").unwrap_or(&token.scope),
        nonce: None,
        refresh_token: rotates.then(|| token.used(desk.now)),
    };
    let response = issue.answer(desk, form)?;
    if let Some(old) = desk.users.refresh_tokens.get_mut(name) {
        *old = token.used(desk.now);
        if rotates {
            old.state = RefreshState::Rotated;
        }
    }
    Ok(response)
}
