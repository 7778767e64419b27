//! Makes access tokens and id tokens with the claims that Entra puts into them.

use crate::directory::{Resource, TokenVersion, User};
use crate::jwt::encode;
use crate::keys::SigningKey;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// How far before the request Entra dates its tokens, in seconds.
const BACKDATED_SECONDS: u64 = 300;

/// The life of an id token.
const ID_TOKEN_SECONDS: u64 = 3_600;

/// The key and the name of the authority that tokens are issued under.
#[derive(Clone, Debug)]
pub(crate) struct Mint {
    pub(crate) key: SigningKey,
    pub(crate) authority: String,
    minted: u64,
}

/// Whom a token is about and what it is for.
pub(crate) struct Grant<'a> {
    /// Absent on AD FS.
    pub(crate) tenant_id: Option<&'a str>,
    pub(crate) client_id: &'a str,
    pub(crate) object_id: &'a str,
    pub(crate) resource: &'a Resource,
    /// The resource as the request wrote it.
    pub(crate) audience: &'a str,
    pub(crate) lifetime_seconds: u64,
    /// How the client proved itself: 1 a secret, 2 an assertion.
    pub(crate) authentication: u8,
    /// The client said that it can handle claims challenges.
    pub(crate) handles_challenges: bool,
    /// The ARM id of a managed identity.
    pub(crate) managed_identity: Option<&'a str>,
}

/// Whom an id token is about and whom it is for.
pub(crate) struct IdToken<'a> {
    pub(crate) tenant_id: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) user: &'a User,
    pub(crate) nonce: Option<&'a str>,
    /// The client asked for the scope `profile`.
    pub(crate) profile: bool,
    /// The client asked for the scope `email`.
    pub(crate) email: bool,
}

impl Mint {
    pub(crate) fn new(key: SigningKey, authority: &str) -> Mint {
        let mut mint = Mint {
            key,
            authority: String::new(),
            minted: 0,
        };
        mint.set_authority(authority);
        mint
    }

    /// Counts tokens from `first`, so that mints which share a key make different ones.
    pub(crate) fn numbered_from(mut self, first: u64) -> Mint {
        self.minted = first;
        self
    }

    pub(crate) fn set_authority(&mut self, origin: &str) {
        self.authority = origin.trim_end_matches('/').to_owned();
    }

    /// The claims are those of the resource's chosen version; no two tokens are alike.
    pub(crate) fn access_token(&mut self, grant: &Grant<'_>, now: u64) -> String {
        let claims = self.claims(grant, now);
        self.key.sign(&Value::Object(claims))
    }

    /// A token by which the grant's client acts for `user`, with permissions joined by spaces.
    pub(crate) fn delegated_token(
        &mut self,
        grant: &Grant<'_>,
        user: &User,
        permissions: &str,
        now: u64,
    ) -> String {
        let mut claims = self.claims(grant, now);
        let mut put = |name: &str, value: &str| claims.insert(name.to_owned(), json!(value));
        let Resource {
            application_id,
            token_version,
            ..
        } = grant.resource;
        let pair = format!("{application_id} {}", user.object_id);
        put("sub", &encode(Sha256::digest(pair)));
        put("oid", &user.object_id);
        put("idtyp", "user");
        put("scp", permissions);
        put("name", &user.display_name);
        let name = match token_version {
            TokenVersion::V1 => "upn",
            TokenVersion::V2 => "preferred_username",
        };
        put(name, &user.user_principal_name);
        self.key.sign(&Value::Object(claims))
    }

    /// A token that tells the client itself who has signed in (OpenID Connect Core section 2).
    pub(crate) fn id_token(&self, about: &IdToken<'_>, now: u64) -> String {
        let issued_at = now.saturating_sub(BACKDATED_SECONDS);
        let user = about.user;
        let pair = format!("{} {}", about.client_id, user.object_id);
        let mut claims = json!({
            "iss": self.v2_issuer(about.tenant_id),
            "aud": about.client_id,
            "sub": encode(Sha256::digest(pair)),
            "tid": about.tenant_id,
            "iat": issued_at,
            "nbf": issued_at,
            "exp": now.saturating_add(ID_TOKEN_SECONDS),
            "ver": "2.0",
        });
        if let Some(nonce) = about.nonce {
            claims["nonce"] = json!(nonce);
        }
        if about.profile {
            claims["oid"] = json!(user.object_id);
            claims["name"] = json!(user.display_name);
            claims["preferred_username"] = json!(user.user_principal_name);
        }
        if about.email {
            claims["email"] = json!(user.user_principal_name);
        }
        self.key.sign(&claims)
    }

    fn claims(&mut self, grant: &Grant<'_>, now: u64) -> Map<String, Value> {
        self.minted += 1;
        let issued_at = now.saturating_sub(BACKDATED_SECONDS);
        let mut claims = Map::new();
        let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        put("iat", json!(issued_at));
        put("nbf", json!(issued_at));
        put("exp", json!(now.saturating_add(grant.lifetime_seconds)));
        put("uti", json!(format!("emulated-{:08}", self.minted)));
        let authentication = json!(grant.authentication.to_string());
        match (grant.tenant_id, grant.resource.token_version) {
            (None, _) => {
                put(
                    "iss",
                    json!(format!("{}/adfs/services/trust", self.authority)),
                );
                put("aud", json!(grant.audience));
                put("appid", json!(grant.client_id));
                put("ver", json!("1.0"));
            }
            (Some(tenant), TokenVersion::V1) => {
                let issuer = v1_issuer(tenant);
                put("idp", json!(issuer));
                put("iss", json!(issuer));
                put("aud", json!(grant.audience));
                put("appid", json!(grant.client_id));
                put("appidacr", authentication);
                put("ver", json!("1.0"));
            }
            (Some(tenant), TokenVersion::V2) => {
                put("iss", json!(self.v2_issuer(tenant)));
                put("aud", json!(grant.resource.application_id));
                put("azp", json!(grant.client_id));
                put("azpacr", authentication);
                put("ver", json!("2.0"));
            }
        }
        if let Some(tenant) = grant.tenant_id {
            put("tid", json!(tenant));
            put("oid", json!(grant.object_id));
            put("sub", json!(grant.object_id));
            put("idtyp", json!("app"));
        }
        if grant.handles_challenges {
            put("xms_cc", json!(["CP1"]));
        }
        if let Some(resource_id) = grant.managed_identity {
            put("xms_mirid", json!(resource_id));
        }
        claims
    }

    /// The issuer of version 2 tokens.
    pub(crate) fn v2_issuer(&self, tenant: &str) -> String {
        format!("{}/{tenant}/v2.0", self.authority)
    }
}

/// The issuer of version 1 tokens, the same in front of every authority host.
pub(crate) fn v1_issuer(tenant: &str) -> String {
    format!("https://sts.windows.net/{tenant}/")
}
