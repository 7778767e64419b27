//! What flags and variables say: a flag counts before a variable.

use std::path::Path;

use azid_core::{Authority, Environment, Region};

use super::{Choice, text, usage};
use crate::{Exit, Problem};

pub(super) struct Inputs<'a> {
    pub(super) choice: &'a Choice,
    pub(super) environment: &'a Environment,
}

/// Something that a credential needs: whether a flag said it, and the variables that may say it.
pub(super) type Need = (bool, &'static [&'static str]);

pub(super) const TENANT: &[&str] = &["AZURE_TENANT_ID"];
pub(super) const CLIENT_ID: &[&str] = &["AZURE_CLIENT_ID"];

impl Inputs<'_> {
    /// The tenant and the client id of a credential that needs these things too, or a problem that
    /// names all that is missing.
    pub(super) fn ids<const N: usize>(
        &self,
        credential: &str,
        others: [Need; N],
    ) -> Result<(String, String), Problem> {
        self.ids_of(credential, TENANT, CLIENT_ID, others)
    }

    /// The same where other variables name the tenant and the client id.
    pub(super) fn ids_of<const N: usize>(
        &self,
        credential: &str,
        tenant: &'static [&'static str],
        client_id: &'static [&'static str],
        others: [Need; N],
    ) -> Result<(String, String), Problem> {
        let ids = [
            (self.choice.tenant.is_some(), tenant),
            (self.choice.client_id.is_some(), client_id),
        ];
        let is_missing = |(given, names): &&Need| {
            !given && names.iter().all(|name| self.variable(name).is_none())
        };
        let missing = ids.iter().chain(&others).filter(is_missing);
        let missing: Vec<_> = missing.map(|(_, names)| names[0]).collect();
        if !missing.is_empty() {
            let message = format!(
                "{credential} is unavailable: not set in the environment: {}; \
                 what to do: set them, or use another credential",
                missing.join(", ")
            );
            return Err(Problem::new(Exit::Unavailable, message));
        }
        let tenant = self.value(self.choice.tenant.as_deref(), tenant);
        let client_id = self.value(self.choice.client_id.as_deref(), client_id);
        Ok((tenant, client_id))
    }

    /// What a flag said, or else the first of the variables that is set; nothing otherwise.
    pub(super) fn value(&self, given: Option<&str>, names: &[&str]) -> String {
        let variable = || names.iter().find_map(|name| self.variable(name));
        given.or_else(variable).unwrap_or_default().to_owned()
    }

    /// The path that a flag or a variable names; nothing if neither does.
    pub(super) fn path(&self, given: Option<&Path>, name: &str) -> Result<Option<String>, Problem> {
        match given {
            Some(path) => text(path).map(Some),
            None => Ok(self.variable(name).map(str::to_owned)),
        }
    }

    pub(super) fn authority(&self) -> Result<Authority, Problem> {
        match &self.choice.authority {
            Some(url) => Authority::new(url).map_err(usage),
            None => Authority::from_environment(self.environment).map_err(usage),
        }
    }

    pub(super) fn region(&self) -> Result<Option<Region>, Problem> {
        match &self.choice.region {
            Some(name) => Region::try_from(name.clone()).map(Some).map_err(usage),
            None => Region::from_environment(self.environment).map_err(usage),
        }
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name)
    }
}
