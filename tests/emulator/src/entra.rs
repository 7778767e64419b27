//! A model of Microsoft Entra's token service.
//!
//! | path | what answers |
//! |---|---|
//! | `/{tenant}/oauth2/v2.0/token`, `/adfs/oauth2/token` | the token endpoint |
//! | `/{tenant}[/v2.0]/.well-known/openid-configuration`, `/adfs/.well-known/…` | OpenID discovery |
//! | `/{tenant}/discovery[/v2.0]/keys`, `/adfs/discovery/keys` | the public keys |
//! | `/common/discovery/instance` | instance discovery |
//! | `/{tenant}/oauth2/v2.0/authorize` | the sign-in page |
//! | `/{tenant}/oauth2/v2.0/devicecode`, `/devicelogin` | device codes, and the page that takes them |
//! | `/common/UserRealm/{user name}` | user realm discovery |
//!
//! A slash at the end of a path and a query on it change nothing, since there are clients that send
//! them.

mod assertion;
mod certificate;
mod client;
mod desk;
mod discovery;
mod endpoint;
mod nested;
mod on_behalf_of;
mod refusal;
mod scope;
mod tenant;
mod token;
mod trace;
mod used;
mod user;

use crate::answer;
use crate::directory::Directory;
use crate::fields::Fields;
use crate::keys::SigningKey;
use crate::mint::Mint;
use crate::record::{Outcome, RepeatedAssertion};
use desk::Desk;
use endpoint::Endpoint;
use http::{Request, Response, StatusCode, header};
use refusal::Refusal;
use serde_json::json;
use trace::Trace;
use used::UsedAssertions;
pub use user::Landing;
use user::{Front, UserFlows};

/// What a resource-less origin is called until [`Entra::set_authority`] says better.
const PUBLIC_CLOUD: &str = "https://login.microsoftonline.com";

/// The token service of all tenants in a [`Directory`].
#[derive(Debug)]
pub struct Entra {
    directory: Directory,
    mint: Mint,
    used: UsedAssertions,
    users: UserFlows,
    shares_tokens: bool,
    served: u64,
}

/// Which token service a path belongs to.
#[derive(Clone, Copy)]
enum Service<'a> {
    Tenant(&'a str),
    Adfs,
}

impl Entra {
    /// Serves `directory`; `key` signs the access tokens. The authority is the public cloud's.
    pub fn new(directory: Directory, key: SigningKey) -> Entra {
        Entra {
            directory,
            users: UserFlows::new(key.key_id()),
            mint: Mint::new(key, PUBLIC_CLOUD),
            used: UsedAssertions::default(),
            shares_tokens: false,
            served: 0,
        }
    }

    /// Names the origin that documents and version 2 tokens carry.
    pub fn set_authority(&mut self, origin: &str) {
        self.mint.set_authority(origin);
    }

    /// The origin that documents and version 2 tokens carry.
    pub(crate) fn authority(&self) -> &str {
        &self.mint.authority
    }

    /// The keys that access tokens can be checked with, as a JSON Web Key Set.
    pub(crate) fn published_keys(&self) -> String {
        discovery::key_set(&self.mint).to_string()
    }

    /// What the service knows.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// What the service knows, to change it between two requests.
    pub fn directory_mut(&mut self) -> &mut Directory {
        &mut self.directory
    }

    /// Refuses an assertion whose `jti` was used before. By default it is only marked in the log
    /// ([`crate::RequestRecord::repeated_assertion`]), since Entra is not known to refuse it.
    pub fn refuse_repeated_assertions(&mut self, refuse: bool) {
        self.used.refuses_repeated = refuse;
    }

    /// Lets pages of any origin read whatever the token endpoint answers, so that every credential
    /// can be tested in a browser. Entra does not: it shows pages only what is about a code, or a
    /// refresh token, of a redirect URI for single-page applications.
    pub fn share_tokens_with_pages(&mut self, share: bool) {
        self.shares_tokens = share;
    }

    /// The access token with which a user, by object id, would call an application, by client id:
    /// what the application then sends as the assertion of an on-behalf-of request. Nothing if no
    /// tenant has both.
    pub fn user_token(
        &mut self,
        user: &str,
        application: &str,
        now_unix_seconds: u64,
    ) -> Option<String> {
        self.directory.tenants.iter().find_map(|tenant| {
            let (user, application) = tenant.user(user).zip(tenant.application(application))?;
            let mint = &mut self.mint;
            let token = on_behalf_of::user_token(mint, tenant, user, application, now_unix_seconds);
            Some(token)
        })
    }

    /// Answers one request.
    pub fn handle(
        &mut self,
        request: &Request<Vec<u8>>,
        now_unix_seconds: u64,
    ) -> Response<Vec<u8>> {
        self.served += 1;
        let trace = Trace::new(request, self.served, now_unix_seconds);
        let mut response = match leaked_credential(request) {
            Some(field) => leak(field),
            None => self.route(request, now_unix_seconds, &trace),
        };
        trace.mark(&mut response);
        if self.used.take_repeated() {
            response.extensions_mut().insert(RepeatedAssertion);
        }
        response
    }

    fn route(&mut self, request: &Request<Vec<u8>>, now: u64, trace: &Trace) -> Response<Vec<u8>> {
        let path = request.uri().path().trim_matches('/').to_owned();
        let (first, rest) = path.split_once('/').unwrap_or((&path, ""));
        let adfs = first.eq_ignore_ascii_case("adfs");
        let service = if adfs {
            Service::Adfs
        } else {
            Service::Tenant(first)
        };
        let mut is_shared = false;
        let result = match (adfs, rest) {
            (false, "oauth2/v2.0/token") | (true, "oauth2/token") => {
                let endpoint = Endpoint::new(request, &self.mint.authority);
                let mut desk = Desk {
                    directory: &self.directory,
                    mint: &mut self.mint,
                    used: &mut self.used,
                    users: &mut self.users,
                    has_origin: request.headers().contains_key(header::ORIGIN),
                    is_shared: self.shares_tokens,
                    service,
                    endpoint,
                    now,
                };
                let answer = token::answer(&mut desk, request);
                is_shared = desk.is_shared;
                answer
            }
            (false, "v2.0/.well-known/openid-configuration") => {
                discovery::tenant_configuration(&self.directory, &self.mint, first, "/v2.0")
            }
            (false, ".well-known/openid-configuration") => {
                discovery::tenant_configuration(&self.directory, &self.mint, first, "")
            }
            (true, ".well-known/openid-configuration") => {
                Ok(discovery::adfs_configuration(&self.mint))
            }
            (false, "discovery/v2.0/keys" | "discovery/keys") | (true, "discovery/keys") => {
                Ok(discovery::keys(&self.mint))
            }
            (false, "discovery/instance") if first == "common" => {
                discovery::instance(&self.mint, request)
            }
            _ => {
                let mut front = Front {
                    directory: &self.directory,
                    flows: &mut self.users,
                    authority: &self.mint.authority,
                    trace,
                    now,
                };
                route_user(&mut front, request, first, rest)
            }
        };
        let mut response = result.unwrap_or_else(|refusal: Refusal| match service {
            Service::Tenant(_) => refusal.answer(trace),
            Service::Adfs => refusal.answer_as_adfs(),
        });
        if is_shared {
            answer::share_with_pages(&mut response);
        }
        response
    }
}

/// The endpoints that users come to, or that their programs come to before them.
fn route_user(
    front: &mut Front<'_>,
    request: &Request<Vec<u8>>,
    first: &str,
    rest: &str,
) -> Result<Response<Vec<u8>>, Refusal> {
    match (first.to_ascii_lowercase().as_str(), rest) {
        (user::DEVICE_PAGE, "") => Ok(user::device_page(front, request)),
        ("adfs", _) => Ok(answer::not_found()),
        (_, "oauth2/v2.0/authorize") => Ok(user::authorize(front, first, request)),
        (_, "oauth2/v2.0/devicecode") => user::device_code(front, first, request),
        ("common", rest) => match rest.split_once('/') {
            Some((word, name)) if word.eq_ignore_ascii_case("userrealm") => {
                user::realm(front, name, request)
            }
            _ => Ok(answer::not_found()),
        },
        _ => Ok(answer::not_found()),
    }
}

/// The name of a credential in the query, where every log on the way would keep it.
fn leaked_credential(request: &Request<Vec<u8>>) -> Option<&'static str> {
    let query = Fields::of_query(request.uri()).unwrap_or_default();
    [
        "client_secret",
        "client_assertion",
        "assertion",
        "password",
        "refresh_token",
        "code",
        "code_verifier",
        "device_code",
    ]
    .into_iter()
    .find(|name| query.has(name))
}

fn leak(field: &str) -> Response<Vec<u8>> {
    answer::json(
        StatusCode::BAD_REQUEST,
        &json!({
            "error": "invalid_request",
            "error_description": format!("The query must not carry '{field}'."),
        }),
        Outcome::Leak(field.to_owned()),
    )
}
