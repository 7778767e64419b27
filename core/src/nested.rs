//! A credential inside another one.

use std::sync::Arc;

use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::credential::Credential;
use crate::credentials::CredentialConfig;
use crate::transcript::Redactor;

/// A credential that another one asks: made by code, or read as data.
#[derive(Clone, Debug)]
pub(crate) struct Nested {
    credential: Arc<dyn Credential>,
    data: Option<Box<CredentialConfig>>,
}

impl Nested {
    pub(crate) fn new(credential: impl Credential + 'static) -> Self {
        Self {
            credential: Arc::new(credential),
            data: None,
        }
    }

    /// The data, where there is some, with placeholders for its secrets.
    pub(crate) fn data(&self, redactor: &mut Redactor) -> Option<CredentialConfig> {
        self.credential.configuration(redactor)
    }

    pub(crate) fn get(&self) -> Arc<dyn Credential> {
        Arc::clone(&self.credential)
    }

    /// None if it cannot be written down.
    pub(crate) fn redacted(&self, redactor: &mut Redactor) -> Option<Self> {
        self.data(redactor).map(Self::from)
    }
}

impl From<CredentialConfig> for Nested {
    fn from(config: CredentialConfig) -> Self {
        Self {
            credential: config.clone().into_credential(),
            data: Some(Box::new(config)),
        }
    }
}

/// Two are equal when their data are, and code is equal to itself.
impl PartialEq for Nested {
    fn eq(&self, other: &Self) -> bool {
        match (&self.data, &other.data) {
            (Some(one), Some(other)) => one == other,
            _ => Arc::ptr_eq(&self.credential, &other.credential),
        }
    }
}

impl Serialize for Nested {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(data) = &self.data {
            return data.serialize(serializer);
        }
        match self.credential.configuration(&mut Redactor::default()) {
            Some(data) => data.serialize(serializer),
            None => Err(S::Error::custom("a credential made of code is no data")),
        }
    }
}

impl<'de> Deserialize<'de> for Nested {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        CredentialConfig::deserialize(deserializer).map(Self::from)
    }
}
