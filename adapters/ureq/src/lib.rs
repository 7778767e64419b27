//! Microsoft Entra tokens for blocking programs, without a runtime.
