//! The token proxy of AKS identity binding: which way to Entra a cluster wants its workloads to go.

use std::fmt;

use url::Url;

use crate::client::{Exchange, read_or_fail};
use crate::context::Context;
use crate::effect::{HttpFailure, Requirements, Roots, Tls, endpoint};
use crate::environment::Environment;
use crate::error::{Cause, Error, Fault, Invalid, What};
use crate::memory::{Fact, MemoryChange};
use crate::moves::Next;
use crate::pem::certificates;

const PROXY: &str = "AZURE_KUBERNETES_TOKEN_PROXY";
const SERVER_NAME: &str = "AZURE_KUBERNETES_SNI_NAME";
const CA_FILE: &str = "AZURE_KUBERNETES_CA_FILE";
const CA_DATA: &str = "AZURE_KUBERNETES_CA_DATA";

/// The longest file of root certificates; those of a whole system have about 220 KB.
const MOST_BYTES: usize = 512 * 1024;

/// A token proxy, and how it proves who it is.
#[derive(Debug)]
pub(super) struct TokenProxy {
    url: Url,
    server_name: Option<String>,
    roots: RootsFrom,
}

#[derive(Debug)]
enum RootsFrom {
    System,
    Text(String),
    File(String),
}

impl TokenProxy {
    /// The token proxy that the variables describe; none if they are all absent.
    pub(super) fn from_environment(environment: &Environment) -> Result<Option<Self>, Invalid> {
        let invalid = |name, why: &str| Err(Invalid::new(What::Variable(name), why));
        let Some(url) = environment.url(PROXY)? else {
            let others = [SERVER_NAME, CA_FILE, CA_DATA];
            return match others.iter().find(|name| environment.get(name).is_some()) {
                Some(name) => invalid(PROXY, &format!("it must be set, since {name} is")),
                None => Ok(None),
            };
        };
        if url.scheme() != "https" {
            return invalid(PROXY, "it must be an absolute https URL");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return invalid(PROXY, "it must not hold a user name or a password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return invalid(PROXY, "it must have no query and no fragment");
        }
        let server_name = environment.get(SERVER_NAME).map(str::to_owned);
        if server_name
            .as_deref()
            .is_some_and(|name| !is_host_name(name))
        {
            return invalid(SERVER_NAME, "it must be a host name");
        }
        let roots = match (environment.get(CA_FILE), environment.get(CA_DATA)) {
            (None, None) => match [CA_FILE, CA_DATA]
                .iter()
                .find(|name| environment.is_blank(name))
            {
                Some(name) => return invalid(name, NO_ROOTS),
                None => RootsFrom::System,
            },
            (Some(path), None) => RootsFrom::File(path.to_owned()),
            (None, Some(text)) => match certificates(text) {
                Some(roots) => RootsFrom::Text(roots),
                None => return invalid(CA_DATA, NOT_CERTIFICATES),
            },
            (Some(_), Some(_)) => {
                let why = format!("{CA_FILE} is set too, and only one of them can count");
                return invalid(CA_DATA, &why);
            }
        };
        Ok(Some(Self {
            url,
            server_name,
            roots,
        }))
    }

    /// Sends an exchange with this endpoint through the proxy.
    pub(super) fn carry(self, exchange: Exchange, endpoint: &Url, cx: &mut Context) -> Next {
        let url = self.address_of(endpoint);
        let server_name = self.server_name;
        let send = move |roots, cx: &mut Context| {
            let requirements = Requirements {
                no_proxy: true,
                tls: Tls {
                    roots,
                    server_name,
                    ..Tls::default()
                },
                ..Requirements::default()
            };
            let explain = |error: Error| error.explained_by(explain);
            exchange.through(url, requirements, explain).begin(cx)
        };
        match self.roots {
            RootsFrom::System => send(Roots::System, cx),
            RootsFrom::Text(roots) => send(Roots::Exclusive(roots), cx),
            RootsFrom::File(path) => {
                read_roots(path, |roots, cx| send(Roots::Exclusive(roots), cx))
            }
        }
    }

    /// The proxy's own path, then that of the endpoint.
    fn address_of(&self, endpoint: &Url) -> Url {
        let mut url = self.url.clone();
        let base = self.url.path().trim_end_matches('/');
        url.set_path(&format!("{base}{}", endpoint.path()));
        url.set_query(endpoint.query());
        url
    }
}

/// Goes on with the roots that a file holds. It is replaced now and then, and may be empty for that
/// moment: what was in it before is as good.
fn read_roots(
    path: String,
    then: impl FnOnce(String, &mut Context) -> Next + Send + 'static,
) -> Next {
    read_or_fail(path, MOST_BYTES, |path, content, cx| {
        let key = format!("root certificates in {path}");
        let known = match cx.memory().recall(&key) {
            Some(Fact::Found(roots)) => Some(roots.clone()),
            _ => None,
        };
        let text = content.trimmed_text();
        if text.as_ref().is_some_and(|text| text.is_empty()) {
            return match known {
                Some(roots) => then(roots, cx),
                None => cx.failed(Cause::FileContent {
                    path,
                    problem: "is empty, and was so whenever it was read".into(),
                }),
            };
        }
        let Some(roots) = text.and_then(|text| certificates(text.expose())) else {
            return cx.failed(Cause::FileContent {
                path,
                problem: NOT_CERTIFICATES_IN_FILE.into(),
            });
        };
        if known.as_ref() != Some(&roots) {
            cx.remember(MemoryChange::Learned {
                key,
                fact: Fact::Found(roots.clone()),
                on: cx.now().timestamp(),
            });
        }
        then(roots, cx)
    })
}

fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

/// What the proxy itself has against a request.
fn explain(cause: &Cause) -> Option<(Fault, &'static str)> {
    let advice = match cause {
        Cause::Http(HttpFailure::Tls(_)) => NOT_TRUSTED,
        Cause::Http(HttpFailure::UnusableRoots(_)) => UNUSABLE,
        Cause::Service(error) if !error.error().is_empty() => return None, // Entra's: it has a name
        cause if matches!(cause.status()?, 401 | 403 | 404) => NOT_BOUND,
        _ => return None,
    };
    Some((Fault::Configuration, advice))
}

const NO_ROOTS: &str =
    "it is set to nothing: name the token proxy's roots, or unset it to trust the system's";

const NOT_CERTIFICATES: &str = "it must hold certificates in PEM form, each of them whole";

const NOT_CERTIFICATES_IN_FILE: &str = "must hold certificates in PEM form, each of them whole";

const NOT_TRUSTED: &str = "see that the AZURE_KUBERNETES_ variables for the roots and for the server's name are those of the token proxy";

const UNUSABLE: &str = "see that AZURE_KUBERNETES_CA_DATA, or the file that AZURE_KUBERNETES_CA_FILE names, holds the root certificates of the token proxy";

const NOT_BOUND: &str = r#"annotate the service account with `azure.workload.identity/use-identity-binding: "true"`, and allow it the verb `use-managed-identity` on this client id in the API group `cid.wi.aks.azure.com`"#;

impl fmt::Display for TokenProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the token proxy {}", endpoint(&self.url))
    }
}
