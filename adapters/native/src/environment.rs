//! The environment of this process.

use std::ffi::OsString;

use azid_core::{Environment, Platform};

/// A snapshot of the variables that credentials read, and of no others.
///
/// Names compare as on the system: without regard to case on Windows. A variable whose value is not
/// Unicode counts as set, with a replacement character for what is not: whatever needs it refuses it
/// ([`Environment::check_text`]), and does not pass it over for a default.
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
        let value = lookup(name)?;
        Some((name, value.to_string_lossy().into_owned()))
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
    fn a_value_that_is_not_unicode_is_set_and_of_no_use() {
        use std::os::unix::ffi::OsStringExt;

        let environment = capture(|name| match name {
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
