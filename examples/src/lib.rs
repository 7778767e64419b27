//! Runnable examples of azid.
