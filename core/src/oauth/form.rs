//! A form under construction that knows which of its values are secret.

use std::borrow::Cow;

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
        let mut body = Vec::with_capacity(self.fields.iter().map(longest).sum());
        for (name, value) in &self.fields {
            if !body.is_empty() {
                body.push(b'&');
            }
            body.extend_from_slice(name.as_bytes());
            body.push(b'=');
            encode_into(&mut body, value.text());
        }
        SecretBytes::new(body)
    }
}

/// Adds a text as `application/x-www-form-urlencoded` has it.
fn encode_into(body: &mut Vec<u8>, text: &str) {
    let is_plain = |byte: &u8| PLAIN[usize::from(*byte)];
    let mut parts = text.as_bytes().chunks_exact(8);
    for part in &mut parts {
        // Mostly all of them are plain, and one look and one step is enough.
        if part
            .iter()
            .fold(true, |so_far, byte| so_far & is_plain(byte))
        {
            body.extend_from_slice(part);
        } else {
            part.iter().for_each(|&byte| encode_byte(body, byte));
        }
    }
    let rest = parts.remainder().iter();
    rest.for_each(|&byte| encode_byte(body, byte));
}

fn encode_byte(body: &mut Vec<u8>, byte: u8) {
    let digit = |half: u8| b"0123456789ABCDEF"[usize::from(half)];
    match byte {
        _ if PLAIN[usize::from(byte)] => body.push(byte),
        b' ' => body.push(b'+'),
        _ => body.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 0x0f)]),
    }
}

/// Which bytes a form has as they are.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        plain[byte] = matches!(byte as u8, b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'*' | b'-' | b'.' | b'_');
        byte += 1;
    }
    plain
};

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

    #[test]
    fn a_form_is_encoded_as_url_encodes_it_and_fits_into_its_first_buffer() {
        let all: String = ('\0'..='\u{17f}').collect();
        let plain = "a*b-c.d_eFGHIJ0123456789";
        for text in (0..plain.len()).map(|end| &plain[..end]).chain([&*all]) {
            let body = Form::new().field("scope", text).encode();
            let expected: String = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("scope", text)
                .finish();
            assert_eq!(body.expose(), expected.as_bytes());
            assert!(body.len() <= "scope".len() + 2 + 3 * text.len());
        }
    }
}
