//! An application of a tenant: what all credentials of service principals have in common.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::discovery::ValidatedBy;
use super::exchange::{Client, Exchange, Prove};
use super::grant::Grant;
use super::region::{self, Found, Region};
use crate::authority::Authority;
use crate::context::Context;
use crate::error::{Error, Invalid};
use crate::identity::{Identity, IdentityBuilder};
use crate::moves::Next;
use crate::tenant::{AllowedTenants, ClientId, TenantId};

/// Who asks, and whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Application {
    #[serde(default)]
    pub(crate) authority: Authority,
    pub(crate) tenant: TenantId,
    pub(crate) client_id: ClientId,
    #[serde(default, skip_serializing_if = "AllowedTenants::is_empty")]
    pub(crate) additionally_allowed_tenants: AllowedTenants,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<Region>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) validated_by: Option<ValidatedBy>,
    #[serde(skip)]
    pub(crate) own_client: OwnClient,
}

/// The client of an application at its own tenant, made when it is first needed, beside the authority
/// that it is for. It follows from the rest of the application, so it plays no part in comparisons.
#[derive(Clone, Default)]
pub(crate) struct OwnClient(OnceLock<(Authority, Arc<Client>)>);

impl PartialEq for OwnClient {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for OwnClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnClient")
    }
}

/// The options that every credential of an application has, as methods; `at` says in which field
/// of the credential they are kept, or in none.
macro_rules! application_options {
    () => {
        crate::client::application_options!(at application);
    };
    (and region) => {
        crate::client::application_options!(at application);
        crate::client::application_options!(region at application);
    };
    (at $($part:ident)?) => {
        /// Asks this authority instead of the public cloud's, or of the one that the environment
        /// names where the credential goes by that.
        pub fn authority(mut self, authority: crate::authority::Authority) -> Self {
            self.$($part.)?authority = authority.into();
            self
        }

        /// Lets requests ask for tokens of these tenants too; `*` stands for all.
        pub fn additionally_allowed_tenants<T: Into<String>>(
            mut self,
            tenants: impl IntoIterator<Item = T>,
        ) -> Self {
            self.$($part.)?additionally_allowed_tenants =
                crate::tenant::AllowedTenants::new(tenants);
            self
        }

        /// Asks a trusted authority first, mostly [`Authority::public_cloud`], whether the
        /// credential's own belongs to Microsoft. That is done once for a provider, and never for
        /// the hosts of the known clouds, AD FS and the like; without this option it is not done
        /// at all.
        ///
        /// [`Authority::public_cloud`]: crate::Authority::public_cloud
        pub fn validate_authority_by(mut self, trusted: crate::authority::Authority) -> Self {
            self.$($part.)?validated_by = Some(trusted.into());
            self
        }
    };
    (region at $($part:ident)?) => {
        /// Asks the token service of a region. Only managed identities and applications that
        /// Microsoft has enabled for it may; others get AADSTS100007.
        pub fn region(mut self, region: crate::client::Region) -> Self {
            self.$($part.)?region = Some(region);
            self
        }
    };
}

pub(crate) use application_options;

impl Application {
    /// An application of the public cloud.
    pub(crate) fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
    ) -> Result<Self, Invalid> {
        Ok(Self {
            authority: Authority::default(),
            tenant: TenantId::new(tenant)?,
            client_id: ClientId::new(client_id)?,
            additionally_allowed_tenants: AllowedTenants::default(),
            region: None,
            validated_by: None,
            own_client: OwnClient::default(),
        })
    }

    /// Begins the identity of a credential of this application.
    pub(crate) fn identity_of(&self, credential: &'static str) -> IdentityBuilder {
        let region = self.region.as_ref().map(Region::to_string);
        Identity::of(credential)
            .field("authority", self.authority.url())
            .field("tenant", self.tenant.as_str())
            .field("client", self.client_id.as_str())
            .field("allowed", self.additionally_allowed_tenants.key())
            .optional("region", region)
            .optional(
                "validated by",
                self.validated_by.as_ref().map(ValidatedBy::url),
            )
    }

    /// The tenant that the request is for: the application's own, or another that is allowed.
    pub(crate) fn tenant_to_ask(&self, cx: &Context) -> Result<TenantId, Error> {
        self.additionally_allowed_tenants
            .resolve(&self.tenant, cx.request(), cx.environment())
            .or_else(|invalid| cx.failed(invalid))
    }

    /// Asks for a token with a proof, after the steps that the options call for.
    pub(crate) fn exchange(
        &self,
        prove: impl Prove + 'static,
        grant: Grant,
        cx: &mut Context,
    ) -> Next {
        let prove = Arc::new(prove);
        self.reach(
            |client, cx| Exchange::new(client, prove, grant).begin(cx),
            cx,
        )
    }

    /// Takes the steps that the options call for, and goes on with the client at its endpoint.
    pub(crate) fn reach(
        &self,
        then: impl FnOnce(Arc<Client>, &mut Context) -> Next + Send + 'static,
        cx: &mut Context,
    ) -> Next {
        let tenant = self.tenant_to_ask(cx)?;
        if self.region.is_none() && self.validated_by.is_none() {
            return then(self.client(tenant), cx);
        }
        let client_id = self.client_id.clone();
        let ask = {
            let tenant = tenant.clone();
            move |authority: Authority, cx: &mut Context| {
                then(Arc::new(Client::new(&authority, tenant, client_id)), cx)
            }
        };
        self.detour(&tenant, Box::new(ask), cx)
    }

    /// Finds the authority to ask in a region, once it is known to be Microsoft's.
    fn detour(&self, tenant: &TenantId, ask: Found, cx: &mut Context) -> Next {
        let authority = self.authority.clone();
        let region = self.region.clone().filter(|_| !authority.is_adfs(tenant));
        let find = move |cx: &mut Context| match region {
            Some(region) => region::find(region, authority, ask, cx),
            None => ask(authority, cx),
        };
        match &self.validated_by {
            Some(by) => by.validate(&self.authority, tenant, Box::new(find), cx),
            None => find(cx),
        }
    }

    /// The client at its authority's endpoint for this tenant.
    fn client(&self, tenant: TenantId) -> Arc<Client> {
        let make = |tenant| Arc::new(Client::new(&self.authority, tenant, self.client_id.clone()));
        let made = || (self.authority.clone(), make(self.tenant.clone()));
        let (authority, own) = self.own_client.0.get_or_init(made);
        let is_own = *authority == self.authority && own.tenant == tenant;
        match is_own && own.client_id == self.client_id {
            true => Arc::clone(own),
            false => make(tenant),
        }
    }
}

impl Client {
    /// A client at its token endpoint.
    pub(crate) fn new(authority: &Authority, tenant: TenantId, client_id: ClientId) -> Self {
        Self {
            token_endpoint: authority.token_endpoint(&tenant),
            is_adfs: authority.is_adfs(&tenant),
            exchange_audience: authority.exchange_audience(),
            tenant,
            client_id,
        }
    }
}
