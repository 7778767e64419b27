//! Cases whose last exchange is with Entra.

use super::{Case, entra_answers};

/// The cases of a credential that proves itself to Entra by what it holds: `begin` makes the case
/// up to there.
pub(crate) fn with_entra_answers(begin: impl Fn(&'static str) -> Case) -> Vec<Case> {
    let cases = entra_answers()
        .into_iter()
        .map(|(name, replies)| replies.into_iter().fold(begin(name), Case::then));
    cases.collect()
}

/// The cases of a credential that gets a proof for every request that it sends to Entra: `prove`
/// adds what happens before each.
pub(crate) fn with_fresh_proofs(
    begin: impl Fn(&'static str) -> Case,
    prove: impl Fn(Case) -> Case,
) -> Vec<Case> {
    let cases = entra_answers().into_iter().map(|(name, replies)| {
        let answer = |case, reply| prove(case).then(reply);
        replies.into_iter().fold(begin(name), answer)
    });
    cases.collect()
}
