//! A transcript shows no secret, survives being stored, and replays.

mod support {
    pub(crate) mod odd_secrets;
}

use azid_core::effect::HttpResponse;
use azid_core::testing::{Case, Reply, cases};
use azid_core::{
    AzurePipelinesCredential, ClientSecretCredential, EnvironmentCredential, Fact,
    GitHubActionsCredential, MemoryChange, Transcript, WorkloadIdentityCredential,
};
use support::odd_secrets::{ODD_SECRETS, with_secret};

#[test]
fn recording_a_replay_gives_the_transcript_back() {
    for case in cases() {
        let transcript = recorded(&case);
        let credential = transcript
            .recorded_credential()
            .expect("registered credentials are data");
        assert_eq!(transcript.replay(credential), transcript, "{}", case.name);
    }
}

#[test]
fn a_transcript_survives_being_stored() {
    for case in cases() {
        let transcript = recorded(&case);
        let stored = serde_json::to_string(&transcript).expect("a transcript serialises");
        let read: Transcript = serde_json::from_str(&stored).expect("a transcript is read back");
        assert_eq!(read, transcript, "{}", case.name);
    }
}

#[test]
fn another_credential_than_the_recorded_one_shows_as_a_difference() {
    let cases = cases();
    let first = recorded(&cases[0]);
    let other = cases
        .iter()
        .find(|case| recorded(case).credential != first.credential)
        .expect("there are several");
    assert_ne!(
        first.replay(other.credential.clone().into_credential()),
        first
    );
}

#[test]
fn what_a_run_remembered_is_in_its_transcript_without_the_secrets_and_replays() {
    for mut case in cases() {
        case = case
            .remembers("account", Fact::RefreshToken("c4nary-1".into()))
            .remembers("endpoint", Fact::Answered)
            .remembers("chain", Fact::Winner(2))
            .remembers("region", Fact::Found("westeurope".into()));
        case.memory.apply(MemoryChange::Rejected("c4nary-2".into()));
        let transcript = recorded(&case);
        let stored = serde_json::to_string(&transcript).expect("a transcript serialises");
        assert!(!stored.contains("c4nary"), "{stored}");
        assert!(stored.contains("westeurope"), "{stored}");
        let read: Transcript = serde_json::from_str(&stored).expect("a transcript is read back");
        assert_eq!(read, transcript, "{}", case.name);
        let credential = read
            .recorded_credential()
            .expect("registered credentials are data");
        assert_eq!(read.replay(credential), transcript, "{}", case.name);
    }
}

#[test]
fn what_is_unfit_for_a_header_field_is_so_in_a_replay_too() {
    let token = |members: &str| format!(r#"{{"expires_in":3599,{members}}}"#);
    let pipeline = || {
        let credential = AzurePipelinesCredential::new("contoso.com", "app-id", "id", "t0ken");
        Case::new("a job", credential.expect("four good values"))
            .with("SYSTEM_OIDCREQUESTURI", "https://dev.azure.com/oidc")
    };
    let workload = || {
        Case::new("a workload", WorkloadIdentityCredential::new())
            .with("AZURE_TENANT_ID", "contoso.com")
            .with("AZURE_CLIENT_ID", "app-id")
            .with("AZURE_FEDERATED_TOKEN_FILE", "/token")
    };
    let github = Case::new(
        "a runner",
        GitHubActionsCredential::new("contoso.com", "app-id").expect("two good values"),
    );
    let mut unfit = vec![
        github
            .with("ACTIONS_ID_TOKEN_REQUEST_URL", "https://github.example/")
            .with("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "CANARYé"),
    ];
    for text in [
        "CANARY\\r\\nX: 1",
        "CANARY\\u001b[31m",
        "CANARYé",
        "CANARY 2",
    ] {
        let assertion = format!(r#"{{"oidcToken":"{text}"}}"#);
        unfit.push(pipeline().http(200, &assertion));
        let answer = token(&format!(r#""access_token":"{text}""#));
        unfit.push(workload().file("e30.e30.c2ln").http(200, &answer));
    }
    for kind in ["pop", "CANARY\\u001b[31m", "Bearer x"] {
        let answer = token(&format!(r#""access_token":"AT","token_type":"{kind}""#));
        unfit.push(workload().file("e30.e30.c2ln").http(200, &answer));
    }
    for content in [
        "CANARY\nX: 1",
        "CANARYé",
        r#"{ "CANARY": 1 }"#,
        "{}",
        "<a b>",
    ] {
        unfit.push(workload().file(content));
    }
    for case in unfit {
        let outcome = case.run();
        let error = outcome.result.expect_err("nothing unfit is used");
        let transcript = outcome
            .transcript
            .expect("cases record a transcript")
            .into_transcript();
        let credential = transcript
            .recorded_credential()
            .expect("registered credentials are data");
        assert_eq!(transcript.replay(credential), transcript, "{error}");
    }
}

#[test]
fn what_looks_odd_but_is_one_word_is_so_in_a_replay_too() {
    for content in ["<html", "unreachable", "{x", "e30.e30.c2ln"] {
        let case = Case::new("a workload", WorkloadIdentityCredential::new())
            .with("AZURE_TENANT_ID", "contoso.com")
            .with("AZURE_CLIENT_ID", "app-id")
            .with("AZURE_FEDERATED_TOKEN_FILE", "/token")
            .file(content)
            .http(
                200,
                r#"{"expires_in":3599,"access_token":"AT","token_type":"bearer"}"#,
            );
        let transcript = recorded(&case);
        assert!(case.run().result.is_ok(), "{content}");
        let credential = transcript
            .recorded_credential()
            .expect("registered credentials are data");
        assert_eq!(transcript.replay(credential), transcript, "{content}");
    }
}

#[test]
fn a_name_beyond_ascii_is_hidden_in_a_path_too() {
    let case = Case::new("a person", EnvironmentCredential::new())
        .with("AZURE_TENANT_ID", "contoso.com")
        .with("AZURE_CLIENT_ID", "app-id")
        .with("AZURE_USERNAME", "josé@contoso.com")
        .with("AZURE_PASSWORD", "pässwörd ")
        .http(200, r#"{"ver":"1.0","account_type":"Managed"}"#)
        .http(200, r#"{"access_token":"AT","expires_in":3599}"#);
    assert!(case.run().result.is_ok());
    let transcript = recorded(&case);
    let stored = serde_json::to_string(&transcript).expect("a transcript serialises");
    assert!(
        !stored.contains("contoso.com/UserRealm/jos") && !stored.contains("jos%C3"),
        "{stored}"
    );
    let credential = transcript.recorded_credential().expect("it is data");
    assert_eq!(transcript.replay(credential), transcript);
}

#[test]
fn what_an_answer_looks_like_is_so_in_a_replay_too() {
    let deep = "[".repeat(124) + &"]".repeat(124);
    let deep = format!(r#"{{"access_token":"AT","expires_in":3599,"error":{deep}}}"#);
    for (answer, says) in [
        (&b"\xef\xbb\xbf"[..], "no body"),
        (b"\xef\xbb\xbf <html>", "an HTML page"),
        (b" <html>caf\xe9", "an HTML page"),
        (b"caf\xe9", "not JSON"),
        (deep.as_bytes(), "HTTP 400"),
    ] {
        let credential = ClientSecretCredential::new("contoso.com", "app-id", "pa55word");
        let answers = HttpResponse::new(400, answer);
        let case = Case::new("an odd answer", credential.expect("three good values"));
        let case = case.then(Reply::Http(Ok(answers)));
        let error = case.run().result.expect_err("there is no token");
        assert!(error.to_string().contains(says), "{says}: {error}");
        let transcript = recorded(&case);
        let stored = serde_json::to_string(&transcript).expect("a transcript serialises");
        let read: Transcript = serde_json::from_str(&stored).expect("a transcript is read back");
        let credential = read.recorded_credential().expect("it is data");
        assert_eq!(read.replay(credential), transcript, "{error}");
    }
}

fn recorded(case: &Case) -> Transcript {
    let transcript = case.run().transcript;
    transcript
        .expect("cases record a transcript")
        .into_transcript()
}

#[test]
fn a_run_with_an_odd_secret_replays_as_itself() {
    for secret in ODD_SECRETS {
        let mut told = 0;
        for case in cases() {
            let Some(case) = with_secret(case, secret) else {
                continue;
            };
            let transcript = recorded(&case);
            let stored = serde_json::to_string(&transcript).expect("a transcript serialises");
            let read: Transcript = serde_json::from_str(&stored).expect("it is read back");
            let credential = read.recorded_credential().expect("they are data");
            let replayed = read.replay(credential);
            let replayed = serde_json::to_string(&replayed).expect("a transcript serialises");
            assert_eq!(replayed, stored, "{} with {secret:?}", case.name);
            told += 1;
        }
        assert!(told > 100, "{told} cases take {secret:?}");
    }
}
