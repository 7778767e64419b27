//! Whose an answer is, and whether that is who is signed in.

use super::record::AuthenticationRecord;
use crate::client::Client;
use crate::oauth::{IdToken, TokenAnswer, client_info};

/// What an answer says of the account that it is for. Endpoints differ in how much that is.
#[derive(Default)]
pub(super) struct Holder {
    /// The ids of the user and of the home tenant, which are the same in every tenant.
    home: Option<(String, String)>,
    /// The user's id in the tenant that was asked.
    object: Option<String>,
    /// The tenant that was asked.
    tenant: Option<String>,
    /// The user's id for this application alone.
    subject: Option<String>,
    name: String,
}

/// How an answer's account and one that is known compare.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    Same,
    Other,
    /// The answer names an account in a way that cannot be compared.
    Unclear,
    /// The answer names no account.
    Unsaid,
}

impl Holder {
    pub(super) fn read(answer: &TokenAnswer, id_token: Option<&IdToken>) -> Self {
        let claim = |name: &str| id_token?.text(name).map(str::to_owned);
        let name = id_token.and_then(IdToken::user_name);
        Self {
            home: answer.client_info.as_ref().and_then(client_info),
            object: claim("oid"),
            tenant: claim("tid"),
            subject: claim("sub"),
            name: name.unwrap_or_default().to_owned(),
        }
    }

    /// Compares by whatever both sides say. A known account's id is made of the ids of its user
    /// and its home tenant, or is its subject. Names change, so a name proves nothing; but another
    /// name alone is no reason to trust either.
    pub(super) fn likeness(&self, known: &AuthenticationRecord) -> Likeness {
        let id = known.home_account_id.as_str();
        let is_id = |user: &str, tenant: &str| format!("{user}.{tenant}") == id;
        let home_tenant = id.rsplit_once('.').map(|(_, tenant)| tenant);
        let is_named_otherwise = !self.name.is_empty()
            && !known.username.is_empty()
            && !self.name.eq_ignore_ascii_case(&known.username);
        match (&self.home, self.object.as_ref().zip(self.tenant.as_ref())) {
            _ if self.subject.as_deref() == Some(id) => Likeness::Same,
            (Some((user, tenant)), _) if is_id(user, tenant) => Likeness::Same,
            (Some(_), _) => Likeness::Other,
            (None, Some((user, tenant))) if is_id(user, tenant) => Likeness::Same,
            (None, Some((_, tenant))) if Some(tenant.as_str()) == home_tenant => Likeness::Other,
            _ if self.object.is_some() || self.subject.is_some() => Likeness::Unclear,
            _ if is_named_otherwise => Likeness::Unclear,
            _ => Likeness::Unsaid,
        }
    }

    /// The record of the account: by the ids beside the token, or else by its subject. Who is known
    /// stays the same, but may have another name by now.
    pub(super) fn record(
        self,
        known: Option<AuthenticationRecord>,
        authority: &str,
        client: &Client,
    ) -> Option<AuthenticationRecord> {
        if let Some(mut known) = known {
            if !self.name.is_empty() {
                known.username = self.name;
            }
            return Some(known);
        }
        let (home_account_id, home_tenant) = match self.home {
            Some((user, tenant)) => (format!("{user}.{tenant}"), Some(tenant)),
            None => (self.subject?, None),
        };
        let client_id = client.client_id.as_str();
        let mut record = AuthenticationRecord::new(authority, client_id, home_account_id);
        let asked = || client.tenant.as_str().to_owned();
        record.tenant_id = self.tenant.or(home_tenant).unwrap_or_else(asked);
        record.username = self.name;
        Some(record)
    }
}
