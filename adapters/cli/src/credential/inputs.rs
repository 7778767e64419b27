//! What flags and variables say: a flag counts before a variable.

use std::path::Path;
use std::sync::Arc;

use azid_core::{Authority, Environment, Invalid, ReadCertificate, Region, Secret, What};

use super::{Choice, Name, text, usage};
use crate::{Exit, Problem};

pub(super) struct Inputs<'a> {
    pub(super) choice: &'a Choice,
    pub(super) environment: &'a Environment,
    /// What reads the certificates that are in files.
    pub(super) reader: Arc<dyn ReadCertificate>,
}

/// Something that a credential needs: whether a flag said it, and the variables that may say it.
pub(super) type Need = (bool, &'static [&'static str]);

pub(super) const TENANT: &[&str] = &["AZURE_TENANT_ID"];
pub(super) const CLIENT_ID: &[&str] = &["AZURE_CLIENT_ID"];
pub(super) const USERNAME: &[&str] = &["AZURE_USERNAME"];
pub(super) const PASSWORD: &[&str] = &["AZURE_PASSWORD"];
pub(super) const CONNECTION: &[&str] = &["AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"];

/// The tasks of Azure Pipelines set variables of their own for the service connection.
pub(super) const TENANTS: &[&str] = &["AZURESUBSCRIPTION_TENANT_ID", TENANT[0]];
pub(super) const CLIENT_IDS: &[&str] = &["AZURESUBSCRIPTION_CLIENT_ID", CLIENT_ID[0]];

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
        self.check(credential, ids.into_iter().chain(others))?;
        let tenant = self.value(self.choice.tenant.as_deref(), tenant);
        let client_id = self.value(self.choice.client_id.as_deref(), client_id);
        Ok((tenant, client_id))
    }

    /// A problem that names all that is missing.
    pub(super) fn check(
        &self,
        credential: &str,
        needs: impl IntoIterator<Item = Need>,
    ) -> Result<(), Problem> {
        let needs: Vec<_> = needs.into_iter().collect();
        for (_, names) in needs.iter().filter(|(given, _)| !given) {
            self.check_text(names)?;
        }
        let is_missing = |(given, names): &Need| {
            !given && names.iter().all(|name| self.variable(name).is_none())
        };
        let missing = needs.into_iter().filter(is_missing);
        let missing: Vec<_> = missing.map(|(_, names)| names[0]).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let message = format!(
            "{credential} is unavailable: not set in the environment: {}; \
             what to do: set them, or use another credential",
            missing.join(", ")
        );
        Err(Problem::new(Exit::Unavailable, message))
    }

    /// A value that is not valid is wrong usage, of the flag or the variable that it came from.
    pub(super) fn usage(&self, invalid: Invalid) -> Problem {
        let choice = self.choice;
        let of_pipeline = choice.credential == Name::AzurePipelines;
        let (flag, given, names): (_, _, &[&str]) = match invalid.what() {
            What::Tenant if of_pipeline => ("--tenant", choice.tenant.is_some(), TENANTS),
            What::Tenant => ("--tenant", choice.tenant.is_some(), TENANT),
            What::ClientId if of_pipeline => {
                ("--client-id", choice.client_id.is_some(), CLIENT_IDS)
            }
            What::ClientId => ("--client-id", choice.client_id.is_some(), CLIENT_ID),
            What::ServiceConnection => (
                "--service-connection-id",
                choice.service_connection_id.is_some(),
                CONNECTION,
            ),
            What::Authority => ("--authority", choice.authority.is_some(), &[]),
            What::Region => ("--region", choice.region.is_some(), &[]),
            What::UserName => ("", false, USERNAME), // an empty password is none
            _ => ("", false, &[]),
        };
        let why = invalid.why();
        if given {
            return usage(format!("{flag} is not valid: {why}"));
        }
        if let Err(problem) = self.check_text(names) {
            return problem;
        }
        match names.iter().find(|name| self.variable(name).is_some()) {
            Some(name) => usage(format!("the variable {name} is not valid: {why}")),
            None => usage(invalid),
        }
    }

    /// What a flag said, or else the first of the variables that is set; nothing otherwise.
    pub(super) fn value(&self, given: Option<&str>, names: &[&str]) -> String {
        let variable = || names.iter().find_map(|name| self.variable(name));
        given.or_else(variable).unwrap_or_default().to_owned()
    }

    /// The path that a flag or a variable names; nothing if neither does.
    pub(super) fn path(
        &self,
        given: Option<&Path>,
        name: &'static str,
    ) -> Result<Option<String>, Problem> {
        if let Some(path) = given {
            return text(path).map(Some);
        }
        self.check_text(&[name])?;
        Ok(self.variable(name).map(str::to_owned))
    }

    /// The secret that a variable holds, as it is.
    pub(super) fn secret(&self, name: &'static str) -> Result<Option<Secret>, Problem> {
        self.check_text(&[name])?;
        Ok(self.environment.secret(name).cloned())
    }

    /// A problem where one of these variables is not text.
    fn check_text(&self, names: &[&'static str]) -> Result<(), Problem> {
        self.environment.check_text(names).map_err(usage)
    }

    pub(super) fn authority(&self) -> Result<Authority, Problem> {
        match &self.choice.authority {
            Some(url) => Authority::new(url).map_err(|invalid| self.usage(invalid)),
            None => Authority::from_environment(self.environment).map_err(usage),
        }
    }

    pub(super) fn region(&self) -> Result<Option<Region>, Problem> {
        match &self.choice.region {
            Some(name) => Region::try_from(name.clone())
                .map(Some)
                .map_err(|invalid| self.usage(invalid)),
            None => Region::from_environment(self.environment).map_err(usage),
        }
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name)
    }
}
