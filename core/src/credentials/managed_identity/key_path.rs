//! The file that a challenge of Azure Arc's agent names: checked before anybody opens it, since
//! whoever answers at the agent's address could name any file.

use crate::context::Platform;
use crate::effect::HttpResponse;
use crate::environment::Environment;
use crate::error::{Cause, Invalid, What};
use crate::oauth::AnswerFault;

/// The path of a key, put together anew of the directory that is expected and a checked name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct KeyPath(String);

/// Where the agent puts its keys.
#[derive(Debug)]
pub(super) struct KeyDirectory {
    path: String,
    is_windows: bool,
}

/// The longest name of a file that any common file system has.
const MOST_NAME_BYTES: usize = 255;

impl KeyDirectory {
    /// The agent's directory on a platform, or the one that the program names.
    pub(super) fn new(
        named: Option<&str>,
        platform: Platform,
        environment: &Environment,
    ) -> Result<Self, Cause> {
        let path = match (named, platform) {
            (Some(path), _) => path.to_owned(),
            (None, Platform::Linux) => "/var/opt/azcmagent/tokens".to_owned(),
            (None, Platform::Windows) => {
                let data = environment
                    .get("PROGRAMDATA")
                    .ok_or_else(|| Cause::MissingVariables(vec!["PROGRAMDATA"]))?;
                format!(r"{data}\AzureConnectedMachineAgent\Tokens")
            }
            (None, _) => {
                let why = "Azure Arc has an agent for Linux and Windows only; name the directory of its keys if there is one here";
                return Err(Cause::Unsupported(why));
            }
        };
        let is_windows = platform == Platform::Windows;
        let separators: &[char] = if is_windows { &['/', '\\'] } else { &['/'] };
        if named.is_some() && !is_plain_directory(&path, separators) {
            let why = "it must be an absolute path without `..`";
            return Err(Invalid::new(What::KeyDirectory, why).into());
        }
        Ok(Self {
            path: path.trim_end_matches(separators).to_owned(),
            is_windows,
        })
    }

    fn split<'a>(&self, path: &'a str) -> Option<(&'a str, &'a str)> {
        if self.is_windows {
            path.rsplit_once(['/', '\\'])
        } else {
            path.rsplit_once('/')
        }
    }

    fn is(&self, path: &str) -> bool {
        if self.is_windows {
            let unified = |path: &str| path.replace('/', r"\");
            unified(path).eq_ignore_ascii_case(&unified(&self.path))
        } else {
            path == self.path
        }
    }
}

impl KeyPath {
    /// Reads `WWW-Authenticate: Basic realm=PATH`, the path without quotes.
    pub(super) fn from_challenge(
        response: &HttpResponse,
        directory: &KeyDirectory,
    ) -> Result<Self, AnswerFault> {
        let refuse = |why| Err(AnswerFault::Challenge(why));
        let challenges = response.headers.get_all("www-authenticate").iter();
        let Some(parameter) = challenges.filter_map(|it| basic(it.to_str().ok()?)).next() else {
            return refuse("its scheme is not `Basic`");
        };
        let Some((name, path)) = parameter
            .split_once('=')
            .filter(|(_, path)| !path.contains('='))
        else {
            return refuse("it does not have exactly one `=`");
        };
        if !name.trim().eq_ignore_ascii_case("realm") {
            return refuse("its parameter is not `realm`");
        }
        let Some((parent, name)) = directory.split(path.trim()) else {
            return refuse("the path that it names is not absolute");
        };
        if !directory.is(parent) {
            return refuse("the file that it names is not in the directory of the agent's keys");
        }
        if !is_key_name(name, directory.is_windows) {
            return refuse("the file that it names cannot be a key of the agent's");
        }
        let separator = if directory.is_windows { '\\' } else { '/' };
        Ok(Self(format!("{}{separator}{name}", directory.path)))
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// What a challenge of the scheme `Basic` says.
fn basic(challenge: &str) -> Option<&str> {
    let (scheme, parameter) = challenge.trim().split_once([' ', '\t'])?;
    scheme.eq_ignore_ascii_case("Basic").then_some(parameter)
}

/// Letters, digits, dashes, underscores and single dots, and `.key` at the end: nothing that a
/// file system could read as a way to another file.
fn is_key_name(name: &str, is_windows: bool) -> bool {
    let Some((stem, extension)) = name.rsplit_once('.') else {
        return false;
    };
    let is_key = extension == "key" || (is_windows && extension.eq_ignore_ascii_case("key"));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    is_key
        && !stem.is_empty()
        && name.len() <= MOST_NAME_BYTES
        && name.bytes().all(is_plain)
        && !name.starts_with('.')
        && !name.contains("..")
        && !(is_windows && is_device(name))
}

/// Whether Windows takes a name for a device's, wherever it stands and whatever follows its first
/// dot.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let stem = stem.to_ascii_uppercase();
    let numbered = |kind| {
        let number = stem.strip_prefix(kind);
        number
            .is_some_and(|number: &str| number.len() == 1 && number.as_bytes()[0].is_ascii_digit())
    };
    ["CON", "NUL", "AUX", "PRN"].contains(&stem.as_str()) || numbered("COM") || numbered("LPT")
}

/// Whether a directory is the same one whatever the current one is, and as it is spelled.
fn is_plain_directory(path: &str, separators: &[char]) -> bool {
    let is_absolute = if separators.contains(&'\\') {
        let drive = path.as_bytes();
        let has_drive = drive.len() > 2 && drive[0].is_ascii_alphabetic() && drive[1] == b':';
        has_drive && path[2..].starts_with(separators) || path.starts_with(r"\\")
    } else {
        path.starts_with('/')
    };
    is_absolute
        && !path.trim_end_matches(separators).is_empty()
        && !path.contains('\0')
        && !path.split(separators).any(|name| name == "..")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn named(header: &[u8], platform: Platform) -> Option<String> {
        let environment = Environment::from_pairs([("PROGRAMDATA", r"C:\ProgramData")]);
        let directory = KeyDirectory::new(None, platform, &environment).expect("it has one");
        let mut response = HttpResponse::new(401, &b""[..]);
        let value = HeaderValue::from_bytes(header).ok()?;
        response.headers.insert("www-authenticate", value);
        let path = KeyPath::from_challenge(&response, &directory).ok()?;
        Some(path.into_string())
    }

    #[test]
    fn a_key_of_the_agents_is_found_however_the_challenge_is_spelled() {
        let key = "/var/opt/azcmagent/tokens/1a2b-3c_4d.5.key";
        for header in [
            format!("Basic realm={key}"),
            format!("basic REALM={key}"),
            format!("  BASIC   Realm = {key}  "),
        ] {
            let found = named(header.as_bytes(), Platform::Linux);
            assert_eq!(found.as_deref(), Some(key), "{header}");
        }
        for path in [
            r"C:\ProgramData\AzureConnectedMachineAgent\Tokens\1a.key",
            r"c:\programdata\azureconnectedmachineagent\tokens\1a.key",
            "C:/ProgramData/AzureConnectedMachineAgent/Tokens/1a.key",
            r"C:\ProgramData/AzureConnectedMachineAgent\Tokens/1a.key",
        ] {
            let found = named(format!("Basic realm={path}").as_bytes(), Platform::Windows);
            let key = r"C:\ProgramData\AzureConnectedMachineAgent\Tokens\1a.key";
            assert_eq!(found.as_deref(), Some(key), "{path}");
        }
        let upper = r"Basic realm=C:\ProgramData\AzureConnectedMachineAgent\Tokens\1A.KEY";
        assert!(named(upper.as_bytes(), Platform::Windows).is_some());
    }

    #[test]
    fn a_challenge_that_names_any_other_file_is_refused() {
        let hostile = [
            "",
            "Basic",
            "Basic ",
            "Basic realm",
            "Basic realm=",
            "Bearer realm=/var/opt/azcmagent/tokens/a.key",
            "Basicrealm=/var/opt/azcmagent/tokens/a.key",
            "Basic domain=/var/opt/azcmagent/tokens/a.key",
            "Basic realm=\"/var/opt/azcmagent/tokens/a.key\"",
            "Basic realm='/var/opt/azcmagent/tokens/a.key'",
            "Basic realm==/var/opt/azcmagent/tokens/a.key",
            "Basic realm=/var/opt/azcmagent/tokens/a=.key",
            "Basic realm=/var/opt/azcmagent/tokens/a.key, charset=utf-8",
            "Basic realm=/var/opt/azcmagent/tokens/a.key, Bearer",
            "Basic realm=a.key",
            "Basic realm=tokens/a.key",
            "Basic realm=./a.key",
            "Basic realm=var/opt/azcmagent/tokens/a.key",
            "Basic realm=/a.key",
            "Basic realm=/etc/shadow",
            "Basic realm=/etc/a.key",
            "Basic realm=/var/opt/azcmagent/tokens",
            "Basic realm=/var/opt/azcmagent/tokens/",
            "Basic realm=/var/opt/azcmagent/tokens/.key",
            "Basic realm=/var/opt/azcmagent/tokens/..key",
            "Basic realm=/var/opt/azcmagent/tokens/a..key",
            "Basic realm=/var/opt/azcmagent/tokens/.a.key",
            "Basic realm=/var/opt/azcmagent/tokens/a",
            "Basic realm=/var/opt/azcmagent/tokens/a.KEY",
            "Basic realm=/var/opt/azcmagent/tokens/a.key.txt",
            "Basic realm=/var/opt/azcmagent/tokens/a.key/",
            "Basic realm=/var/opt/azcmagent/tokens/a.key/b",
            "Basic realm=/var/opt/azcmagent/tokens/sub/a.key",
            "Basic realm=/var/opt/azcmagent/tokens/../a.key",
            "Basic realm=/var/opt/azcmagent/tokens/../../../etc/a.key",
            "Basic realm=/var/opt/azcmagent/./tokens/a.key",
            "Basic realm=/var/opt/azcmagent//tokens/a.key",
            "Basic realm=/var/opt/azcmagent/tokens//a.key",
            "Basic realm=//var/opt/azcmagent/tokens/a.key",
            "Basic realm=/var/opt/azcmagent/tokens2/a.key",
            "Basic realm=/VAR/opt/azcmagent/tokens/a.key",
            r"Basic realm=/var/opt/azcmagent/tokens\a.key",
            r"Basic realm=/var/opt/azcmagent/tokens/..\a.key",
            "Basic realm=/var/opt/azcmagent/tokens/a b.key",
            "Basic realm=/var/opt/azcmagent/tokens/a\tb.key",
            "Basic realm=/var/opt/azcmagent/tokens/a\0.key",
            "Basic realm=/var/opt/azcmagent/tokens/a%00.key",
            "Basic realm=/var/opt/azcmagent/tokens/%2e%2e.key",
            "Basic realm=/var/opt/azcmagent/tokens/a:b.key",
            "Basic realm=/var/opt/azcmagent/tokens/~.key",
            "Basic realm=/var/opt/azcmagent/tokens/a\u{2044}b.key",
            r"Basic realm=C:\ProgramData\AzureConnectedMachineAgent\Tokens\a.key",
        ];
        for header in hostile {
            assert_eq!(named(header.as_bytes(), Platform::Linux), None, "{header}");
        }
        let directory = r"C:\ProgramData\AzureConnectedMachineAgent\Tokens";
        let hostile = [
            r"\\server\share\a.key".to_owned(),
            r"\\?\C:\ProgramData\AzureConnectedMachineAgent\Tokens\a.key".to_owned(),
            r"C:\Windows\a.key".to_owned(),
            r"D:\ProgramData\AzureConnectedMachineAgent\Tokens\a.key".to_owned(),
            r"C:a.key".to_owned(),
            format!(r"{directory}\CON.key"),
            format!(r"{directory}\nul.x.key"),
            format!(r"{directory}\aux.key"),
            format!(r"{directory}\PRN.KEY"),
            format!(r"{directory}\com1.key"),
            format!(r"{directory}\LPT9.key"),
            r"ProgramData\AzureConnectedMachineAgent\Tokens\a.key".to_owned(),
            "/var/opt/azcmagent/tokens/a.key".to_owned(),
            format!(r"{directory}\..\a.key"),
            format!(r"{directory}/../a.key"),
            format!(r"{directory}\sub\a.key"),
            format!(r"{directory}\a.key:stream"),
            format!(r"{directory}\a:b.key"),
            format!(r"{directory}\a.key."),
            format!(r"{directory}\\a.key"),
            format!(r"{directory}\TOKENS~1.key"),
        ];
        for path in hostile {
            let header = format!("Basic realm={path}");
            assert_eq!(named(header.as_bytes(), Platform::Windows), None, "{path}");
        }
    }

    #[test]
    fn a_name_longer_than_any_file_has_is_refused() {
        let header = |length: usize| {
            let name = "a".repeat(length - 4);
            format!("Basic realm=/var/opt/azcmagent/tokens/{name}.key")
        };
        assert!(named(header(255).as_bytes(), Platform::Linux).is_some());
        assert!(named(header(256).as_bytes(), Platform::Linux).is_none());
        assert!(named(header(100_000).as_bytes(), Platform::Linux).is_none());
    }

    #[test]
    fn without_a_directory_there_is_no_key() {
        let none = Environment::default();
        let of = |platform| KeyDirectory::new(None, platform, &none).map(|it| it.path);
        assert!(matches!(
            of(Platform::Windows),
            Err(Cause::MissingVariables(_))
        ));
        assert!(matches!(of(Platform::MacOs), Err(Cause::Unsupported(_))));
        assert!(matches!(of(Platform::Other), Err(Cause::Unsupported(_))));
        let named = KeyDirectory::new(Some("/tmp/keys/"), Platform::Other, &none);
        assert_eq!(named.map(|it| it.path), Ok("/tmp/keys".to_owned()));
    }

    #[test]
    fn a_directory_of_ones_own_is_absolute_and_has_no_way_up() {
        let none = Environment::default();
        let is_taken = |path, platform| KeyDirectory::new(Some(path), platform, &none).is_ok();
        for path in [
            "",
            " ",
            "/",
            "//",
            ".",
            "keys",
            "./keys",
            "/tmp/../keys",
            "/keys/..",
        ] {
            assert!(!is_taken(path, Platform::Linux), "{path:?}");
        }
        for path in [
            "",
            "/",
            "/keys",
            r"\keys",
            r"C:keys",
            r"keys",
            r"C:\a\..\b",
            r"C:\a/../b",
        ] {
            assert!(!is_taken(path, Platform::Windows), "{path:?}");
        }
        assert!(is_taken("/srv/keys..old/", Platform::Linux));
        assert!(is_taken(r"D:\keys", Platform::Windows));
        assert!(is_taken(r"D:/keys", Platform::Windows));
        assert!(is_taken(r"\\server\share\keys", Platform::Windows));
    }

    #[test]
    fn of_several_challenges_the_basic_one_counts_wherever_it_stands() {
        let environment = Environment::default();
        let directory = KeyDirectory::new(None, Platform::Linux, &environment).expect("it has one");
        let key = "Basic realm=/var/opt/azcmagent/tokens/1a.key";
        for challenges in [["Negotiate", key], [key, "Negotiate"], ["Basic\u{fc}", key]] {
            let mut response = HttpResponse::new(401, &b""[..]);
            for challenge in challenges {
                let value = HeaderValue::from_bytes(challenge.as_bytes()).expect("a value");
                response.headers.append("www-authenticate", value);
            }
            let path = KeyPath::from_challenge(&response, &directory);
            let path = path.expect("one of them is the agent's").into_string();
            assert_eq!(path, "/var/opt/azcmagent/tokens/1a.key");
        }
    }
}
