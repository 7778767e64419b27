//! The challenges with which a service refuses a token: the header field `WWW-Authenticate`
//! (RFC 9110 section 11.6.1, RFC 6750 section 3).
//!
//! Services take liberties with the grammar: values without quotes that need them, parameters
//! without commas between them. What can be understood is.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

use crate::json::read_object;
use crate::request::TokenRequest;

/// One challenge of a service that refused a request.
///
/// ```
/// use azid_core::oauth::Challenge;
///
/// let field = r#"Basic realm="files", Bearer error="insufficient_claims", claims="e30=""#;
/// let challenges = Challenge::parse(field)?;
/// assert_eq!(challenges[0].parameter("Realm"), Some("files"));
/// assert_eq!(challenges[1].error(), Some("insufficient_claims"));
/// assert_eq!(challenges[1].claims()?.as_deref(), Some("{}"));
/// # Ok::<(), azid_core::oauth::ChallengeFault>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    scheme: String,
    token: Option<String>,
    parameters: Vec<(String, String)>,
}

/// Why a field holds no challenges that can be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChallengeFault {
    /// It is not text.
    NotText,
    /// The fields are longer than 64 KiB together, or a challenge has more than 64 parameters.
    TooLarge,
    /// It does not follow the grammar, and how.
    Malformed(&'static str),
    /// The claims are neither a JSON object nor the base64 of one.
    Claims,
}

impl Challenge {
    const MOST_BYTES: usize = 64 << 10;
    const MOST_PARAMETERS: usize = 64;

    /// Every challenge of a response, from one field or several.
    ///
    /// # Errors
    ///
    /// One of the fields cannot be understood.
    pub fn all_in(headers: &HeaderMap) -> Result<Vec<Self>, ChallengeFault> {
        let mut all = Vec::new();
        for challenges in each_field(headers)? {
            all.extend(challenges?);
        }
        Ok(all)
    }

    /// The challenges of one field.
    ///
    /// # Errors
    ///
    /// It cannot be understood.
    pub fn parse(field: &str) -> Result<Vec<Self>, ChallengeFault> {
        if field.len() > Self::MOST_BYTES {
            return Err(ChallengeFault::TooLarge);
        }
        let mut rest = Rest(field);
        let mut challenges = Vec::new();
        while rest.skip_to_next() {
            challenges.push(rest.challenge()?);
        }
        Ok(challenges)
    }

    /// The scheme, such as `Bearer`, as the service spells it.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Whether it asks for a bearer token.
    pub fn is_bearer(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("Bearer")
    }

    /// What a scheme has that has no parameters, such as `Negotiate`.
    pub fn token68(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The value of a parameter, by its name in any case.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = |(given, _): &&(String, String)| given.eq_ignore_ascii_case(name);
        self.parameters
            .iter()
            .find(found)
            .map(|(_, value)| value.as_str())
    }

    /// The code of the error, such as `invalid_token` or `insufficient_claims`.
    pub fn error(&self) -> Option<&str> {
        self.parameter("error")
    }

    /// Where tokens for the service are got: `authorization_uri`, or `authorization` as some spell
    /// it. It is the service's word, not to be trusted with a secret.
    pub fn authorization_uri(&self) -> Option<&str> {
        self.parameter("authorization_uri")
            .or_else(|| self.parameter("authorization"))
    }

    /// The scopes that are needed, with spaces between them.
    pub fn scope(&self) -> Option<&str> {
        self.parameter("scope")
    }

    /// The resource that a token is needed for: `resource`, or `resource_id` as some spell it.
    pub fn resource(&self) -> Option<&str> {
        self.parameter("resource")
            .or_else(|| self.parameter("resource_id"))
    }

    /// The claims that are missing, as the JSON text to send.
    ///
    /// # Errors
    ///
    /// There are some, but they are neither a JSON object nor base64 of one, in any of its
    /// alphabets, padded or not.
    pub fn claims(&self) -> Result<Option<String>, ChallengeFault> {
        let Some(claims) = self.parameter("claims") else {
            return Ok(None);
        };
        let is_plain = claims.trim_start().starts_with('{');
        let text = if is_plain {
            claims.to_owned()
        } else {
            decoded(claims).ok_or(ChallengeFault::Claims)?
        };
        match read_object(text.as_bytes()) {
            Some(_) => Ok(Some(text)),
            None => Err(ChallengeFault::Claims),
        }
    }

    fn missing_claims(&self) -> Result<Option<String>, ChallengeFault> {
        if self.is_bearer() && self.error() == Some("insufficient_claims") {
            self.claims()
        } else {
            Ok(None)
        }
    }
}

impl TokenRequest {
    /// This request with the claims that a service missed, if that is why it refused the token: for
    /// one more try, and no further ones if that is refused as well.
    ///
    /// ```
    /// use azid_core::TokenRequest;
    /// use http::header::{HeaderMap, WWW_AUTHENTICATE};
    ///
    /// let mut headers = HeaderMap::new(); // of a response with the status 401
    /// let field = r#"Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ""#;
    /// headers.insert(WWW_AUTHENTICATE, field.parse()?);
    ///
    /// let request = TokenRequest::new(["https://graph.microsoft.com/.default"]).enable_cae();
    /// if let Some(challenged) = request.challenged_by(&headers)? {
    ///     assert_eq!(challenged.claims_json(), Some(r#"{"access_token":{}}"#));
    ///     // get a token for it, and send the request to the service again, once
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// There is a challenge that cannot be understood, and none that can asks for claims.
    pub fn challenged_by(self, headers: &HeaderMap) -> Result<Option<Self>, ChallengeFault> {
        let mut fault = None;
        for field in each_field(headers)? {
            let claims = field.and_then(|challenges| {
                let mut missing = challenges.iter().map(Challenge::missing_claims);
                missing.find_map(Result::transpose).transpose()
            });
            match claims {
                Ok(Some(claims)) => return Ok(Some(self.claims(claims))),
                Ok(None) => {}
                Err(found) => fault = fault.or(Some(found)),
            }
        }
        fault.map_or(Ok(None), Err)
    }
}

type Field = Result<Vec<Challenge>, ChallengeFault>;

/// The challenges of each field of a response.
fn each_field(headers: &HeaderMap) -> Result<impl Iterator<Item = Field> + '_, ChallengeFault> {
    let fields = headers.get_all(WWW_AUTHENTICATE);
    let size: usize = fields.iter().map(|field| field.len()).sum();
    if size > Challenge::MOST_BYTES {
        return Err(ChallengeFault::TooLarge);
    }
    Ok(fields.iter().map(|field| {
        let text = std::str::from_utf8(field.as_bytes()).map_err(|_| ChallengeFault::NotText)?;
        Challenge::parse(text)
    }))
}

/// What is left of a field.
#[derive(Clone, Copy)]
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn challenge(&mut self) -> Result<Challenge, ChallengeFault> {
        let scheme = self.word(is_token);
        if scheme.is_empty() {
            return Err(ChallengeFault::Malformed("a scheme is missing"));
        }
        let mut challenge = Challenge {
            scheme: scheme.to_owned(),
            token: None,
            parameters: Vec::new(),
        };
        if !self.0.is_empty() && !self.0.starts_with([' ', '\t', ',']) {
            return Err(ChallengeFault::Malformed("a scheme does not end"));
        }
        if let Some(token) = self.token68() {
            challenge.token = Some(token.to_owned());
            return Ok(challenge);
        }
        while let Some(name) = self.name() {
            if challenge.parameter(name).is_some() {
                return Err(ChallengeFault::Malformed("a parameter is there twice"));
            }
            if challenge.parameters.len() == Challenge::MOST_PARAMETERS {
                return Err(ChallengeFault::TooLarge);
            }
            let value = self.value()?;
            challenge.parameters.push((name.to_owned(), value));
        }
        Ok(challenge)
    }

    /// One word of base64 or the like that stands alone after a scheme.
    fn token68(&mut self) -> Option<&'a str> {
        let mut ahead = *self;
        ahead.skip_blank();
        let start = ahead.0;
        let is_token68 = |c: char| c.is_ascii_alphanumeric() || "-._~+/".contains(c);
        if ahead.word(is_token68).is_empty() {
            return None;
        }
        ahead.word(|c| c == '=');
        let token = &start[..start.len() - ahead.0.len()];
        ahead.skip_blank();
        if !ahead.0.is_empty() && !ahead.0.starts_with(',') {
            return None;
        }
        *self = ahead;
        Some(token)
    }

    /// The name of the parameter that comes next, unless that is another challenge.
    fn name(&mut self) -> Option<&'a str> {
        let mut ahead = *self;
        ahead.skip_to_next();
        let name = ahead.word(is_token);
        ahead.skip_blank();
        ahead.0 = ahead.0.strip_prefix('=').filter(|_| !name.is_empty())?;
        ahead.skip_blank();
        *self = ahead;
        Some(name)
    }

    fn value(&mut self) -> Result<String, ChallengeFault> {
        let Some(quoted) = self.0.strip_prefix('"') else {
            let value = self.word(|c| c != ',' && c != ' ' && c != '\t');
            return Ok(value.to_owned());
        };
        let mut value = String::new();
        let mut characters = quoted.chars();
        while let Some(character) = characters.next() {
            match character {
                '"' => {
                    self.0 = characters.as_str();
                    return Ok(value);
                }
                '\\' => value.extend(characters.next()),
                other => value.push(other),
            }
        }
        Err(ChallengeFault::Malformed("a quotation does not end"))
    }

    fn word(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.0.find(|c| !belongs(c)).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        word
    }

    fn skip_blank(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    /// Whether there is anything after the blanks and commas.
    fn skip_to_next(&mut self) -> bool {
        self.0 = self.0.trim_start_matches([' ', '\t', ',']);
        !self.0.is_empty()
    }
}

/// RFC 9110 section 5.6.2.
fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

/// The text of which this is the base64, in either alphabet, padded or not.
fn decoded(base64: &str) -> Option<String> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let standard = base64.trim().replace('-', "+").replace('_', "/");
    let bytes = GeneralPurpose::new(&STANDARD, LENIENT).decode(standard);
    String::from_utf8(bytes.ok()?).ok()
}

/// As RFC 9110 writes it, with every value in quotes.
impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.scheme)?;
        if let Some(token) = &self.token {
            write!(f, " {token}")?;
        }
        for (number, (name, value)) in self.parameters.iter().enumerate() {
            let separator = if number == 0 { " " } else { ", " };
            let quoted = value.replace('\\', r"\\").replace('"', r#"\""#);
            write!(f, r#"{separator}{name}="{quoted}""#)?;
        }
        Ok(())
    }
}

impl fmt::Display for ChallengeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the service's challenge ")?;
        match self {
            Self::NotText => f.write_str("is not text"),
            Self::TooLarge => f.write_str("is longer than any that is meant to be read"),
            Self::Malformed(how) => write!(f, "does not follow the grammar: {how}"),
            Self::Claims => f.write_str("has claims that are no JSON object, nor base64 of one"),
        }
    }
}

impl std::error::Error for ChallengeFault {}
