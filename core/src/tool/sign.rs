//! The words by which tools say why they have no token. Decisions rest on these and on nothing
//! else, so that a transcript, which keeps them, decides the same.

use crate::oauth::aadsts_codes;

/// How `cmd.exe` says that there is no such program, in every language that keeps its English.
pub(super) const NOT_A_COMMAND: &str = "is not recognized as an internal or external command";

/// Printed by the script of this crate's own.
pub(crate) const MODULE_MISSING: &str = "AZID_NO_AZ_ACCOUNTS";

/// How PowerShell says that a policy forbids scripts.
pub(super) const POLICY: &str = "AuthorizationManager check failed";

/// How PowerShell says that a policy forbids what a script does.
pub(super) const LANGUAGE_MODE: &str = "language mode";

/// How azd says that Entra wants to see the person again.
pub(super) const REAUTHENTICATE: &str = "reauthentication required";

/// How a tool says that it has no option for claims.
pub(super) const UNKNOWN_CLAIMS: &str = "unknown flag: --claims";

/// How the Azure CLI says that nobody who is logged in to it has such a subscription.
pub(super) const UNKNOWN_SUBSCRIPTION: &str =
    "not found. Check the spelling and casing and try again.";

/// How Entra says that a login has not been used for too long.
pub(super) const STALE: &str = "has expired due to inactivity";

/// Every sign, of every tool.
const SIGNS: [&str; 13] = [
    NOT_A_COMMAND,
    MODULE_MISSING,
    POLICY,
    LANGUAGE_MODE,
    REAUTHENTICATE,
    UNKNOWN_CLAIMS,
    UNKNOWN_SUBSCRIPTION,
    STALE,
    "az login",
    "az account set",
    "azd auth login",
    "Run Connect-AzAccount to login",
    AADSTS,
];

/// How Entra numbers its errors.
pub(super) const AADSTS: &str = "AADSTS";

/// What a transcript keeps of what a tool says: all that decisions rest on.
pub(crate) fn signs_in(said: &str) -> Vec<String> {
    let signs = SIGNS.iter().filter(|sign| said.contains(**sign));
    let codes = aadsts_codes(said).map(|code| format!("{AADSTS}{code}"));
    signs.map(|sign| (*sign).to_owned()).chain(codes).collect()
}
