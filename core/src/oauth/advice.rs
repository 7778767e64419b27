//! The cures that are known for Entra's AADSTS codes.

use std::time::Duration;

use serde_json::Value;

use super::failure::codes;
use crate::effect::HttpResponse;
use crate::json;

/// Codes that name a state which passes by itself.
pub(super) const TRANSIENT: [u64; 11] = [
    50_196, 90_055, 90_006, 90_012, 90_024, 90_033, 90_090, 50_033, 50_087, 40_010, 50_134,
];

/// Codes that turn a client away which asks too often.
const THROTTLING: [u64; 2] = [50_196, 90_055];

/// What to do where requests are throttled.
pub(crate) const TOO_MANY: &str = "too many requests: wait for as long as the endpoint asks, and share one provider, which keeps its tokens";

/// What to do where a secret is refused that has white space around it.
pub(super) const PADDED: &str = "the secret has white space around it: take that away where it is set; a line break at the end of a file or a variable is the usual mistake";

/// Codes of a secret or a password that is refused as wrong.
pub(super) const WRONG_SECRET: [u64; 3] = [7_000_215, 70_002, 50_126];

/// How long to leave Entra alone that turns away a client which asks too often, and does not say for
/// how long: such states last for minutes.
pub(super) fn pause_of(codes: &[u64]) -> Option<Duration> {
    let is_throttled = codes.iter().any(|code| THROTTLING.contains(code));
    is_throttled.then_some(Duration::from_secs(60))
}

/// The same of an answer that is not read yet.
pub(crate) fn pause_of_code(response: &HttpResponse) -> Option<Duration> {
    let body = json::read_erased(response.body.expose())?;
    let body = body.as_object()?;
    let description = body.get("error_description").and_then(Value::as_str);
    pause_of(&codes(body, description.unwrap_or_default()))
}

/// What to do about an AADSTS code, for whoever reads the error.
pub(crate) fn for_code(code: u64) -> Option<&'static str> {
    Some(match code {
        700_016 => {
            "check the client id and the tenant: this tenant has no such application (not consented here, or in another cloud)"
        }
        7_000_215 | 70_002 => {
            "use the client secret's value; its id, which the portal shows beside it, is the usual mistake"
        }
        7_000_222 => {
            "the client secret has expired: create a new one, or use a certificate or a federated credential"
        }
        7_000_218 => {
            "the application is confidential and sent no credential: add one, or allow public client flows on it"
        }
        700_025 => {
            "the application is public: send no secret or assertion, or register it as confidential"
        }
        700_027 | 50_012 => {
            "register this certificate or key with the application, and check the thumbprint that was sent"
        }
        700_030 => "send the certificate chain, and check the subject that the application trusts",
        700_024 => {
            "compare the clocks: the assertion is not valid yet or no more; fetch a fresh one for each request"
        }
        50_013 | 500_133 => {
            "the assertion is invalid or has expired: get a fresh one, and check its audience"
        }
        500_131 | 50_027 => "the assertion must be a JWT that was issued for this application",
        70_021 => {
            "no federated credential matches: wait some minutes if it is new, else correct its issuer, subject or audience"
        }
        700_211 => {
            "the assertion's issuer is not the federated credential's: make them the same, letter by letter"
        }
        700_212 => {
            "the assertion's audience is not the federated credential's: make them the same, letter by letter"
        }
        700_213 => {
            "the assertion's subject is not the federated credential's: make them the same, letter by letter"
        }
        7_002_138 => {
            "issuer, subject or audience differ from the federated credential in upper and lower case only; they must be the same"
        }
        700_229 => {
            "use the token of an application or of a user-assigned managed identity as the assertion: a system-assigned one or a user cannot vouch for an application"
        }
        900_023 | 90_023 => "the tenant is neither a GUID nor a domain name: correct it",
        90_002 => "there is no such tenant in this cloud: correct the tenant or the authority host",
        90_038 | 900_382 | 900_432 => {
            "the tenant lives in another national cloud: set that cloud's authority host"
        }
        50_194 | 9_001_023 | 90_124 | 90_130 => {
            "name a tenant: `common` and `consumers` do not work here"
        }
        50_049 => "the authority host is unknown to Entra: correct it",
        1_002_012 => "an application asks for `{resource}/.default`, not for single permissions",
        70_011 | 28_002 => "correct the scope: it names nothing that can be asked for",
        700_022 | 700_023 => "ask for the scopes of exactly one resource in a request",
        500_011 | 50_001 | 650_057 | 65_005 => {
            "the resource is unknown in this tenant: correct its URI (a trailing slash counts), or have it provisioned"
        }
        901_002 => "send `scope`, not `resource`",
        70_003 => "the application may not use this grant type",
        65_001 | 65_004 | 90_094 | 90_095 => {
            "consent is missing: a user or an administrator must give it"
        }
        50_076 | 50_079 | 50_072 | 50_074 | 50_078 | 50_158 => {
            "a person must sign in interactively and pass multi-factor authentication"
        }
        50_020 | 50_034 | 51_004 | 16_000 => {
            "the account is not in this tenant: name the right tenant"
        }
        50_126 | 50_055 | 50_056 | 50_144 | 50_053 | 50_057 => {
            "the user name or password is wrong or expired, or the account is locked or disabled"
        }
        50_058 | 50_173 | 50_133 | 50_132 | 50_089 | 700_082 | 70_008 | 70_043 | 700_084 => {
            "the session has ended: sign in again"
        }
        50_097 | 53_000 | 53_001 | 53_002 | 53_003 | 530_032 | 530_035 | 50_131 | 50_005 => {
            "a conditional access policy blocks this: no program can mend it, an administrator can"
        }
        50_105 => "assign the user or the service principal to the application",
        50_011 | 900_971 | 70_004 => "register exactly the redirect URI that was sent",
        54_005 => "an authorization code works once: start the sign-in again",
        700_005 => "redeem the code at the tenant that issued it",
        70_018 => "the user code is wrong: start again and type the new one",
        70_019 | 70_020 => "the code has expired: start again",
        50_134 => "the sign-in went to another data centre: start it again",
        50_196 => {
            "the client asks for the same token in a loop: wait some minutes, and see that tokens are cached"
        }
        90_055 => "the tenant has too many requests: wait some minutes",
        90_006 | 90_012 | 90_024 | 90_033 | 90_090 | 50_033 | 50_087 | 40_010 => {
            "Entra has a passing fault: try again in a while"
        }
        50_000 | 90_036 | 90_092 | 50_086 => {
            "Entra has a fault that trying again does not mend: give the trace id to Microsoft's support"
        }
        100_007 => "this application may not use regional endpoints: remove the region setting",
        7_000_112 | 70_001 => "the application is disabled",
        7_000_114 => "the application may not act on behalf of users",
        240_002 => "use the user's access token as the assertion, not the id token",
        51_000 => "a feature that this request needs is not enabled for the tenant",
        500_021 | 500_022 | 50_002 | 500_212 | 500_213 => {
            "a tenant restriction blocks this: ask whoever administers the network or the tenant"
        }
        _ => return None,
    })
}
