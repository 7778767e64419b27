//! A sign-in whose answer comes to another process than the one that began it.

use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use super::check_scopes;
use super::options::{AuthorizationOptions, hint_options};
use crate::client::{Application, application_options, with_sign_in};
use crate::effect::{AuthorizeAnswer, ResponseMode};
use crate::entropy::{Entropy, Seed};
use crate::environment::Environment;
use crate::error::{Cause, Error, ErrorKind, Invalid, What};
use crate::oauth::{NoAnswer, ServiceError, pkce, read_answer};
use crate::request::TokenRequest;
use crate::secret::Secret;
use crate::tenant::TenantId;
use crate::transcript::Redactor;
use crate::user::SignInFault;

/// Sends people to sign in to a web application (RFC 6749 section 4.1.1), always with PKCE by the
/// method `S256` (RFC 7636) and with a nonce.
///
/// ```
/// use azid_core::{AuthorizationCodeCredential, AuthorizationRequest, ClientSecret};
/// use azid_core::{Environment, Seed, TokenRequest};
///
/// # fn seed() -> Seed { Seed::new([7; 32]) }
/// # fn answer_to(url: &url::Url) -> String {
/// #     let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1;
/// #     format!("code=c0de&state={state}")
/// # }
/// let request = AuthorizationRequest::new("contoso.com", "app-id", "https://app.example/signed-in")?;
/// let wanted = TokenRequest::new(["https://graph.microsoft.com/User.Read"]);
/// let (url, session) = request.begin(&wanted, seed(), &Environment::default())?;
///
/// // Redirect the browser to `url`, and keep this in a place that only it leads to, such as an
/// // encrypted and authenticated cookie:
/// let kept = session.to_stored();
///
/// // In whichever process gets the form that the browser posts to the redirect URI, with a
/// // request that was built alike:
/// let session = request.resume(&kept)?;
/// let form = answer_to(&url);
/// let credential = AuthorizationCodeCredential::new(session, form.as_bytes())?
///     .client_credential(ClientSecret::from("s3cret"))?;
/// # Ok::<_, azid_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct AuthorizationRequest {
    application: Application,
    redirect_uri: String,
    response_mode: ResponseMode,
    authorization: AuthorizationOptions,
}

/// A sign-in under way: everything that whoever gets the answer must know.
///
/// Keep it by [`to_stored`](Self::to_stored), and go on by [`AuthorizationRequest::resume`]. There
/// is no other way from stored bytes to a session: these would say where a client secret goes.
///
/// ```compile_fail,E0277
/// fn stored(bytes: &[u8]) -> azid_core::AuthorizationSession {
///     serde_json::from_slice(bytes).unwrap()
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct AuthorizationSession(pub(crate) SessionData);

/// What a session knows, as a transcript has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionData {
    pub(crate) application: Application,
    /// What tells it from others: a digest of the verifier, so that nobody takes another's place
    /// who does not know that.
    pub(crate) id: String,
    pub(crate) redirect_uri: String,
    pub(crate) request: TokenRequest,
    pub(crate) state: Secret,
    pub(crate) nonce: Secret,
    pub(crate) verifier: Secret,
}

/// No answer of a sign-in page is longer.
const MOST_BYTES: usize = 64 * 1024;

impl AuthorizationRequest {
    /// Sign-ins to an application of the public cloud, whose answers come to this redirect URI,
    /// which is exactly one that the application is registered with, and is sent as it is here.
    ///
    /// # Errors
    ///
    /// The tenant or the client id is malformed, or the redirect URI is neither an https URL nor
    /// one of this machine.
    pub fn new(
        tenant: impl Into<String>,
        client_id: impl Into<String>,
        redirect_uri: impl Into<String>,
    ) -> Result<Self, Invalid> {
        let invalid = |why| Invalid::new(What::RedirectUri, why);
        let redirect_uri = redirect_uri.into();
        let url = Url::parse(&redirect_uri).map_err(|_| invalid("it must be a URL"))?;
        if redirect_uri.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(invalid("it must have no white space")); // which `Url` passes over
        }
        let is_near = matches!(url.host_str(), Some("localhost" | "127.0.0.1"));
        if url.scheme() != "https" && !(url.scheme() == "http" && is_near) {
            return Err(invalid("its scheme must be https, except on localhost"));
        }
        if url.fragment().is_some() {
            return Err(invalid("it must have no fragment"));
        }
        Ok(Self {
            application: Application::new(tenant, client_id)?,
            redirect_uri,
            response_mode: ResponseMode::default(),
            authorization: AuthorizationOptions::default(),
        })
    }

    application_options!();
    hint_options!();

    /// Says how the answer comes: in a form, unless it must be a query, which stays in the
    /// browser's history and in the logs of whatever is in between.
    pub fn response_mode(mut self, response_mode: ResponseMode) -> Self {
        self.response_mode = response_mode;
        self
    }

    /// The page to send a person to, and the session that tells their answer from others'. The
    /// seed is for this sign-in alone: whoever knows it can forge the answer. The environment says
    /// whether another tenant than the application's own may be asked for at all:
    /// `AZURE_IDENTITY_DISABLE_MULTITENANTAUTH`.
    ///
    /// # Errors
    ///
    /// The request is not valid, or asks for a tenant that is not allowed.
    pub fn begin(
        &self,
        request: &TokenRequest,
        seed: Seed,
        environment: &Environment,
    ) -> Result<(Url, AuthorizationSession), Invalid> {
        let secrets = SignInSecrets::draw(&mut Entropy::new(seed));
        let session = self.session(request.clone(), secrets.clone(), environment)?;
        let application = &session.0.application;
        let mut url = authorize_url(application, &application.tenant, request, &secrets);
        self.authorization.fill(&mut url, None);
        url.query_pairs_mut()
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("response_mode", self.response_mode.as_str())
            .append_pair("state", secrets.state.expose());
        Ok((url, session))
    }

    /// The session that [`to_stored`](AuthorizationSession::to_stored) wrote, of a request like
    /// this one. The authority, the application and the redirect URI are this request's, so that
    /// what was stored has no say in where secrets are sent.
    ///
    /// # Errors
    ///
    /// It is no such session, or is for a tenant that is not allowed.
    pub fn resume(&self, stored: &Secret) -> Result<AuthorizationSession, Invalid> {
        let invalid = || Invalid::new(What::Session, "it is not what a session was stored as");
        let stored: Stored = serde_json::from_str(stored.expose()).map_err(|_| invalid())?;
        let secrets = SignInSecrets {
            state: stored.state,
            nonce: stored.nonce,
            verifier: stored.verifier,
        };
        let drawn = [&secrets.state, &secrets.nonce, &secrets.verifier];
        if drawn.iter().any(|secret| secret.expose().len() < 43) {
            return Err(invalid()); // 32 random bytes, or what an accident left of them
        }
        self.session(stored.request, secrets, &Environment::default())
    }

    fn session(
        &self,
        request: TokenRequest,
        secrets: SignInSecrets,
        environment: &Environment,
    ) -> Result<AuthorizationSession, Invalid> {
        request.check()?;
        check_scopes(&request)?;
        let application = self.application.clone();
        // A code is redeemed where it was given.
        let tenant = application.additionally_allowed_tenants.resolve(
            &application.tenant,
            &request,
            environment,
        )?;
        // Whoever resumes it asks for the tenant that was settled on, whatever the variables say.
        let request = match request.other_tenant() {
            Some(_) => request.tenant(tenant.as_str()),
            None => request,
        };
        Ok(AuthorizationSession(SessionData {
            application: Application {
                tenant,
                ..application
            },
            id: pkce::challenge(&secrets.verifier),
            redirect_uri: self.redirect_uri.clone(),
            request,
            state: secrets.state,
            nonce: secrets.nonce,
            verifier: secrets.verifier,
        }))
    }
}

/// What of a session differs from one to the next.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    request: TokenRequest,
    state: Secret,
    nonce: Secret,
    verifier: Secret,
}

/// What a sign-in is told from others by.
#[derive(Clone)]
pub(crate) struct SignInSecrets {
    pub(crate) state: Secret,
    pub(crate) nonce: Secret,
    pub(crate) verifier: Secret,
}

impl SignInSecrets {
    pub(crate) fn draw(entropy: &mut Entropy) -> Self {
        let mut next = || Secret::new(entropy.url_safe());
        Self {
            state: next(),
            nonce: next(),
            verifier: next(),
        }
    }
}

/// The authorization endpoint with what is the same for every redirect.
pub(crate) fn authorize_url(
    application: &Application,
    tenant: &TenantId,
    request: &TokenRequest,
    secrets: &SignInSecrets,
) -> Url {
    let mut url = application.authority.authorization_endpoint(tenant);
    let mut query = url.query_pairs_mut();
    query
        .append_pair("client_id", application.client_id.as_str())
        .append_pair("response_type", "code")
        .append_pair("scope", &with_sign_in(request.scopes()))
        .append_pair("code_challenge", &pkce::challenge(&secrets.verifier))
        .append_pair("code_challenge_method", "S256")
        .append_pair("nonce", secrets.nonce.expose())
        .append_pair("client_info", "1");
    if let Some(claims) = request.claims_parameter() {
        query.append_pair("claims", claims);
    }
    drop(query);
    url
}

impl AuthorizationSession {
    /// The value that the answer repeats, which tells whose session it belongs to.
    pub fn state(&self) -> &Secret {
        &self.0.state
    }

    /// What the person was sent to sign in for.
    pub fn request(&self) -> &TokenRequest {
        &self.0.request
    }

    /// What is the session's own as JSON, its secrets included, for
    /// [`resume`](AuthorizationRequest::resume).
    ///
    /// Whoever reads it, and gets hold of the answer too, can sign in as the person. Whoever can
    /// write it can sign the person in as somebody else, so the place that keeps it must tell when
    /// it was changed: the memory of the server, or a cookie that is encrypted and authenticated.
    /// It is of no use once the code is redeemed.
    pub fn to_stored(&self) -> Secret {
        let SessionData {
            request,
            state,
            nonce,
            verifier,
            ..
        } = &self.0;
        let stored = json!({
            "request": request,
            "state": state.expose(),
            "nonce": nonce.expose(),
            "verifier": verifier.expose(),
        });
        Secret::new(stored.to_string())
    }
}

impl SessionData {
    /// The code in the parameters of an answer.
    pub(crate) fn read_code(
        &self,
        parameters: &[u8],
        credential: &'static str,
    ) -> Result<Secret, Error> {
        let failed = |cause: Cause| Err(Error::of(ErrorKind::Failed, credential, cause));
        let wrong = |fault| {
            failed(Cause::SignIn {
                fault,
                service: None,
            })
        };
        if parameters.len() > MOST_BYTES {
            return wrong(SignInFault::UnreadableAnswer("it is too long"));
        }
        match read_answer(parameters, &self.state) {
            Ok(AuthorizeAnswer::Code(code)) => Ok(code),
            Ok(AuthorizeAnswer::Denied { error, description }) => failed(denied(
                &error,
                description.as_str(),
                std::slice::from_ref(&self.state),
            )),
            Err(NoAnswer::OtherState) => wrong(SignInFault::OtherState),
            Err(NoAnswer::Repeated) => {
                wrong(SignInFault::UnreadableAnswer("it says something twice"))
            }
            Err(NoAnswer::NoCode) => wrong(SignInFault::UnreadableAnswer("it has no code")),
        }
    }

    pub(crate) fn redacted(&self, redactor: &mut Redactor) -> Self {
        Self {
            state: redactor.secret("state", &self.state),
            nonce: redactor.secret("nonce", &self.nonce),
            verifier: redactor.secret("verifier", &self.verifier),
            ..self.clone()
        }
    }
}

/// What an error on a redirect means.
pub(crate) fn denied(error: &str, description: &str, secrets: &[Secret]) -> Cause {
    let service = ServiceError::on_redirect(error, description, secrets);
    if service.error() == "access_denied" {
        return Cause::SignIn {
            fault: SignInFault::Declined,
            service: Some(Box::new(service)),
        };
    }
    service.into()
}
