//! Where a case's requests may go, and which of its secrets may go where.

use azid_core::Environment;
use azid_core::effect::HttpRequest;
use azid_core::testing::Case;
use serde_json::Value;
use url::Url;

/// The variables by which a host names its endpoints for managed identities.
const METADATA: [&str; 2] = ["IDENTITY_ENDPOINT", "MSI_ENDPOINT"];

/// The variables with a secret that one endpoint alone may see, each with the variable of that one.
const TICKETS: [(&str, &str); 4] = [
    ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", RUNNER),
    ("IDENTITY_HEADER", "IDENTITY_ENDPOINT"),
    ("MSI_SECRET", "MSI_ENDPOINT"),
    ("SYSTEM_ACCESSTOKEN", PIPELINE),
];

/// The variables with a secret that is for the token service alone.
const PROOFS: [&str; 2] = ["AZURE_CLIENT_SECRET", "AZURE_PASSWORD"];

const PIPELINE: &str = "SYSTEM_OIDCREQUESTURI";
const RUNNER: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const TOKEN_PROXY: &str = "AZURE_KUBERNETES_TOKEN_PROXY";
const ARC_AGENT: &str = "http://127.0.0.1:40342";
const PUBLIC_CLOUD: &str = "https://login.microsoftonline.com";

/// Whom a case may ask, by how it is configured and by nothing else.
#[derive(Debug)]
pub(crate) struct Destinations {
    environment: Environment,
    credential: Value,
    /// The token services.
    authorities: Vec<Url>,
    /// What is on the host itself, and may be asked in clear.
    metadata: Vec<Url>,
    /// What stands between a workload and the token service, and whom jobs ask about themselves.
    others: Vec<Url>,
}

impl Destinations {
    pub(crate) fn of(case: &Case) -> Self {
        let environment = Environment::from_pairs(case.environment.clone());
        let credential = serde_json::to_value(&case.credential).expect("it serialises");
        let named = |name: &str| environment.get(name).and_then(|it| Url::parse(it).ok());
        let authority = environment.get("AZURE_AUTHORITY_HOST");
        let authorities = texts(&credential, "authority").into_iter();
        let authorities = authorities.chain([authority.unwrap_or(PUBLIC_CLOUD)]);
        let service = match environment.get("AZURE_POD_IDENTITY_AUTHORITY_HOST") {
            Some(service) => Url::parse(service).ok(),
            None => Some(url("http://169.254.169.254")),
        };
        let metadata = METADATA.into_iter().filter_map(named).chain(service);
        let others = [PIPELINE, RUNNER, TOKEN_PROXY];
        Self {
            authorities: authorities.filter_map(authority_of).collect(),
            metadata: metadata.chain([url(ARC_AGENT)]).collect(),
            others: others.into_iter().filter_map(named).collect(),
            environment,
            credential,
        }
    }

    /// Panics unless a request goes where the case is configured to ask, over TLS unless that is on
    /// the host, and each of its secrets is for whoever is there.
    pub(crate) fn check(&self, request: &HttpRequest) {
        let url = &request.url;
        let is_metadata = is_among(&self.metadata, url);
        // A cloud knows of the others: it is asked about them, and told nothing.
        let is_discovery =
            is_among(&[self::url(PUBLIC_CLOUD)], url) && request.secrets().is_empty();
        assert!(
            is_metadata || is_discovery || self.is_authority(url) || is_among(&self.others, url),
            "{url} is nowhere in {self:?}"
        );
        let may_be_in_clear = is_metadata && request.requirements.plain_http;
        assert!(url.scheme() == "https" || may_be_in_clear, "{url}");
        for secret in request.secrets() {
            self.check_secret(secret.expose(), url);
        }
    }

    /// Panics unless people are sent to a token service, over TLS.
    pub(crate) fn check_page(&self, page: &Url) {
        assert!(self.is_authority(page), "{page} is nowhere in {self:?}");
        assert_eq!(page.scheme(), "https", "{page}");
    }

    /// A secret of the environment is for those whom it is known to be for; any other one is for the
    /// token service, or for the agent of Azure Arc, whose keys are in files.
    fn check_secret(&self, secret: &str, url: &Url) {
        let is = |name: &str| {
            let value = self.environment.get(name);
            value.is_some_and(|value| value.trim() == secret.trim())
        };
        let tickets = TICKETS.iter().filter(|(name, _)| is(name));
        let mut endpoints: Vec<_> = tickets.map(|(_, endpoint)| *endpoint).collect();
        let is_proof = PROOFS.into_iter().any(is);
        let is_known = is_proof || !endpoints.is_empty();
        if !is_known {
            endpoints.push(TOKEN_PROXY);
            let is_arc = self.environment.get("IMDS_ENDPOINT").is_some();
            endpoints.extend(is_arc.then_some("IDENTITY_ENDPOINT"));
        }
        if !texts(&self.credential, "system_access_token").is_empty() {
            endpoints.push(PIPELINE);
        }
        let named = endpoints
            .into_iter()
            .filter_map(|it| Url::parse(self.environment.get(it)?).ok());
        let named: Vec<_> = named.collect();
        let is_for_arc = !is_known && is_among(&[self::url(ARC_AGENT)], url);
        let is_for_authority = (is_proof || !is_known) && self.is_authority(url);
        assert!(
            is_for_authority || is_for_arc || is_among(&named, url),
            "a secret for somebody else went to {url}"
        );
    }

    fn is_authority(&self, url: &Url) -> bool {
        let global = self.global(url);
        let mut all = [Some(url), global.as_ref()].into_iter().flatten();
        all.any(|url| is_among(&self.authorities, url))
    }

    /// The token service whose regional one a token request is for: one label less, which is the
    /// region that the credential names, or any where it is to find out its region. The public
    /// cloud has a name of its own there.
    fn global(&self, url: &Url) -> Option<Url> {
        let by_variable = ["AZURE_REGIONAL_AUTHORITY_NAME", "MSAL_FORCE_REGION"];
        let by_variable = by_variable
            .into_iter()
            .filter_map(|name| self.environment.get(name));
        let (region, global) = url.host_str()?.split_once('.')?;
        let mut regions = texts(&self.credential, "region")
            .into_iter()
            .chain(by_variable);
        let is_its_region = regions.any(|wanted| {
            let wanted = wanted.trim();
            let is_found_out = ["tryautodetect", "true"].contains(&&*wanted.to_ascii_lowercase());
            region.eq_ignore_ascii_case(wanted)
                || (is_found_out && region.starts_with(|first: char| first.is_ascii_lowercase()))
        });
        let global = match global {
            "login.microsoft.com" => "login.microsoftonline.com",
            other => other,
        };
        let mut of_all = url.clone();
        of_all.set_host(Some(global)).ok()?;
        (url.path().ends_with("/oauth2/v2.0/token") && is_its_region).then_some(of_all)
    }
}

/// The texts in a configuration that have this name, however deep they are. Secrets are placeholders
/// there.
fn texts<'a>(value: &'a Value, name: &str) -> Vec<&'a str> {
    match value {
        Value::Array(items) => items.iter().flat_map(|item| texts(item, name)).collect(),
        Value::Object(members) => {
            let of_member = |(member, value): (&'a String, &'a Value)| match value {
                Value::String(text) if member == name => vec![&**text],
                value => texts(value, name),
            };
            members.iter().flat_map(of_member).collect()
        }
        _ => Vec::new(),
    }
}

fn is_among(all: &[Url], url: &Url) -> bool {
    all.iter().any(|it| it.origin() == url.origin())
}

/// A host by its name alone is one that is asked over TLS.
fn authority_of(text: &str) -> Option<Url> {
    let text = text.trim();
    let named = Url::parse(text).ok().filter(Url::has_host);
    named.or_else(|| Url::parse(&format!("https://{text}")).ok())
}

fn url(text: &str) -> Url {
    Url::parse(text).expect("the addresses here are valid")
}
