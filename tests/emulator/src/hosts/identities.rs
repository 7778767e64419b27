//! The identities of a host and the tokens that it hands out for them.

use super::problem::Problem;
use super::secret::Secret;
use crate::directory::Resource;
use crate::fields::Fields;
use crate::keys::SigningKey;
use crate::machine::{Machine, ManagedIdentity};
use crate::mint::{Grant, Mint};
use crate::record::Outcome;
use serde_json::{Value, json};

/// The managed identities of one host, and the key that their tokens are signed with.
#[derive(Debug)]
pub struct Identities {
    machine: Machine,
    mint: Mint,
}

/// A name that requests may give an identity, and what it is compared with.
pub(crate) type IdName = (&'static str, fn(&ManagedIdentity) -> &str);

pub(crate) const CLIENT_ID: IdName = ("client_id", |it| &it.client_id);
pub(crate) const OBJECT_ID: IdName = ("object_id", |it| &it.object_id);
pub(crate) const MSI_RES_ID: IdName = ("msi_res_id", |it| &it.resource_id);
pub(crate) const MI_RES_ID: IdName = ("mi_res_id", |it| &it.resource_id);

/// An issued token with what hosts tell about it.
#[derive(Clone, Debug)]
pub(crate) struct Issued {
    pub(crate) token: Secret,
    pub(crate) client_id: String,
    /// As the request wrote it.
    pub(crate) resource: String,
    /// Unix seconds.
    pub(crate) not_before: u64,
    /// Unix seconds.
    pub(crate) expires_on: u64,
    seconds: u64,
}

impl Identities {
    /// Serves the identities of `machine`; `key` signs the access tokens. The authority is the
    /// public cloud's.
    pub fn new(machine: Machine, key: SigningKey) -> Identities {
        Identities {
            machine,
            mint: Mint::new(key, "https://login.microsoftonline.com"),
        }
    }

    /// Keeps the tokens of several hosts apart that share a key and a clock.
    pub(crate) fn numbered_from(mut self, first: u64) -> Identities {
        self.mint = self.mint.numbered_from(first);
        self
    }

    /// Names the origin that version 2 tokens carry.
    pub fn set_authority(&mut self, origin: &str) {
        self.mint.set_authority(origin);
    }

    /// What the host knows.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// What the host knows, to change it between two requests.
    pub fn machine_mut(&mut self) -> &mut Machine {
        &mut self.machine
    }

    /// A token for the identity and the resource that `fields` name; the host knows identities by
    /// the names in `ids` alone.
    pub(crate) fn issue(
        &mut self,
        fields: &Fields,
        ids: &[IdName],
        handles_challenges: bool,
        now: u64,
    ) -> Result<Issued, Problem> {
        let name = fields.get("resource").ok_or(Problem::Missing("resource"))?;
        let machine = &self.machine;
        let identity = choose(machine, fields, ids)?;
        let resource =
            Resource::find(&machine.resources, name).ok_or_else(|| Problem::UnknownResource {
                resource: name.to_owned(),
                tenant_id: machine.tenant_id.clone(),
            })?;
        let grant = Grant {
            tenant_id: Some(&machine.tenant_id),
            client_id: &identity.client_id,
            object_id: &identity.object_id,
            resource,
            audience: name,
            lifetime_seconds: machine.token_seconds,
            authentication: 2,
            handles_challenges,
            managed_identity: Some(&identity.resource_id),
        };
        Ok(Issued {
            token: Secret::new(self.mint.access_token(&grant, now)),
            client_id: identity.client_id.clone(),
            resource: name.to_owned(),
            not_before: now.saturating_sub(300),
            expires_on: now.saturating_add(machine.token_seconds),
            seconds: machine.token_seconds,
        })
    }
}

impl Issued {
    /// The answer of the hosts that write every number as text.
    pub(crate) fn body_of_texts(&self) -> Value {
        let seconds = self.seconds.to_string();
        json!({
            "access_token": self.token.expose(),
            "client_id": self.client_id,
            "expires_in": seconds,
            "expires_on": self.expires_on.to_string(),
            "ext_expires_in": seconds,
            "not_before": self.not_before.to_string(),
            "resource": self.resource,
            "token_type": "Bearer",
        })
    }

    pub(crate) fn outcome(&self) -> Outcome {
        Outcome::Token {
            client_id: self.client_id.clone(),
            resource: self.resource.clone(),
        }
    }
}

/// Without an id the machine's own identity is meant, or else its only user-assigned one.
fn choose<'a>(
    machine: &'a Machine,
    fields: &Fields,
    ids: &[IdName],
) -> Result<&'a ManagedIdentity, Problem> {
    let mut given = ids.iter().filter(|(field, _)| fields.has(field));
    match (given.next(), given.next()) {
        (Some((field, name)), None) => {
            let id = fields.get(field).unwrap_or_default();
            let mut identities = machine.system_assigned.iter().chain(&machine.user_assigned);
            identities
                .find(|it| name(it).eq_ignore_ascii_case(id))
                .ok_or(Problem::NoIdentity)
        }
        (Some(_), Some(_)) => Err(Problem::SeveralIds),
        (None, _) => match (&machine.system_assigned, machine.user_assigned.as_slice()) {
            (Some(identity), _) | (None, [identity]) => Ok(identity),
            (None, []) => Err(Problem::NoIdentity),
            (None, _) => Err(Problem::SeveralIdentities),
        },
    }
}
