//! What a service says when it refuses a token.

use std::sync::Arc;

use azid_core::effect::HttpResponse;
use azid_core::oauth::{Challenge, ChallengeFault};
use azid_core::testing::{self, World};
use azid_core::{ClientSecret, OnBehalfOfCredential, TokenRequest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use http::HeaderMap;
use http::header::{HeaderValue, WWW_AUTHENTICATE};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const CLAIMS: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"},"?":"ü>"}}"#;

fn headers(fields: &[&str]) -> HeaderMap {
    let fields = fields.iter().map(|field| {
        let value = HeaderValue::from_bytes(field.as_bytes());
        (
            WWW_AUTHENTICATE,
            value.expect("it has no control character"),
        )
    });
    let mut headers = HeaderMap::new();
    headers.extend(fields);
    headers
}

fn missing(fields: &[&str]) -> Result<Option<String>, ChallengeFault> {
    let challenged = request().challenged_by(&headers(fields))?;
    Ok(challenged.and_then(|request| request.claims_json().map(str::to_owned)))
}

fn request() -> TokenRequest {
    TokenRequest::new(["https://graph.microsoft.com/.default"]).enable_cae()
}

#[test]
fn claims_are_found_in_every_alphabet_of_base64_padded_or_not() {
    for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
        for text in [CLAIMS, "{}", r#"{"a":1}"#, r#"{"a":12}"#] {
            let field = format!(
                r#"Bearer error="insufficient_claims", claims="{}""#,
                engine.encode(text)
            );
            assert_eq!(missing(&[&field]), Ok(Some(text.to_owned())), "{field}");
        }
    }
}

#[test]
fn claims_are_found_among_several_challenges_and_fields_in_any_order_and_case() {
    let claims = STANDARD.encode(CLAIMS);
    let fields = [
        format!(r#"Bearer error="insufficient_claims", claims="{claims}""#),
        format!(r#"bearer CLAIMS="{claims}",Error=insufficient_claims"#),
        format!(
            r#"Bearer realm="", authorization_uri="https://login.example/a", client_id="00000003", claims="{claims}", error="insufficient_claims""#
        ),
        format!(
            r#"Negotiate, Basic realm="x, Bearer y=\"z\"", BEARER error="insufficient_claims" claims="{claims}", PoP nonce="n""#
        ),
        format!(r#", ,Negotiate YIIB+/==,Bearer error = "insufficient_claims" ,claims = {claims}"#),
    ];
    for field in &fields {
        assert_eq!(missing(&[field]), Ok(Some(CLAIMS.to_owned())), "{field}");
        let among = [r#"Digest qop="auth""#, field, "NTLM"];
        assert_eq!(missing(&among), Ok(Some(CLAIMS.to_owned())));
    }
}

#[test]
fn the_request_stays_as_it_is_but_for_the_claims() {
    let field = r#"Bearer error="insufficient_claims", claims="e30=""#;
    let request = request().tenant("contoso").claims(r#"{"old":1}"#);
    let challenged = request.clone().challenged_by(&headers(&[field]));
    assert_eq!(challenged, Ok(Some(request.claims("{}"))));
}

#[test]
fn what_asks_for_no_claims_makes_no_request() {
    for field in [
        r#"Bearer error="invalid_token", claims="e30=""#,
        r#"Bearer error="insufficient_claims""#,
        r#"PoP error="insufficient_claims", claims="e30=""#,
        "Bearer",
        "",
    ] {
        assert_eq!(missing(&[field]), Ok(None), "{field}");
    }
    assert_eq!(missing(&[]), Ok(None));
}

#[test]
fn a_field_that_cannot_be_understood_hides_none_that_can() {
    let good = r#"Bearer error="insufficient_claims", claims="e30=""#;
    let bad = r#"Digest realm="never ends"#;
    assert_eq!(missing(&[bad, good]), Ok(Some("{}".to_owned())));
    assert!(matches!(missing(&[bad]), Err(ChallengeFault::Malformed(_))));
    assert!(Challenge::all_in(&headers(&[bad, good])).is_err());
}

#[test]
fn each_fault_has_its_name() {
    let claims = |claims: &str| {
        let field = format!(r#"Bearer error="insufficient_claims", claims="{claims}""#);
        missing(&[&field])
    };
    assert_eq!(claims("%%%"), Err(ChallengeFault::Claims));
    assert_eq!(claims(&STANDARD.encode("[]")), Err(ChallengeFault::Claims));
    assert_eq!(
        claims(&STANDARD.encode([0xff])),
        Err(ChallengeFault::Claims)
    );
    assert_eq!(claims(""), Err(ChallengeFault::Claims));
    assert_eq!(claims(&"A".repeat(70_000)), Err(ChallengeFault::TooLarge));
    let many: String = (0..65).map(|n| format!(",p{n}=v")).collect();
    assert_eq!(
        Challenge::parse(&format!("Bearer {many}")),
        Err(ChallengeFault::TooLarge)
    );
    for field in [
        r#"Bearer a="1", A="2""#,
        r#"="x""#,
        "Bearer=x",
        "Bearer \"x\"",
    ] {
        let parsed = Challenge::parse(field);
        assert!(
            matches!(parsed, Err(ChallengeFault::Malformed(_))),
            "{field}: {parsed:?}"
        );
    }
    let mut not_text = HeaderMap::new();
    let value = HeaderValue::from_bytes(b"Bearer realm=\"\xff\"").expect("it is obsolete text");
    not_text.insert(WWW_AUTHENTICATE, value);
    assert_eq!(Challenge::all_in(&not_text), Err(ChallengeFault::NotText));
}

#[test]
fn what_an_api_of_this_library_hands_on_its_caller_of_this_library_understands() {
    let answer = serde_json::json!({
        "error": "interaction_required", "error_codes": [50076], "claims": CLAIMS,
    });
    let answer = HttpResponse::new(400, answer.to_string().into_bytes());
    let api = OnBehalfOfCredential::new("contoso", "app", ClientSecret::from("s"), "e30.e30.c2ln");
    let mut world = World::new([answer.into()]);
    let outcome = testing::run(
        Arc::new(api.expect("valid")),
        testing::context(request()),
        &mut world,
    );
    let error = outcome.result.expect_err("a person is needed");
    let service = error.service().expect("Entra's own error");
    let mut headers = HeaderMap::new();
    headers.insert(
        WWW_AUTHENTICATE,
        service.www_authenticate().expect("there are claims"),
    );
    let challenged = request().challenged_by(&headers);
    assert_eq!(challenged, Ok(Some(request().claims(CLAIMS))));
}

#[test]
fn the_challenges_of_azures_services_say_where_and_what_for() {
    let vault =
        r#"Bearer authorization="https://login.windows.net/t", resource="https://vault.azure.net""#;
    let storage = "Bearer authorization_uri=https://login.microsoftonline.com/t/oauth2/authorize resource_id=https://storage.azure.com";
    for (field, uri, resource) in [
        (
            vault,
            "https://login.windows.net/t",
            "https://vault.azure.net",
        ),
        (
            storage,
            "https://login.microsoftonline.com/t/oauth2/authorize",
            "https://storage.azure.com",
        ),
    ] {
        let [challenge] = &Challenge::parse(field).expect("it is understood")[..] else {
            panic!("one challenge in {field}");
        };
        assert_eq!(challenge.authorization_uri(), Some(uri));
        assert_eq!(challenge.resource(), Some(resource));
    }
}

fn challenge() -> impl Strategy<Value = String> {
    let name = "[A-Za-z][A-Za-z0-9_-]{0,8}";
    let quoted = || "\"([^\"\\\\\\x00-\\x1f\\x7f]|\\\\[ -~]){0,12}\"";
    let parameters = proptest::collection::btree_map("[a-z]{1,6}", quoted(), 0..4);
    (name, parameters, "( |\t)?,( |\t)?").prop_map(|(scheme, parameters, separator)| {
        let parameters: Vec<_> = parameters
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        format!("{scheme} {}", parameters.join(&separator))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(2026), ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_by_the_book_is_understood(challenges in proptest::collection::vec(challenge(), 0..5)) {
        let understood = Challenge::parse(&challenges.join(", ")).expect("it follows the grammar");
        prop_assert_eq!(understood.len(), challenges.len());
        let written: Vec<_> = understood.iter().map(ToString::to_string).collect();
        prop_assert_eq!(Challenge::parse(&written.join(",")), Ok(understood));
    }

    #[test]
    fn no_field_breaks_the_parser(field in "\\PC{0,80}", lines in proptest::collection::vec(0_u8..=255, 0..200)) {
        azid_tests::fuzz::service_challenge(field.as_bytes());
        azid_tests::fuzz::service_challenge(&lines);
    }
}
