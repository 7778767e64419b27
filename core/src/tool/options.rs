//! The options that every developer tool has.

use std::time::Duration;

/// How long a tool may take unless said otherwise: a cold start alone takes up to 13 seconds.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// Whether a time-out is the usual one, of which a configuration need not speak.
pub(crate) fn is_usual(timeout: &Duration) -> bool {
    *timeout == TIMEOUT
}

/// The options of every credential that runs tools, as methods; `tenant` is one of those that have
/// no other way to choose an account.
macro_rules! tool_options {
    (tenant) => {
        /// Asks for tokens of this tenant instead of the account's own.
        ///
        /// # Errors
        ///
        /// It is malformed.
        pub fn tenant(mut self, tenant: impl Into<String>) -> Result<Self, crate::error::Invalid> {
            self.tenant = Some(crate::tenant::TenantId::new(tenant)?);
            Ok(self)
        }
    };
    () => {
        /// Lets requests ask for tokens of these tenants too; `*` stands for all. Without a tenant
        /// of its own and without any here, a tool is asked for those of any tenant.
        pub fn additionally_allowed_tenants<T: Into<String>>(
            mut self,
            tenants: impl IntoIterator<Item = T>,
        ) -> Self {
            self.additionally_allowed_tenants = crate::tenant::AllowedTenants::new(tenants);
            self
        }

        /// Ends a run of a tool after this time instead of 30 seconds. A tool that takes longer is
        /// unavailable. A configuration says it in milliseconds.
        pub fn process_timeout(mut self, timeout: std::time::Duration) -> Self {
            self.process_timeout = timeout;
            self
        }
    };
}
pub(crate) use tool_options;
