//! Where a browser ends after an authorization request.

use crate::fields::Fields;
use std::fmt;

/// The end of a sign-in in the browser. **It holds an authorization code.**
///
/// A response of [`crate::Entra::handle`] that ends one has this among its extensions.
#[derive(Clone, PartialEq, Eq)]
pub enum Landing {
    /// The browser goes to this address, with the fields in its query or in its fragment.
    Redirect(String),
    /// The browser posts a form.
    Form {
        /// To this address.
        action: String,
        /// The body, `application/x-www-form-urlencoded`.
        body: String,
    },
    /// The browser stays on a page of the service, which says what is wrong.
    Page {
        /// The AADSTS number on the page, if it has one.
        code: Option<u32>,
    },
}

impl Landing {
    /// A field of the answer that the application gets, such as `code`, `state` or `error`.
    pub fn field(&self, name: &str) -> Option<String> {
        let fields = match self {
            Landing::Redirect(address) => address.split_once(['?', '#'])?.1,
            Landing::Form { body, .. } => body,
            Landing::Page { .. } => return None,
        };
        let fields = Fields::parse(fields.as_bytes()).ok()?;
        fields.get(name).map(str::to_owned)
    }
}

impl fmt::Debug for Landing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Landing::Redirect(address) => {
                let address = address.split(['?', '#']).next().unwrap_or_default();
                write!(f, "Redirect({address}?…)")
            }
            Landing::Form { action, .. } => write!(f, "Form({action})"),
            Landing::Page { code } => write!(f, "Page({code:?})"),
        }
    }
}
