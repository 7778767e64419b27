//! Where a user flow takes place: the tenant that the path names, or any, and the application.

use crate::application::Application;
use crate::directory::{Directory, Tenant};
use crate::entra::refusal::Refusal;
use crate::entra::tenant::TenantName;
use crate::entra::token::find;

/// The tenant and the application of one request.
pub(in crate::entra) struct Place<'a> {
    /// Absent where the account decides.
    pub(super) tenant: Option<&'a Tenant>,
    pub(super) application: &'a Application,
}

impl<'a> Place<'a> {
    /// Without a named tenant only applications for several tenants are found.
    pub(in crate::entra) fn find(
        directory: &'a Directory,
        tenant: &TenantName<'a>,
        client_id: &str,
    ) -> Result<Place<'a>, Refusal> {
        let (tenant, application) = match tenant {
            TenantName::Consumers => return Err(Refusal::work_accounts_only(client_id)),
            TenantName::Known(tenant) => {
                let application = find(&tenant.applications, client_id, &tenant.id)?;
                (Some(*tenant), application)
            }
            TenantName::Organizations | TenantName::Common => {
                let everywhere = directory.tenants.iter().flat_map(|it| &it.applications);
                let application = find(everywhere, client_id, "organizations")?;
                (None, application)
            }
        };
        if tenant.is_none() && !application.multi_tenant {
            return Err(Refusal::single_tenant(client_id));
        }
        Ok(Place {
            tenant,
            application,
        })
    }

    /// Whether someone of this tenant may sign in here.
    pub(super) fn admits(&self, tenant_id: &str) -> bool {
        self.tenant.is_none_or(|it| it.id == tenant_id)
    }
}
