//! Which tenant the first segment of a path means.

use super::refusal::Refusal;
use super::trace::is_guid;
use crate::directory::{Directory, Tenant};

/// The meaning of a tenant segment.
pub(super) enum TenantName<'a> {
    /// A tenant of the directory.
    Known(&'a Tenant),
    /// `organizations`: any work account.
    Organizations,
    /// `common`: any work or personal account.
    Common,
    /// `consumers`: any personal account.
    Consumers,
}

impl<'a> TenantName<'a> {
    pub(super) fn resolve(directory: &'a Directory, name: &str) -> Result<Self, Refusal> {
        match name {
            "organizations" => Ok(TenantName::Organizations),
            "common" => Ok(TenantName::Common),
            "consumers" => Ok(TenantName::Consumers),
            _ if !is_guid(name) && !is_domain(name) => Err(Refusal::tenant_syntax(name)),
            _ => directory
                .tenant(name)
                .map(TenantName::Known)
                .ok_or_else(|| Refusal::tenant(name)),
        }
    }
}

fn is_domain(name: &str) -> bool {
    name.contains('.')
        && name.split('.').all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}
