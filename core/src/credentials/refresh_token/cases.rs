use serde_json::json;

use super::*;
use crate::client::ClientSecret;
use crate::effect::HttpFailure;
use crate::memory::{Fact, MemoryChange};
use crate::request::TokenRequest;
use crate::testing::people::{ACCOUNT, REFUSALS, client_info, session, signed_in};
use crate::testing::{Case, with_entra_answers};

impl RefreshTokenCredential {
    pub(in crate::credentials) fn cases() -> Vec<Case> {
        let mut cases = with_entra_answers(case);
        for (name, body) in REFUSALS {
            cases.push(case(name).http(400, body));
        }
        cases.extend(renewals());
        let scope = "https://vault.azure.net/.default";
        let confidential = credential().client_credential(ClientSecret::from("s3cret"));
        cases.extend([
            case("claims and continuous access evaluation")
                .asks(
                    TokenRequest::new([scope])
                        .claims(r#"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#)
                        .enable_cae(),
                )
                .http(200, &signed_in("RT1").to_string()),
            case("another tenant that is not allowed")
                .asks(TokenRequest::new([scope]).tenant("fabrikam.com")),
            case("a scope that is asked for anyway")
                .asks(TokenRequest::new([scope, "Offline_Access"])),
            Case::new("a confidential client", confidential.expect("valid"))
                .http(200, &signed_in("RT1").to_string()),
            case("a refresh token that may have arrived")
                .then(HttpFailure::Lost { request_sent: true }),
            case("a refresh token that surely did not arrive")
                .then(HttpFailure::Connect(Default::default()))
                .http(200, &signed_in("RT1").to_string()),
        ]);
        cases
    }
}

/// What becomes of the tokens that come after the given one.
fn renewals() -> Vec<Case> {
    let anonymous = json!({ "access_token": "AT", "expires_in": 3599, "refresh_token": "RT1" });
    let remembering = |name| {
        let label = format!("refresh:{}", credential().lineage());
        let learn = |case: Case, (key, fact)| case.remembers(key, fact);
        session(&label).into_iter().fold(case(name), learn)
    };
    let rejecting = |mut case: Case, token: &str| {
        case.memory.apply(MemoryChange::Rejected(token.into()));
        case
    };
    let (expired, other) = (REFUSALS[0].1, signed_in("RT1"));
    let mut other = other;
    other["client_info"] = client_info("eve", "home").into();
    let of_nobody = format!("refresh token of refresh:{}", credential().lineage());
    let place = "app-id at https://login.microsoftonline.com/contoso.com";
    let renewed = Fact::RefreshToken("RT0".into());
    vec![
        case("a newer refresh token").http(200, &signed_in("RT1").to_string()),
        case("a newer refresh token of nobody").http(200, &anonymous.to_string()),
        case("the newer one of nobody is used")
            .remembers(format!("{of_nobody} for {place}"), renewed)
            .http(200, &anonymous.to_string()),
        remembering("the newer one is used").http(200, &signed_in("RT1").to_string()),
        remembering("the newer one is refused and the given one is not")
            .http(400, expired)
            .http(200, &signed_in("RT1").to_string()),
        remembering("both are refused")
            .http(400, expired)
            .http(400, expired),
        remembering("the newer one brings another account").http(200, &other.to_string()),
        rejecting(case("the given one was refused before"), "RT"),
        rejecting(remembering("the newer one was refused before"), "RT0")
            .http(200, &signed_in("RT1").to_string()),
        case("a sign-in to somebody else's memory")
            .remembers(
                format!("refresh token of account:{ACCOUNT} for {place}"),
                Fact::RefreshToken("RT0".into()),
            )
            .http(200, &other.to_string()),
    ]
}

fn credential() -> RefreshTokenCredential {
    RefreshTokenCredential::new("contoso.com", "app-id", "RT").expect("valid")
}

fn case(name: &'static str) -> Case {
    Case::new(name, credential())
}
