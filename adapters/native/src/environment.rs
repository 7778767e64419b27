//! The environment of this process.

use std::ffi::OsString;

use azid_core::{Environment, Platform, Variables};

/// A snapshot of the variables that any credential reads, and of no others.
///
/// Names compare as on the system: without regard to case on Windows. A variable whose value is not
/// Unicode counts as set, with a replacement character for what is not: whatever needs it refuses it
/// ([`Environment::check_text`]), and does not pass it over for a default.
pub fn environment() -> Environment {
    environment_of(Variables::Known)
}

/// The same of these variables alone.
pub fn environment_of(variables: Variables) -> Environment {
    capture(variables, |name| std::env::var_os(name))
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

fn capture(variables: Variables, lookup: impl Fn(&str) -> Option<OsString>) -> Environment {
    Environment::from_pairs(variables.names().filter_map(|name| {
        let value = lookup(name)?;
        Some((name, value.to_string_lossy().into_owned()))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_names_that_are_asked_for_are_looked_up() {
        let lookup = |name: &str| Some(format!("value of {name}").into());
        let environment = capture(Variables::Known, lookup);
        for name in Environment::known_names() {
            assert_eq!(environment.get(name), Some(&*format!("value of {name}")));
        }
        let one = capture(Variables::Only(&["AZURE_CLIENT_ID"]), lookup);
        assert_eq!(one.get("AZURE_CLIENT_ID"), Some("value of AZURE_CLIENT_ID"));
        assert_eq!(one.get("AZURE_TENANT_ID"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_unicode_is_set_and_of_no_use() {
        use std::os::unix::ffi::OsStringExt;

        let environment = capture(Variables::Known, |name| match name {
            "AZURE_AUTHORITY_HOST" => Some(OsString::from_vec(b"https://loc\xff".to_vec())),
            "AZURE_TENANT_ID" => Some("t".into()),
            _ => None,
        });
        assert!(azid_core::Authority::from_environment(&environment).is_err());
        assert_eq!(environment.get("AZURE_TENANT_ID"), Some("t"));
        assert!(environment.check_text(&["AZURE_TENANT_ID"]).is_ok());
        let told = environment.check_text(&["AZURE_TENANT_ID", "AZURE_AUTHORITY_HOST"]);
        assert_eq!(
            told.expect_err("it is altered").to_string(),
            "the variable AZURE_AUTHORITY_HOST is not valid: not UTF-8"
        );
    }
}
