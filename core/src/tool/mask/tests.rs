use super::*;

#[test]
fn a_secret_is_masked_by_its_name_in_whatever_form_and_case() {
    for (text, expected) in [
        (
            r#"{"token":"S","a":"b"}"#,
            r#"{"token":"[secret]","a":"b"}"#,
        ),
        (
            r#"{"refreshToken" : "S\"S" , "a":1}"#,
            r#"{"refreshToken" : "[secret]" , "a":1}"#,
        ),
        (
            r#"{\"ID_TOKEN\":\"S\",\"a\":1}"#,
            r#"{\"ID_TOKEN\":\"[secret]\",\"a\":1}"#,
        ),
        (
            "{'Assertion': 'S', 'a': 1}",
            "{'Assertion': '[secret]', 'a': 1}",
        ),
        (
            "\"accessToken\":\n  \"S\"",
            "\"accessToken\":\n  \"[secret]\"",
        ),
        ("grant=x&code=S&state=y seen", "grant=x&code=[secret] seen"),
        ("code%3DS seen", "code%3D[secret] seen"),
        (
            "az login --password S -u me",
            "az login --password [secret] -u me",
        ),
        ("az login -p 'S S' -u me", "az login -p '[secret]' -u me"),
        (
            "['login', '-p', 'S', '-u']",
            "['login', '-p', '[secret]', '-u']",
        ),
        ("--client-secret=S on", "--client-secret=[secret] on"),
        (
            "Endpoint=x;SharedAccessKey=S= on",
            "Endpoint=x;SharedAccessKey=[secret] on",
        ),
        ("AccountKey=S==;End=x on", "AccountKey=[secret] on"),
        (
            "https://x/y?sv=1&sig=S%3D on",
            "https://x/y?sv=1&sig=[secret] on",
        ),
        (
            "AUTHORIZATION: Basic S T\nnext",
            "AUTHORIZATION: [secret]\nnext",
        ),
        ("with BEARER S on", "with BEARER [secret] on"),
        (
            "AZURE_CLIENT_SECRET=S on",
            "AZURE_CLIENT_SECRET=[secret] on",
        ),
        (
            "via http://me:pa55word@proxy:3128 on",
            "via http://[secret]@proxy:3128 on",
        ),
        (
            "via http://me:pa/55@proxy on",
            "via http://[secret]@proxy on",
        ),
        ("sent Basic dXNlcjpwYXNz on", "sent Basic [secret] on"),
        ("az login -pS3cret! -u me", "az login -p[secret] -u me"),
        ("my password hunter2 is", "my password [secret] is"),
        (
            "got eyJhbGciOiJSUzI1NiJ9.eyJh\n  YmMifQ.c2ln on",
            "got eyJhbGciOiJSUzI1NiJ9.eyJh on",
        ),
        (r#""tokens": ["S", "S"]"#, r#""tokens": [secret]"#),
        ("-----BEGIN RSA PRIVATE KEY-----\nS", "[secret]"),
    ] {
        assert_eq!(masked(text), expected);
    }
}

#[test]
fn a_secret_is_masked_by_its_shape_whatever_stands_before_it() {
    let word = "abcdefghijklmnopqrstuvwxyz";
    for secret in [
        format!("0.A{word}"),
        format!("1.AXoA.{word}"),
        format!("M.C5_{word}"),
        format!("x1~8Q~{word}"),
        format!("Zz0{word}{word}"),
    ] {
        assert_eq!(
            masked(&format!("got ({secret}) here")),
            "got ([secret]) here"
        );
    }
    let long = "x".repeat(101);
    assert_eq!(masked(&format!("got {long}\nhere")), "got […]\nhere");
}

#[test]
fn what_tools_usually_say_stays_as_it_is() {
    for text in [
        "ERROR: Please run 'az login' to setup account.",
        "ERROR: Subscription 'My subscription' not found. Check the spelling and casing and try again.",
        "AADSTS700082: The refresh token has expired due to inactivity. The token was issued on 2026-01-01T10:00:00.0000000Z and was inactive for 90.00:00:00. Trace ID: 00000000-0000-0000-0000-000000000000",
        "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.",
        "AADSTS50126: Error validating credentials due to invalid username or password.",
        "AADSTS65001: The user or administrator has not consented to use the application with ID '04b07795-8ddb-461a-bbee-02f9e1bf7b46' named 'Microsoft Azure CLI'. Send an interactive authorization request for this user and resource.",
        "az login: error: the following arguments are required: --username/-u, --password/-p",
        "az login --tenant contoso.com --scope https://vault.azure.net/.default",
        r#"{"code":"AuthorizationFailed","message":"no"} with error code: 50076, exit code 1"#,
        "the bearer token is not valid any more",
        "ERROR: fetching token: AADSTS50079: Due to a configuration change you must enroll.",
        "Traceback (most recent call last):\n  File \"a.py\", line 5, in get\n    for token in entry[\"refresh_token\"]:\n        raise Error(\"it's gone\")\nKeyError: 'refresh_token'",
        "Basic authentication is switched off, and a password is no way in.",
        "git@github.com:x and https://graph.microsoft.com/users/ada@contoso.com are no passwords",
        "Get-AzAccessToken: Run Connect-AzAccount to login.",
        "/opt/az/lib/python3.11/site-packages/azure/cli/core/auth/identity.py",
    ] {
        assert_eq!(masked(text), text);
    }
}
