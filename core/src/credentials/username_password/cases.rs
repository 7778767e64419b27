use serde_json::json;

use super::*;
use crate::client::ClientSecret;
use crate::effect::HttpFailure;
use crate::memory::Fact;
use crate::request::TokenRequest;
use crate::testing::people::{session, signed_in};
use crate::testing::{Case, with_entra_answers};

const USER: &str = "ada@contoso.com";

impl UsernamePasswordCredential {
    pub(in crate::credentials) fn cases() -> Vec<Case> {
        let mut cases = with_entra_answers(|name| managed(case(name)));
        cases.extend(realms());
        let scope = "https://vault.azure.net/.default";
        let refused = |name, body| managed(case(name)).http(400, body);
        let confidential = credential().client_credential(ClientSecret::from("s3cret"));
        let known = |name| {
            let learn = |case: Case, (key, fact): (String, Fact)| case.remembers(key, fact);
            session(&format!("name:{USER}"))
                .into_iter()
                .fold(case(name), learn)
        };
        let token = signed_in("RT1").to_string();
        cases.extend([
            managed(Case::new("a confidential client", confidential.expect("valid")))
                .http(200, &token),
            managed(case("claims and continuous access evaluation"))
                .asks(TokenRequest::new([scope]).claims("{\"access_token\":{}}").enable_cae())
                .http(200, &token),
            case("a scope that is asked for anyway").asks(TokenRequest::new([scope, "openid"])),
            refused(
                "a wrong password",
                r#"{"error":"invalid_grant","error_description":"AADSTS50126: Error validating credentials due to invalid username or password.","error_codes":[50126]}"#,
            ),
            refused(
                "a second factor",
                r#"{"error":"invalid_grant","error_description":"AADSTS50076: you must use multi-factor authentication","error_codes":[50076],"suberror":"basic_action","claims":"{\"access_token\":{\"capolids\":{\"essential\":true,\"values\":[\"c1\"]}}}"}"#,
            ),
            refused(
                "no public client flows",
                r#"{"error":"invalid_client","error_description":"AADSTS7000218: The request body must contain client_assertion or client_secret","error_codes":[7000218]}"#,
            ),
            managed(known("by the password though there is a session")).http(200, &token),
        ]);
        cases
    }
}

/// Who can keep the password.
fn realms() -> Vec<Case> {
    let realm = |name, kind: &str| {
        let body = json!({ "ver": "1.0", "account_type": kind, "domain_name": "contoso.com" });
        case(name).http(200, &body.to_string())
    };
    let adfs = UsernamePasswordCredential::new("adfs", "app-id", USER, "p4ssword").expect("valid");
    let adfs = adfs.authority(Authority::new("https://fs.contoso.com").expect("valid"));
    let token = signed_in("RT1").to_string();
    vec![
        realm("a federated realm", "Federated"),
        realm("a realm that Entra does not know", "Unknown").http(200, &token),
        realm("a realm without a kind", ""),
        case("a page instead of the realm").http(200, "<html>Sign in</html>"),
        case("no realm to be had").http(404, ""),
        case("a fault before the realm")
            .http(503, "")
            .http(200, r#"{"account_type":"Managed"}"#)
            .http(200, &token),
        case("the realm's host cannot be reached").then(HttpFailure::Tls(Default::default())),
        Case::new("an AD FS server", adfs).http(200, &token),
    ]
}

fn managed(case: Case) -> Case {
    case.http(
        200,
        r#"{"ver":"1.0","account_type":"Managed","domain_name":"contoso.com"}"#,
    )
}

fn credential() -> UsernamePasswordCredential {
    UsernamePasswordCredential::new("contoso.com", "app-id", USER, "p4ssword &=+").expect("valid")
}

fn case(name: &'static str) -> Case {
    Case::new(name, credential())
}
