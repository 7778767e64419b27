//! What the page and the worker of the browser test can do. Each function answers a token, or
//! throws what the error says.

pub mod exchange;

use azid_core::effect::{CallbackId, KeyHandle, ResponseMode};
use azid_core::{
    Authority, AuthorizationCodeCredential, AuthorizationRequest, CertificateProof,
    ClientCertificate, ClientCertificateCredential, ClientSecretCredential, Credential,
    Environment, Error, ManagedIdentityCredential, Secret, TokenRequest,
};
use azid_wasm::{TokenProvider, WebHost, new_seed};
use js_sys::Array;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};
use web_sys::CryptoKey;

/// Who asks whom for what.
#[wasm_bindgen]
#[derive(Clone, Debug)]
pub struct Setting {
    authority: String,
    tenant: String,
    client: String,
    scope: String,
}

#[wasm_bindgen]
impl Setting {
    /// The authority's origin, the tenant, the client id and the scope.
    #[wasm_bindgen(constructor)]
    pub fn new(authority: String, tenant: String, client: String, scope: String) -> Self {
        Self {
            authority,
            tenant,
            client,
            scope,
        }
    }

    /// By a client secret, three times at once: one run.
    pub async fn by_secret(self, secret: String) -> Result<String, JsError> {
        let credential = ClientSecretCredential::new(&self.tenant, &self.client, secret)?;
        let credential = credential.authority(self.authority()?);
        let provider = TokenProvider::on(WebHost::new(), credential);
        let scopes = [self.scope.as_str()];
        let callers = [provider.get_token(&scopes), provider.get_token(&scopes)];
        let token = provider.get_token(&scopes).await?;
        for caller in callers {
            if caller.await?.expose() != token.expose() {
                return Err(JsError::new("the callers did not share a run"));
            }
        }
        Ok(token.expose().to_owned())
    }

    /// By a certificate, whose key WebCrypto keeps and signs with.
    pub async fn by_key(
        self,
        leaf: Vec<u8>,
        key: CryptoKey,
        use_rs256: bool,
    ) -> Result<String, JsError> {
        let name = CallbackId::new("key");
        let certificate = ClientCertificate::new([leaf], KeyHandle::Named(name.clone()))?;
        let mut proof = CertificateProof::from(certificate);
        if use_rs256 {
            proof = proof.use_rs256();
        }
        let credential = ClientCertificateCredential::new(&self.tenant, &self.client, proof)?;
        let credential = credential.authority(self.authority()?);
        self.get(WebHost::new().signing_key(name, key), credential)
            .await
    }

    /// By the managed identity of a machine, which no page is on.
    pub async fn by_managed_identity(self) -> Result<String, JsError> {
        self.get(WebHost::new(), ManagedIdentityCredential::new())
            .await
    }

    /// Where to send a person to sign in, and what to keep until they come back to `page`.
    pub fn sign_in(self, page: String) -> Result<Array, JsError> {
        let request = self.authorization(page)?;
        let wanted = TokenRequest::new([self.scope.as_str()]);
        let (url, session) = request.begin(&wanted, new_seed()?, &Environment::default())?;
        let kept = session.to_stored().expose().to_owned();
        Ok([url.to_string(), kept].map(JsValue::from).iter().collect())
    }

    /// By the query that a person came back to `page` with.
    pub async fn by_code(
        self,
        page: String,
        kept: String,
        query: String,
    ) -> Result<String, JsError> {
        let session = self.authorization(page)?.resume(&Secret::new(kept))?;
        let credential = AuthorizationCodeCredential::new(session, query.as_bytes())?;
        self.get(WebHost::new(), credential).await
    }

    fn authority(&self) -> Result<Authority, JsError> {
        Ok(Authority::new(&self.authority)?)
    }

    fn authorization(&self, page: String) -> Result<AuthorizationRequest, JsError> {
        let request = AuthorizationRequest::new(&self.tenant, &self.client, page)?;
        let request = request.authority(self.authority()?);
        Ok(request.response_mode(ResponseMode::Query))
    }

    async fn get(
        &self,
        host: WebHost,
        credential: impl Credential + 'static,
    ) -> Result<String, JsError> {
        let provider = TokenProvider::on(host, credential);
        let token: Result<_, Error> = provider.get_token(&[&self.scope]).await;
        Ok(token?.expose().to_owned())
    }
}
