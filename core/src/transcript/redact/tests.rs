//! What redaction keeps and what it replaces.

use super::*;

fn twice(bytes: &[u8]) -> (Content, Content) {
    let once = Redactor::default().content("text", bytes);
    let again = match &once {
        Content::Json(value) => serde_json::to_vec(value).expect("JSON serialises"),
        Content::Text(text) => text.clone().into_bytes(),
        _ => bytes.to_vec(),
    };
    let twice = Redactor::default().content("text", &again);
    (once, twice)
}

#[test]
fn redaction_is_a_fixed_point() {
    let bodies: [&[u8]; 10] = [
        br#"{"access_token":"AT","expires_in":"3599","mystery":"x","nested":{"access_token":7,"y":[1,"z"]}}"#,
        br#"{"error":{"code":"c","message":"AT is not eyJhbGciOiJSUzI1NiJ9.a.b"}}"#,
        br#"{"error":"invalid_client","error_description":"AADSTS7000215: no.\r\nTrace ID: t"}"#,
        b"<html>host unreachable</html>",
        b"plain text",
        b"one\r\ntwo",
        b"word",
        b"",
        b" \n",
        b"\xff\xfe",
    ];
    for body in bodies {
        let (once, twice) = twice(body);
        assert_eq!(once, twice, "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn one_secret_has_one_placeholder_and_is_replaced_inside_texts_too() {
    let mut redactor = Redactor::default();
    let secret = redactor.secret("secret", &Secret::new("p&ss"));
    assert_eq!(secret.expose(), "redacted-secret-1");
    assert_eq!(redactor.placeholder("token", "p&ss"), "redacted-secret-1");
    assert_eq!(
        redactor.text("no p&ss, no p%26ss"),
        "no redacted-secret-1, no redacted-secret-1"
    );
}

#[test]
fn what_is_no_secret_is_hidden_where_it_stands_and_looked_for_nowhere() {
    let mut redactor = Redactor::default();
    let version = HeaderValue::from_static("0.1.0");
    let headers = HeaderMap::from_iter([(http::header::USER_AGENT, version)]);
    let shown = redactor.headers(&headers, true);
    assert_eq!(shown["user-agent"], "redacted-header-1");
    assert_eq!(redactor.text("since 0.1.0"), "since 0.1.0");

    redactor.secret("secret", &Secret::new("redacted-secret-1\u{1}"));
    let encoded = "cmVkYWN0ZWQtc2VjcmV0LTEB";
    assert_eq!(redactor.text(encoded), encoded);
}
