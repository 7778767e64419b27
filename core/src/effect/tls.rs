//! How the server of a request proves who it is.

use super::requirements::Requirement;

/// How the server of a request proves who it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Accept exactly the leaf certificate with this thumbprint, checked before a byte of the
    /// request is sent, and no other check (Service Fabric's self-signed endpoint).
    pub pin: Option<Thumbprint>,
    /// Which roots a certificate may lead to.
    pub roots: Roots,
    /// The server name to send and to verify instead of the URL's host (AKS identity binding).
    pub server_name: Option<String>,
}

impl Tls {
    /// By what the server is to prove who it is in another way than any server does, in the order
    /// of the fields: what a client must refuse that knows of no such ways.
    pub fn special_requirements(&self) -> impl Iterator<Item = Requirement> + use<> {
        [
            (self.pin.is_some(), Requirement::TlsPin),
            (self.roots != Roots::System, Requirement::ExclusiveRoots),
            (self.server_name.is_some(), Requirement::ServerName),
        ]
        .into_iter()
        .filter_map(|(is_required, requirement)| is_required.then_some(requirement))
    }
}

/// Which root certificates count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Roots {
    /// Those of the system.
    #[default]
    System,
    /// Those in this PEM text, and no others.
    Exclusive(String),
}

/// The SHA-1 digest of a certificate's DER form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thumbprint(pub [u8; 20]);

impl Thumbprint {
    /// Reads 40 hexadecimal digits, in either case, with any colons and spaces between them.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.chars().filter(|c| !matches!(c, ':' | ' '));
        let digits: Vec<u8> = digits
            .map(|c| u8::try_from(c.to_digit(16)?).ok())
            .take(41)
            .collect::<Option<_>>()?;
        let bytes: Vec<u8> = digits
            .chunks(2)
            .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
            .collect();
        let bytes = bytes.try_into().ok().filter(|_| digits.len() == 40)?;
        Some(Self(bytes))
    }
}
