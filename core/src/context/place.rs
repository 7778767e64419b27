//! Where a run takes place: on which platform, and where its credential stands.

use serde::{Deserialize, Serialize};

/// Whose path rules and tools apply. It is an input, so the rules of one platform can be tested
/// on another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Platform {
    /// Linux and what behaves like it.
    Linux,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
    /// A browser, a plug-in host, anything else.
    #[default]
    Other,
}

/// Where a credential stands: alone it is patient, in a chain it is brief.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Position {
    /// The program named this credential.
    #[default]
    Alone,
    /// It is a link of a chain that the program built.
    InChain,
    /// It is a link of the default chain.
    InDefaultChain,
}
