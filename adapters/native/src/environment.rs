//! The environment of this process.

use std::ffi::OsString;

use azid_core::{Environment, Platform};

/// A snapshot of the variables that credentials read, and of no others.
///
/// Names compare as on the system: without regard to case on Windows. A variable whose value is not
/// Unicode counts as absent, since nothing that credentials read may have such a value.
pub fn environment() -> Environment {
    capture(|name| std::env::var_os(name))
}

/// The platform that this program was built for.
pub const fn platform() -> Platform {
    if cfg!(target_os = "linux") {
        Platform::Linux
    } else if cfg!(target_os = "macos") {
        Platform::MacOs
    } else if cfg!(windows) {
        Platform::Windows
    } else {
        Platform::Other
    }
}

fn capture(lookup: impl Fn(&str) -> Option<OsString>) -> Environment {
    Environment::from_pairs(Environment::known_names().filter_map(|name| {
        let value = lookup(name)?.into_string().ok()?;
        Some((name, value))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_names_are_looked_up() {
        let environment = capture(|name| Some(format!("value of {name}").into()));
        for name in Environment::known_names() {
            assert_eq!(environment.get(name), Some(&*format!("value of {name}")));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_unicode_counts_as_absent() {
        use std::os::unix::ffi::OsStringExt;

        let environment = capture(|name| match name {
            "AZURE_CLIENT_ID" => Some(OsString::from_vec(vec![b'a', 0xff])),
            "AZURE_TENANT_ID" => Some("t".into()),
            _ => None,
        });
        assert_eq!(environment.get("AZURE_CLIENT_ID"), None);
        assert_eq!(environment.get("AZURE_TENANT_ID"), Some("t"));
    }
}
