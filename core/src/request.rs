//! What is asked of a credential: scopes, and how.

use serde::{Deserialize, Serialize};

use crate::error::{Invalid, What};
use crate::json::read_object;
use crate::oauth::claims;

/// A request for one token.
///
/// It is checked when a run starts, so that building one needs no error handling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct TokenRequest {
    scopes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cae: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    /// The claims as they are sent. They are made when they are asked for, so that programs which
    /// never do have none of the code.
    #[serde(skip)]
    parameter: Option<String>,
}

#[derive(Deserialize)]
struct Stored {
    scopes: Vec<String>,
    claims: Option<String>,
    #[serde(default)]
    cae: bool,
    tenant: Option<String>,
}

impl From<Stored> for TokenRequest {
    fn from(stored: Stored) -> Self {
        let request = Self {
            claims: stored.claims,
            cae: stored.cae,
            tenant: stored.tenant,
            ..Self::new(stored.scopes)
        };
        request.with_parameter()
    }
}

impl TokenRequest {
    /// A token for these scopes, all of one resource. An application asks for exactly
    /// `{resource}/.default`.
    pub fn new<S: Into<String>>(scopes: impl IntoIterator<Item = S>) -> Self {
        Self {
            scopes: scopes.into_iter().map(Into::into).collect(),
            claims: None,
            cae: false,
            tenant: None,
            parameter: None,
        }
    }

    /// Sends these claims: the JSON text of a claims challenge, not its base64.
    ///
    /// Such a request passes the cached token by, since that is what was challenged; the token that it
    /// brings takes its place in the cache, whichever of the two expires sooner.
    pub fn claims(mut self, json: impl Into<String>) -> Self {
        self.claims = Some(json.into());
        self.with_parameter()
    }

    /// Says that the application handles challenges of continuous access evaluation; its tokens
    /// live longer for that.
    pub fn enable_cae(mut self) -> Self {
        self.cae = true;
        self.with_parameter()
    }

    /// Asks another tenant than the credential's own, which must allow it.
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// The scopes, as given.
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// The claims, as given.
    pub fn claims_json(&self) -> Option<&str> {
        self.claims.as_deref()
    }

    /// The claims as they are sent, with the capability that CAE calls for.
    pub(crate) fn claims_parameter(&self) -> Option<&str> {
        self.parameter.as_deref()
    }

    fn with_parameter(mut self) -> Self {
        self.parameter = claims(&self);
        self
    }

    /// Whether the application handles challenges of continuous access evaluation.
    pub fn wants_cae(&self) -> bool {
        self.cae
    }

    /// The tenant to ask instead of the credential's own.
    pub fn other_tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// The resource of the only scope, as endpoints of the first version name it: the scope
    /// without one trailing `/.default`.
    ///
    /// # Errors
    ///
    /// There is more than one scope.
    pub fn resource(&self) -> Result<&str, Invalid> {
        match self.scopes.as_slice() {
            [scope] => Ok(scope.strip_suffix("/.default").unwrap_or(scope)),
            scopes => Err(Invalid::new(
                What::Scopes,
                format!("exactly one is possible here, not {}", scopes.len()),
            )),
        }
    }

    pub(crate) fn check(&self) -> Result<(), Invalid> {
        if self.scopes.is_empty() {
            return Err(Invalid::new(What::Scopes, "name at least one"));
        }
        if self
            .scopes
            .iter()
            .any(|scope| scope.is_empty() || !is_scope(scope))
        {
            let why =
                "each is one word of visible ASCII, such as `https://vault.azure.net/.default`";
            return Err(Invalid::new(What::Scopes, why));
        }
        if let Some(claims) = &self.claims {
            read_object(claims.as_bytes())
                .ok_or_else(|| Invalid::new(What::Claims, "they must be a JSON object"))?;
        }
        Ok(())
    }
}

/// RFC 6749 appendix A.4.
fn is_scope(text: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_graphic() & (byte != b'"') & (byte != b'\\');
    // Without a way out of the loop many bytes are looked at in one instruction.
    text.bytes()
        .fold(true, |so_far, byte| so_far & is_fit(byte))
}
