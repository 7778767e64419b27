use serde_json::Value;

use super::*;
use crate::client::{ClientCertificate, ClientSecret};
use crate::effect::{HttpFailure, KeyHandle};
use crate::entropy::Seed;
use crate::environment::Environment;
use crate::memory::Fact;
use crate::request::TokenRequest;
use crate::testing::people::{REFUSALS, as_ada, client_info, session, signed_in, signed_in_with};
use crate::testing::{Case, Reply, with_entra_answers};
use crate::user::AuthorizationRequest;

impl AuthorizationCodeCredential {
    pub(in crate::credentials) fn cases() -> Vec<Case> {
        let nonce = credential().session.nonce;
        let mut cases = with_entra_answers(case);
        cases = cases
            .into_iter()
            .map(|case| as_ada(case, nonce.expose()))
            .collect();
        let scope = "https://vault.azure.net/.default";
        let secret = credential().client_credential(ClientSecret::from("s3cret"));
        let key = KeyHandle::in_memory(b"k3y".to_vec().into());
        let certificate = ClientCertificate::new(["leaf"], key).expect("valid");
        let certified = credential().client_credential(certificate);
        let known = |name| {
            let label = format!("sign-in:{}", credential().session.id);
            let learn = |case: Case, (key, fact): (String, Fact)| case.remembers(key, fact);
            session(&label).into_iter().fold(case(name), learn)
        };
        let with = |name, member: &str, value: Value| {
            let mut answer = answer();
            answer[member] = value;
            case(name).http(200, &answer.to_string())
        };
        let token = answer().to_string();
        cases.extend([
            case("a public client").http(200, &token),
            Case::new("a client secret", secret.expect("valid")).http(200, &token),
            Case::new("a certificate", certified.expect("valid"))
                .then(Reply::Sign(Ok(b"signature".to_vec())))
                .http(200, &token),
            case("a challenge")
                .asks(TokenRequest::new([scope]).claims("{\"access_token\":{}}").enable_cae())
                .http(200, &token),
            case("a scope that is asked for anyway").asks(TokenRequest::new([scope, "OpenId"])),
            with("no id token", "id_token", Value::Null),
            with("an id token for another sign-in", "id_token", signed_in("RT1")["id_token"].clone()),
            case("a code that was redeemed before").http(
                400,
                r#"{"error":"invalid_grant","error_description":"AADSTS54005: OAuth2 Authorization code was already redeemed","error_codes":[54005]}"#,
            ),
            case("a wrong verifier").http(
                400,
                r#"{"error":"invalid_grant","error_description":"AADSTS501481: The Code_Verifier does not match","error_codes":[501481]}"#,
            ),
            case("a code that may have arrived").then(HttpFailure::Lost { request_sent: true }),
            case("a code that surely did not arrive")
                .then(HttpFailure::Connect(Default::default()))
                .http(200, &token),
            known("the second token").http(200, &signed_in("RT1").to_string()),
            known("the session has ended").http(400, REFUSALS[0].1),
            known("a second factor is required").http(400, REFUSALS[2].1),
            {
                let mut other = signed_in("RT1");
                other["client_info"] = client_info("eve", "home").into();
                known("somebody else by the same refresh token").http(200, &other.to_string())
            },
            session("").into_iter().fold(
                case("the memory of others who signed in"),
                |case, (key, fact)| case.remembers(key, fact),
            )
            .http(200, &token),
        ]);
        cases
    }
}

fn answer() -> Value {
    signed_in_with(credential().session.nonce.expose())
}

fn credential() -> AuthorizationCodeCredential {
    let redirect_uri = "https://app.example/signed-in";
    let request = AuthorizationRequest::new("contoso.com", "app-id", redirect_uri);
    let wanted = TokenRequest::new(["https://vault.azure.net/.default"]);
    let begun = request
        .expect("valid")
        .begin(&wanted, Seed::new([2; 32]), &Environment::default());
    let (_, session) = begun.expect("valid");
    let answer = format!("code=C0DE&state={}", session.state().expose());
    AuthorizationCodeCredential::new(session, answer.as_bytes()).expect("it is the answer")
}

fn case(name: &'static str) -> Case {
    Case::new(name, credential())
}
