//! The variables of a run, as they are recorded.

use std::collections::BTreeMap;

use super::redact::{Redactor, mark_of};
use crate::environment::{Environment, Exposure};
use crate::pem::certificates;
use crate::user::is_user_name;

impl Redactor {
    /// The variables that matter and were set, by their names.
    pub(super) fn environment(&mut self, environment: &Environment) -> BTreeMap<String, String> {
        let blank = environment.blank().filter(|name| {
            Environment::exposure(name).is_some_and(|exposure| exposure != Exposure::Omitted)
        });
        let mut recorded: BTreeMap<_, _> =
            blank.map(|name| (name.to_owned(), String::new())).collect();
        for (name, value) in environment.iter() {
            let shown = match Environment::exposure(name) {
                Some(Exposure::Plain) => self.variable(value.expose()),
                Some(Exposure::Certificates) => match certificates(value.expose()) {
                    Some(certificates) => certificates,
                    None => self.hidden_text("variable", value.expose()),
                },
                Some(Exposure::Secret) => {
                    let value = value.expose();
                    // What no header field can hold, none shall when this is replayed, and what is no
                    // name, nobody shall have.
                    let is_word = matches!(name, "IDENTITY_HEADER" | "MSI_SECRET");
                    let mark = match mark_of(value) {
                        mark if mark.contains('\u{fffd}') => mark,
                        _ if name == "AZURE_USERNAME" && !is_user_name(value) => " ",
                        "" | " " if is_word && value.contains(' ') => "…",
                        mark => mark,
                    };
                    self.placeholder("variable", value) + mark
                }
                Some(Exposure::Omitted) | None => continue,
            };
            recorded.insert(name.to_owned(), shown);
        }
        recorded
    }
}
