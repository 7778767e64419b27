//! What a credential needs of its host.

/// What a credential may ask for beyond what nearly all do: HTTP exchanges, files, waits, and answers
/// of the program's own code.
///
/// A host that knows what its credential needs can leave the rest away, and with it the code: a
/// program that has a client secret neither starts programs nor opens browsers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Needs {
    /// It runs programs.
    pub programs: bool,
    /// It signs people in by a browser.
    pub browser: bool,
    /// It signs with keys in memory.
    pub keys: bool,
}

impl Needs {
    /// Whatever there is.
    pub const ALL: Self = Self {
        programs: true,
        browser: true,
        keys: true,
    };

    /// Nothing of it.
    pub const NONE: Self = Self {
        programs: false,
        browser: false,
        keys: false,
    };

    /// To run programs.
    pub const PROGRAMS: Self = Self {
        programs: true,
        ..Self::NONE
    };

    /// To sign people in by a browser.
    pub const BROWSER: Self = Self {
        browser: true,
        ..Self::NONE
    };

    /// To sign with keys in memory.
    pub const KEYS: Self = Self {
        keys: true,
        ..Self::NONE
    };
}
