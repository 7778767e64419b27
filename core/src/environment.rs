//! The environment as a value: a snapshot of the variables that matter here, and of no others.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::error::{Invalid, What};
use crate::secret::Secret;
use crate::sorted::Sorted;
use crate::transcript::is_placeholder;
use crate::variables::Variables;

/// A snapshot of the known variables. An empty variable counts as absent.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// Without a value for those that are set, but to nothing.
    variables: Sorted<&'static str, Option<Secret>>,
}

/// How a variable's value is treated in a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// It is recorded as it is.
    Plain,
    /// Of the certificates that it should hold they alone are recorded: people put the private key
    /// beside them.
    Certificates,
    /// It is replaced by a placeholder.
    Secret,
    /// It says much about the machine and nothing about the run, and is left out.
    Omitted,
}

use Exposure::{Certificates, Omitted, Plain, Secret as Hidden};

/// Every variable that anything here reads, in the order of their bytes.
const KNOWN: &[(&str, Exposure)] = &[
    ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", Hidden),
    ("ACTIONS_ID_TOKEN_REQUEST_URL", Plain),
    ("APPDATA", Omitted),
    ("AZUREPS_HOST_ENVIRONMENT", Plain),
    ("AZURESUBSCRIPTION_CLIENT_ID", Plain),
    ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", Plain),
    ("AZURESUBSCRIPTION_TENANT_ID", Plain),
    ("AZURE_ADDITIONALLY_ALLOWED_TENANTS", Plain),
    ("AZURE_AUTHORITY_HOST", Plain),
    ("AZURE_CLIENT_CERTIFICATE_PASSWORD", Hidden),
    ("AZURE_CLIENT_CERTIFICATE_PATH", Plain),
    ("AZURE_CLIENT_ID", Plain),
    ("AZURE_CLIENT_SECRET", Hidden),
    ("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", Plain),
    ("AZURE_FEDERATED_TOKEN_FILE", Plain),
    ("AZURE_IDENTITY_DISABLE_MULTITENANTAUTH", Plain),
    ("AZURE_KUBERNETES_CA_DATA", Certificates),
    ("AZURE_KUBERNETES_CA_FILE", Plain),
    ("AZURE_KUBERNETES_SNI_NAME", Plain),
    ("AZURE_KUBERNETES_TOKEN_PROXY", Plain),
    ("AZURE_PASSWORD", Hidden),
    ("AZURE_POD_IDENTITY_AUTHORITY_HOST", Plain),
    ("AZURE_REGIONAL_AUTHORITY_NAME", Plain),
    ("AZURE_TENANT_ID", Plain),
    ("AZURE_TOKEN_CREDENTIALS", Plain),
    ("AZURE_USERNAME", Hidden),
    ("DEFAULT_IDENTITY_CLIENT_ID", Plain),
    ("HOME", Omitted),
    ("IDENTITY_API_VERSION", Plain),
    ("IDENTITY_ENDPOINT", Plain),
    ("IDENTITY_HEADER", Hidden),
    ("IDENTITY_SERVER_THUMBPRINT", Plain),
    ("IMDS_ENDPOINT", Plain),
    ("LOCALAPPDATA", Omitted),
    ("MSAL_FORCE_REGION", Plain),
    ("MSI_ENDPOINT", Plain),
    ("MSI_SECRET", Hidden),
    ("PATH", Omitted),
    ("PATHEXT", Omitted),
    ("PROGRAMDATA", Plain),
    ("PROGRAMFILES", Plain),
    ("PROGRAMFILES(X86)", Plain),
    ("REGION_NAME", Plain),
    ("SYSTEMROOT", Plain),
    ("SYSTEM_ACCESSTOKEN", Hidden),
    ("SYSTEM_OIDCREQUESTURI", Plain),
];

/// What proves who somebody is, or who the server is, and does not say it: platforms replace these
/// while a process runs.
const PROOFS: &[&str] = &[
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_CLIENT_SECRET",
    "AZURE_PASSWORD",
    "IDENTITY_HEADER",
    "IDENTITY_SERVER_THUMBPRINT",
    "MSI_SECRET",
    "SYSTEM_ACCESSTOKEN",
];

impl Environment {
    /// The one without any variable.
    pub(crate) const EMPTY: &'static Self = &Self {
        variables: Sorted::new(),
    };

    /// The names of all variables that anything here reads: what a host has to look up.
    pub fn known_names() -> impl Iterator<Item = &'static str> {
        KNOWN.iter().map(|(name, _)| *name)
    }

    /// How a known variable is treated in a transcript.
    pub fn exposure(name: &str) -> Option<Exposure> {
        known(name).map(|(_, exposure)| *exposure)
    }

    /// A snapshot of these pairs. Unknown names and empty values are left out.
    pub fn from_pairs<N: AsRef<str>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut environment = Self::default();
        for (name, value) in pairs {
            environment.set(name.as_ref(), Zeroizing::new(value.into()));
        }
        environment
    }

    fn set(&mut self, name: &str, value: Zeroizing<String>) {
        if let Some((name, _)) = known(name) {
            let is_blank = value.trim().is_empty();
            let value = (!is_blank).then(|| Secret::new(value.as_str()));
            self.variables.insert(name, value);
        }
    }

    /// What these variables see of it.
    pub fn only(self: Arc<Self>, variables: Variables) -> Arc<Self> {
        let Variables::Only(names) = variables else {
            return self;
        };
        if self.variables.iter().all(|(name, _)| names.contains(name)) {
            return self;
        }
        let mut only = Self::clone(&self);
        only.variables.retain(|name| names.contains(name));
        Arc::new(only)
    }

    /// A variable's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.secret(name).map(Secret::expose)
    }

    /// A variable's value, kept secret.
    pub fn secret(&self, name: &str) -> Option<&Secret> {
        self.variables.get(name)?.as_ref()
    }

    /// Whether a variable is set, but to nothing. Where its absence would lower a guard, that is a
    /// slip rather than a wish.
    pub fn is_blank(&self, name: &str) -> bool {
        self.variables.get(name).is_some_and(Option::is_none)
    }

    /// Whether the values of these variables are what they were outside: a value that is not UTF-8
    /// comes here with the replacement character U+FFFD for what is not, and must not be sent in
    /// place of the real one. Those that are not set are none's concern.
    ///
    /// # Errors
    ///
    /// One of them is not UTF-8.
    pub fn check_text(&self, names: &[&'static str]) -> Result<(), Invalid> {
        let is_altered = |name: &&&str| self.get(name).is_some_and(|it| it.contains('\u{fffd}'));
        match names.iter().find(is_altered) {
            Some(name) => Err(Invalid::new(What::Variable(name), "not UTF-8")),
            None => Ok(()),
        }
    }

    /// A variable's value as a URL.
    ///
    /// # Errors
    ///
    /// The value is no absolute URL.
    pub fn url(&self, name: &'static str) -> Result<Option<url::Url>, Invalid> {
        self.check_text(&[name])?;
        let parse = |value: &str| {
            value
                .parse()
                .map_err(|_| Invalid::new(What::Variable(name), "it must be an absolute URL"))
        };
        self.get(name).map(parse).transpose()
    }

    /// Whether a variable switches something on: `true` or `1` does, in any case; `false`, `0` and
    /// nothing do not.
    ///
    /// # Errors
    ///
    /// The value is something else.
    pub fn flag(&self, name: &'static str) -> Result<bool, Invalid> {
        match self.get(name).unwrap_or_default().trim() {
            "1" => Ok(true),
            "" | "0" => Ok(false),
            yes if yes.eq_ignore_ascii_case("true") => Ok(true),
            no if no.eq_ignore_ascii_case("false") => Ok(false),
            _ => {
                let why = "it must be `true`, `1`, `false` or `0`";
                Err(Invalid::new(What::Variable(name), why))
            }
        }
    }

    /// The names of those of the given variables that are not set.
    pub fn missing(&self, names: &[&'static str]) -> Vec<&'static str> {
        names
            .iter()
            .copied()
            .filter(|name| self.get(name).is_none())
            .collect()
    }

    /// What of a variable tells one environment from another, and is the same in a transcript of
    /// it: the value, unless that is or may hold a secret. None if the variable says nothing about
    /// a run.
    pub(crate) fn mark<'a>(name: &str, value: &'a Secret) -> Option<Option<&'a str>> {
        let value = value.expose();
        match Self::exposure(name)? {
            Plain if may_hold_secret(value) || is_placeholder(value) => Some(None),
            Plain => Some(Some(value)),
            Certificates | Hidden => Some(None),
            Omitted => None,
        }
    }

    /// Whether a process that sees one after the other is the same one all the time to those whom it
    /// asks: where at most the values of proofs differ, such as `AZURE_CLIENT_SECRET` and
    /// `IDENTITY_HEADER`, which platforms replace, and what says nothing about a run. Which proofs
    /// there are counts: it decides which credential is used.
    pub fn is_same_identity_as(&self, other: &Self) -> bool {
        self.who().eq(other.who())
    }

    fn who(&self) -> impl Iterator<Item = (&'static str, Option<&Secret>)> {
        self.settings().map(|(name, value)| {
            let is_proof = PROOFS.contains(&name);
            (name, (!is_proof).then_some(value))
        })
    }

    /// The variables that are set and say something about a run.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (&'static str, &Secret)> {
        self.iter()
            .filter(|(name, _)| Self::exposure(name) != Some(Omitted))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &Secret)> {
        let variables = self.variables.iter();
        variables.filter_map(|(name, value)| Some((*name, value.as_ref()?)))
    }

    /// The variables that are set, but to nothing.
    pub(crate) fn blank(&self) -> impl Iterator<Item = &'static str> {
        let variables = self.variables.iter();
        variables.filter_map(|(name, value)| value.is_none().then_some(*name))
    }
}

/// Whether a value is a URL with user information, a query or a fragment, which is where people put
/// passwords. There are URLs without `//`: readers of them are generous.
pub(crate) fn may_hold_secret(value: &str) -> bool {
    let is_web = |url: url::Url| matches!(url.scheme(), "http" | "https" | "ftp" | "ws" | "wss");
    value.contains(['@', '?', '#'])
        && (value.contains("://") || url::Url::parse(value).is_ok_and(is_web))
}

fn known(name: &str) -> Option<&'static (&'static str, Exposure)> {
    let index = KNOWN.binary_search_by_key(&name, |(known, _)| known);
    index.ok().map(|index| &KNOWN[index])
}

/// Shows which variables are set, not their values.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(|(name, _)| name))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_variable_is_found_by_its_name() {
        for name in Environment::known_names() {
            assert!(Environment::exposure(name).is_some(), "{name}");
        }
        assert_eq!(Environment::exposure("EDITOR"), None);
    }

    #[test]
    fn who_names_some_variables_sees_those_alone() {
        let pairs = [
            ("AZURE_CLIENT_ID", "c"),
            ("AZURE_TENANT_ID", "t"),
            ("MSI_SECRET", ""),
        ];
        let environment = Arc::new(Environment::from_pairs(pairs));
        let only = |names| environment.clone().only(Variables::Only(names));
        assert_eq!(
            *only(&["AZURE_TENANT_ID"]),
            Environment::from_pairs([pairs[1]])
        );
        assert_eq!(*only(&[]), Environment::default());
        assert_eq!(environment.clone().only(Variables::Known), environment);
    }

    #[test]
    fn an_empty_variable_is_absent_and_an_unknown_one_is_left_out() {
        let pairs = [
            ("AZURE_CLIENT_ID", ""),
            ("AZURE_TENANT_ID", "t"),
            ("EDITOR", "vi"),
            ("MSI_SECRET", "  "),
        ];
        let environment = Environment::from_pairs(pairs);
        assert_eq!(environment.get("AZURE_TENANT_ID"), Some("t"));
        assert_eq!(
            environment.missing(&["AZURE_CLIENT_ID", "AZURE_TENANT_ID"]),
            ["AZURE_CLIENT_ID"]
        );
        assert_eq!(format!("{environment:?}"), r#"{"AZURE_TENANT_ID"}"#);
        assert!(environment.is_blank("AZURE_CLIENT_ID"));
        assert!(!environment.is_blank("AZURE_TENANT_ID") && !environment.is_blank("HOME"));
    }

    #[test]
    fn a_flag_is_on_or_off_and_anything_else_is_refused_by_the_variables_name() {
        const NAME: &str = "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN";
        let flag = |value| Environment::from_pairs([(NAME, value)]).flag(NAME);
        for (value, is_on) in [("", false), ("0", false), ("False", false)] {
            assert_eq!(flag(value), Ok(is_on), "{value}");
        }
        for value in ["1", "true", "TRUE", " true "] {
            assert_eq!(flag(value), Ok(true), "{value}");
        }
        for value in ["yes", "2", "truely", "-"] {
            let invalid = flag(value).expect_err("no flag");
            assert_eq!(invalid.what(), What::Variable(NAME), "{value}");
        }
    }

    #[test]
    fn a_proof_that_is_replaced_makes_nobody_else_and_any_other_change_does() {
        let of = |pairs: &[(&str, &str)]| Environment::from_pairs(pairs.iter().copied());
        let (app, endpoint) = (("AZURE_CLIENT_ID", "app"), ("IDENTITY_ENDPOINT", "e"));
        let with = |proof| of(&[app, endpoint, ("IDENTITY_HEADER", proof)]);
        let before = with("one");
        assert!(before.is_same_identity_as(&with("two")));
        let elsewhere = ("PATH", "/bin");
        let after = of(&[app, endpoint, ("IDENTITY_HEADER", "two"), elsewhere]);
        assert!(before.is_same_identity_as(&after));
        for other in [
            of(&[app, endpoint]),
            of(&[endpoint, ("IDENTITY_HEADER", "one")]),
            of(&[
                ("AZURE_CLIENT_ID", "b"),
                endpoint,
                ("IDENTITY_HEADER", "one"),
            ]),
            of(&[
                app,
                endpoint,
                ("IDENTITY_HEADER", "one"),
                ("MSI_SECRET", "s"),
            ]),
        ] {
            assert!(!before.is_same_identity_as(&other), "{other:?}");
        }
        let user = |name| of(&[("AZURE_USERNAME", name), ("AZURE_PASSWORD", "p")]);
        assert!(!user("ada").is_same_identity_as(&user("bob")));
    }

    #[test]
    fn the_known_names_are_sorted_and_unique() {
        let names: Vec<_> = Environment::known_names().collect();
        assert!(names.is_sorted_by(|one, two| one < two));
    }
}
