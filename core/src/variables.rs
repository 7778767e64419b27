//! Which variables of the environment matter to a credential.

use crate::environment::Environment;

/// Which variables of the environment the runs of a credential may read. A host need look up no
/// others before a run, and goes by these alone when it tells one environment from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variables {
    /// Any of those that are known.
    Known,
    /// At most these of the known ones.
    Only(&'static [&'static str]),
}

impl Variables {
    /// None at all.
    pub const NONE: Self = Self::Only(&[]);

    /// Their names.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let (known, only) = match self {
            Self::Known => (Some(Environment::known_names()), &[][..]),
            Self::Only(names) => (None, names),
        };
        known.into_iter().flatten().chain(only.iter().copied())
    }
}
