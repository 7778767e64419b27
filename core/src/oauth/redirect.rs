//! The answer of an authorization endpoint, as a redirect brings it (RFC 6749 section 4.1.2).

use crate::effect::{AuthorizeAnswer, Detail};
use crate::secret::Secret;

/// Why what came is not the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// It belongs to another sign-in, or to none.
    OtherState,
    /// A parameter occurs twice, so there is no saying which is meant.
    Repeated,
    /// It has neither a code nor an error.
    NoCode,
}

/// Reads the parameters of a form or of a query.
pub(crate) fn read_answer(parameters: &[u8], state: &Secret) -> Result<AuthorizeAnswer, NoAnswer> {
    let [mut given, mut code, mut error, mut description] = [const { None::<Secret> }; 4];
    let mut repeated = false;
    for (name, value) in url::form_urlencoded::parse(parameters) {
        let known = match &*name {
            "state" => &mut given,
            "code" => &mut code,
            "error" => &mut error,
            "error_description" => &mut description,
            _ => continue,
        };
        repeated |= known.replace(Secret::new(value.into_owned())).is_some();
    }
    if given.as_ref() != Some(state) {
        return Err(NoAnswer::OtherState);
    }
    if repeated {
        return Err(NoAnswer::Repeated);
    }
    if let Some(error) = error {
        let description = description.map(|text| Detail::new(text.expose()));
        return Ok(AuthorizeAnswer::Denied {
            error: Detail::new(error.expose()).as_str().to_owned(),
            description: description.unwrap_or_default(),
        });
    }
    match code {
        Some(code) if !code.is_empty() => Ok(AuthorizeAnswer::Code(code)),
        _ => Err(NoAnswer::NoCode),
    }
}
