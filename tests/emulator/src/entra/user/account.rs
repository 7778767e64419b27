//! Who a user name and a password belong to.

use crate::directory::{Directory, Tenant, User, UserState};
use crate::entra::refusal::Refusal;

/// Someone who has signed in, and how well they have proved it.
#[derive(Clone)]
pub(in crate::entra) struct Person {
    pub(super) tenant_id: String,
    pub(super) user_id: String,
    /// A second factor was shown.
    pub(super) strong: bool,
}

impl Person {
    pub(super) fn new(tenant: &Tenant, user: &User, strong: bool) -> Person {
        Person {
            tenant_id: tenant.id.clone(),
            user_id: user.object_id.clone(),
            strong,
        }
    }

    /// Their account, if it is still there and good.
    pub(super) fn find<'a>(
        &self,
        directory: &'a Directory,
    ) -> Result<(&'a Tenant, &'a User), Refusal> {
        let tenant = directory.tenant(&self.tenant_id);
        let tenant = tenant.ok_or_else(|| Refusal::tenant(&self.tenant_id))?;
        let user = tenant.user(&self.user_id);
        let user = user.ok_or_else(|| no_account(&self.user_id))?;
        check_state(user)?;
        Ok((tenant, user))
    }
}

/// The account with this name and password, in `place` or, without one, in any tenant.
pub(super) fn authenticate<'a>(
    directory: &'a Directory,
    place: Option<&Tenant>,
    name: &str,
    password: &str,
) -> Result<(&'a Tenant, &'a User), Refusal> {
    let mut tenants = directory.tenants.iter();
    let found = tenants.find_map(|tenant| Some((tenant, tenant.user_named(name)?)));
    let (tenant, user) = found.ok_or_else(|| no_account(name))?;
    if place.is_some_and(|place| place.id != tenant.id) {
        return Err(foreign_account(name));
    }
    if tenant.federated_domain(name).is_some() {
        let text = "The password of this account is not kept here: its organisation signs it in.";
        return Err(Refusal::account(50056, text));
    }
    if user.state == UserState::Locked {
        return Err(Refusal::account(50053, "The account is locked."));
    }
    if password.is_empty() || user.password != password {
        let text = "Error validating credentials due to invalid username or password.";
        return Err(Refusal::account(50126, text));
    }
    check_state(user)?;
    Ok((tenant, user))
}

/// The refusal of an account that belongs to another tenant.
pub(super) fn foreign_account(name: &str) -> Refusal {
    let text = format!("The account '{name}' does not exist in this tenant.");
    Refusal::account(50020, &text)
}

fn no_account(name: &str) -> Refusal {
    let text = format!("The account '{name}' does not exist in the directory.");
    Refusal::account(50034, &text)
}

fn check_state(user: &User) -> Result<(), Refusal> {
    match user.state {
        UserState::Active => Ok(()),
        UserState::Locked => Err(Refusal::account(50053, "The account is locked.")),
        UserState::Disabled => Err(Refusal::account(50057, "The account is disabled.")),
        UserState::PasswordExpired => Err(Refusal::account(50055, "The password has expired.")),
    }
}
