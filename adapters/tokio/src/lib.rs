//! Microsoft Entra tokens on tokio.
