//! Microsoft Entra tokens on async-std.
