//! What is shown of a tool's own words, and that no secret is among them.

mod support {
    pub(crate) mod tools;
}

use std::sync::Arc;

use azid_core::{AzureDeveloperCliCredential, Error, ErrorKind};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use support::tools::{ask, ended, for_vault, tools};

fn azd_says(stderr: &str) -> Error {
    let credential = Arc::new(AzureDeveloperCliCredential::new());
    ask(credential, for_vault(), ended(1, "", stderr)).expect_err("it ended with an error")
}

#[test]
fn what_azd_says_is_shown_in_words_whatever_its_version() {
    for said in [
        r#"{"error":"consent","message":"AADSTS65001: no consent","suggestion":"ask"}"#,
        "{\"type\":\"consoleMessage\",\"timestamp\":\"t\",\"data\":{\"message\":\"\"}}\n{\"error\":\"AADSTS65001: no consent\"}",
        r#"{"type":"consoleMessage","timestamp":"t","data":{"message":"\nERROR: AADSTS65001: no consent\n"}}"#,
        "ERROR: AADSTS65001: no consent",
    ] {
        let error = azd_says(said);
        assert_eq!(error.kind(), ErrorKind::Failed, "{said}");
        let shown = error.to_string();
        assert!(shown.contains("AADSTS65001: no consent"), "{shown}");
        assert!(
            !shown.contains('{') && !shown.contains("consoleMessage"),
            "{shown}"
        );
        assert!(shown.contains("consent is missing"), "the cure: {shown}");
    }
    let logged_out = azd_says("not logged in, run `azd auth login` to login");
    assert_eq!(logged_out.kind(), ErrorKind::Unavailable);
    assert_eq!(logged_out.advice(), Some("run `azd auth login`"));
}

#[test]
fn nothing_that_a_tool_printed_in_the_place_of_a_token_is_shown() {
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln";
    let spoilt = [
        ended(
            0,
            &format!(r#"{{"accessToken":"{token}","expires_on":1}}"#),
            "",
        ),
        ended(0, &format!(r#"WARNING {{"accessToken":"{token}"}}"#), ""),
        ended(1, &format!(r#"{{"accessToken":"{token}"}}"#), ""),
        ended(1, "", &format!("DEBUG: got {token}")),
        ended(1, "", r#"{"accessToken": "AT-opaque"}"#),
        ended(1, "", "Authorization: Bearer AT-opaque"),
    ];
    for credential in tools() {
        for reply in &spoilt {
            let result = ask(credential.clone(), for_vault(), reply.clone());
            let error = result.expect_err("that is no token");
            let shown = format!("{error} {error:?}");
            assert!(
                !shown.contains("eyJ") && !shown.contains("opaque"),
                "{shown}"
            );
        }
    }
}

#[test]
fn what_no_header_field_can_hold_is_no_token_of_any_tool() {
    for token in [r"T\r\nX-Evil: 1", r"T\u0000", "two words", "т"] {
        for name in ["accessToken", "token"] {
            let printed = format!(r#"{{"{name}":"{token}","expires_on":1795266000}}"#);
            for credential in tools() {
                let result = ask(credential, for_vault(), ended(0, &printed, ""));
                let error = result.expect_err("that is no token");
                assert!(error.to_string().contains("printed no token"), "{error}");
            }
        }
    }
}

/// What Entra, storage and people make secrets of.
fn secret() -> impl Strategy<Value = String> {
    prop_oneof![
        "[01]\\.A[A-Za-z0-9_-]{30,90}(\\.[A-Za-z0-9_-]{20,60})?",
        "[A-Za-z0-9_.~-]{3}[0-9]Q~[A-Za-z0-9_.~-]{31,34}",
        "eyJ[A-Za-z0-9_-]{20,60}\\.[A-Za-z0-9_-]{20,60}\\.[A-Za-z0-9_-]{20,60}",
        "[A-Za-z0-9+/]{86}==",
        "[A-Za-z0-9_~!#%^*+-]{12,40}",
    ]
}

/// A name that tells what stands behind it, in the case in which somebody writes it.
fn name() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "access_token",
        "accessToken",
        "refresh_token",
        "refreshToken",
        "id_token",
        "token",
        "client_secret",
        "clientSecret",
        "client_assertion",
        "assertion",
        "password",
        "AZURE_CLIENT_SECRET",
        "SharedAccessKey",
        "AccountKey",
        "sig",
    ]);
    (name, 0..3).prop_map(|(name, case)| match case {
        0 => name.to_lowercase(),
        1 => name.to_uppercase(),
        _ => name.to_owned(),
    })
}

/// A secret in one of the shapes in which tools print them.
fn shown(name: &str, secret: &str, shape: usize) -> String {
    match shape {
        0 => format!(r#"{{"a":"b","{name}":"{secret}","c":"d"}}"#),
        1 => format!(r#"{{ "{name}" : "{secret}" }}"#),
        2 => format!(
            r#"{{"type":"consoleMessage","data":{{"message":"\\nERROR: {{\\"{name}\\":\\"{secret}\\"}}\\n"}}}}"#
        ),
        3 => format!(r#"body: {{\"{name}\":\"{secret}\"}}"#),
        4 => format!("{{'{name}': '{secret}', 'c': 'd'}}"),
        5 => format!("POST x=y&{name}={secret}&z=1"),
        6 => format!("https://x.example/y?{name}={secret}"),
        7 => format!("Endpoint=sb://x/;{name}={secret};EntityPath=x"),
        8 => format!("{name}: {secret}"),
        9 => format!("command: az login --{name} {secret} --debug"),
        10 => format!("command: az login --{name}={secret} --debug"),
        11 => format!("command: az login -p {secret} -u x"),
        12 => format!("['az', 'login', '--{name}', '{secret}']"),
        13 => format!("code={secret}&state=x"),
        14 => format!("authorization: bearer {secret}"),
        15 => format!("Sent with BEARER {secret} by GET"),
        16 => format!("export {name}='{secret}'"),
        17 => format!("HTTPS_PROXY=http://user:{secret}@proxy.example:3128"),
        18 => format!("Sent with basic {secret} by GET"),
        19 => format!("command: az login -p{secret} -u x"),
        20 => format!("command: az login -p'{secret}' -u x"),
        21 => format!("tried with {name} {secret} and it failed"),
        _ => {
            let (first, rest) = secret.split_at(secret.len() / 2);
            format!("got eyJ0eXAiOiJKV1Qi{first}\n{rest}")
        }
    }
}

/// Words of the kind that stand around it.
fn around() -> impl Strategy<Value = String> {
    "([A-Za-z0-9:,.='\"{}/ -]{0,30}[ \n])?"
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 3000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(2026),
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_secret_survives_in_whatever_shape_a_tool_prints_it(
        secret in secret(),
        name in name(),
        shape in 0_usize..23,
        before in around(),
        after in around(),
    ) {
        // A JWT has letters of base64url alone.
        let is_base64url = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        prop_assume!(shape < 22 || secret.chars().all(is_base64url));
        let said = format!("{before}{}\n{after}", shown(&name, &secret, shape));
        let [az, ..] = tools();
        let error = ask(az, for_vault(), ended(1, "", &said)).expect_err("it has ended");
        let shown = format!("{error} {error:?}");
        prop_assert!(!shown.contains(&secret), "{} in {}", said, shown);
        // Nor does a good part of it.
        let part: String = secret.chars().skip(2).take(10).collect();
        prop_assert!(!shown.contains(&part), "{} in {}", said, shown);
    }
}

#[test]
fn a_secret_of_entras_making_is_known_by_its_looks() {
    for secret in [
        format!("0.AXoA{}", "x1Y".repeat(12)),
        format!("1.AXoA{}.AgAB", "x1Y".repeat(12)),
        format!("abc8Q~{}", "x1Y".repeat(11)),
    ] {
        for tool in tools() {
            let said = format!("it said <{secret}>, and ended");
            let error = ask(tool, for_vault(), ended(1, "", &said)).expect_err("it has ended");
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("x1Yx1Y"), "{shown}");
            assert!(shown.contains("and ended"), "{shown}");
        }
    }
}

#[test]
fn what_az_usually_says_is_shown_in_full() {
    for said in [
        "ERROR: Please run 'az login' to setup account.",
        "ERROR: AADSTS700082: The refresh token has expired due to inactivity. The token was issued on 2026-01-01T10:00:00.0000000Z and was inactive for 90.00:00:00.",
        "ERROR: AADSTS65001: The user or administrator has not consented to use the application with ID '04b07795-8ddb-461a-bbee-02f9e1bf7b46' named 'Microsoft Azure CLI'.",
        "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app 'x'.",
        "ERROR: The command failed with an unexpected error. Here is the traceback: KeyError: 'homeAccountId'",
        "az account get-access-token: error: unrecognized arguments: --scope https://vault.azure.net/.default",
        "ERROR: fetching token: AADSTS50079: you must enroll in multi-factor authentication.",
        "Traceback (most recent call last): File \"token_cache.py\", line 5, in find data[\"refresh_token\"]: KeyError: 'refresh_token'",
    ] {
        let [az, ..] = tools();
        let error = ask(az, for_vault(), ended(1, "", said)).expect_err("it has ended");
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[test]
fn however_much_a_tool_says_there_is_an_error_that_people_can_read() {
    for said in ["://", "pw {", "x", "a:@", "\"pw\": \"", "eyJ", "\u{2028}"] {
        let said = format!("it broke {}", said.repeat(256 * 1024 / said.len() - 9));
        for tool in tools() {
            let error = ask(tool, for_vault(), ended(1, "", &said)).expect_err("it has ended");
            let shown = error.to_string();
            assert!(
                shown.contains("it broke") && shown.len() < 8 * 1024,
                "{shown}"
            );
        }
    }
}

#[test]
fn what_a_host_read_beyond_the_bounds_of_a_tool_is_refused() {
    let long = "x".repeat(256 * 1024 + 1);
    for printed in [ended(0, &long, ""), ended(1, "", &long)] {
        for tool in tools() {
            let error = ask(tool, for_vault(), printed.clone()).expect_err("it is too long");
            assert!(
                error.to_string().contains("more than 262144 bytes"),
                "{error}"
            );
        }
    }
}
