//! What a host can do wrong, each to break one invariant: an invariant that nothing can break says
//! nothing.

/// Something that a sound host never does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It throws its tokens away before each question.
    ForgetsTokens,
    /// It answers a caller with the error of an early refresh.
    TellsOfFailedRefreshes,
    /// It lets the caller who finds a token due wait for the next one.
    WaitsForRefreshes,
    /// It hands out a token until it has another, however old it is.
    KeepsExpiredTokens,
    /// It goes on trying for nobody when a flight has failed.
    TriesAgainAtOnce,
    /// It starts a flight for each caller who needs one.
    FliesAlone,
    /// It never answers who waits for a flight that another caller started.
    LosesCallers,
    /// It flies for one token while it flies for another, though its credential bears no company.
    IgnoresLanes,
    /// It forgets what each flight has learned: refresh tokens, which link of a chain won.
    ForgetsWhatItLearned,
    /// It neither drops a token that a service rejected nor asks for the claims that it misses.
    IgnoresRejections,
    /// Its callers ask in the same moment as those of all others, and nothing spreads them.
    ActsInStep,
}
