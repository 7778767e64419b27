//! The seed of a run.

use std::fmt;

use azid_core::Seed;
use zeroize::Zeroizing;

/// 32 bytes from the operating system's source of randomness, fresh for one run.
///
/// # Errors
///
/// The source cannot be read, as in a sandbox that forbids the system call.
pub fn seed() -> Result<Seed, SeedFailure> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(SeedFailure)?;
    Ok(Seed::new(*bytes))
}

/// The system gave no randomness, without which no run can start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedFailure(getrandom::Error);

impl fmt::Display for SeedFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the system gave no randomness: {}", self.0)
    }
}

impl std::error::Error for SeedFailure {}

#[cfg(test)]
mod tests {
    use super::*;
    use azid_core::{Context, Now, TokenRequest};

    #[test]
    fn no_two_seeds_are_the_same() {
        let request = || TokenRequest::new(["scope"]);
        let draw = || {
            let seed = seed()?;
            let mut context = Context::new(request(), Now::wall(0), seed);
            Ok::<_, SeedFailure>(context.entropy().uuid())
        };
        assert_ne!(draw(), draw());
        assert!(draw().is_ok());
    }
}
