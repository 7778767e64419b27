//! A form under construction that knows which of its values are secret.

use std::borrow::Cow;

use url::form_urlencoded::byte_serialize;

use crate::secret::{Secret, SecretBytes};

/// The fields of a token request (RFC 6749 appendix B), in the order they are added.
#[derive(Debug, Default)]
pub struct Form<'a> {
    fields: Vec<(&'static str, Value<'a>)>,
}

#[derive(Debug)]
enum Value<'a> {
    Plain(Cow<'a, str>),
    Secret(Secret),
}

impl<'a> Form<'a> {
    /// An empty form.
    pub fn new() -> Self {
        Self {
            fields: Vec::with_capacity(8), // most forms fit
        }
    }

    /// Adds a field whose value is fit to be seen.
    pub fn field(mut self, name: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        self.fields.push((name, Value::Plain(value.into())));
        self
    }

    /// Adds a field whose value is secret.
    pub fn secret(mut self, name: &'static str, value: &Secret) -> Self {
        self.fields.push((name, Value::Secret(value.clone())));
        self
    }

    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.fields.iter().filter_map(|(_, value)| match value {
            Value::Secret(secret) => Some(secret),
            Value::Plain(_) => None,
        })
    }

    /// The form as a body. The buffer is made as long as it can get, since a buffer that grows
    /// leaves copies of its content behind.
    pub(crate) fn encode(&self) -> SecretBytes {
        let longest = |(name, value): &(&str, Value<'_>)| name.len() + 2 + 3 * value.text().len();
        let mut body = String::with_capacity(self.fields.iter().map(longest).sum());
        for (name, value) in &self.fields {
            if !body.is_empty() {
                body.push('&');
            }
            body.push_str(name);
            body.push('=');
            body.extend(byte_serialize(value.text().as_bytes()));
        }
        SecretBytes::new(body)
    }
}

impl Value<'_> {
    fn text(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Secret(secret) => secret.expose(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_encoded_the_secret_ones_too() {
        let form = Form::new()
            .field("scope", "a/.default b")
            .secret("client_secret", &Secret::new("p&=+ é"));
        assert_eq!(
            form.encode().expose(),
            b"scope=a%2F.default+b&client_secret=p%26%3D%2B+%C3%A9"
        );
        assert!(!format!("{form:?}").contains("p&"));
    }
}
