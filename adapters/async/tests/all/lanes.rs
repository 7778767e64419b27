//! Runs that bear no company go one at a time, and what one leaves serves the next.

use azid_async::{GetToken, TokenProvider};
use azid_core::effect::{CallbackId, ExecOutput};
use azid_core::{AzureCliCredential, DeviceCodeCredential};

use crate::manual_host::{Answer, ManualHost, START, json, poll, ready, token};

#[test]
fn two_resources_cost_a_person_one_code() {
    let host = ManualHost::default();
    let credential = DeviceCodeCredential::new("contoso.com", "app", CallbackId::new("terminal"));
    let provider = TokenProvider::on(host.clone(), credential.expect("valid"));
    let [mut vault, mut storage] = ["https://vault.azure.net/", "https://storage.azure.com/"]
        .map(|resource| provider.get_token(&[&format!("{resource}.default")]));
    let code = r#"{"device_code":"D","user_code":"U","verification_uri":"https://a.example/d"}"#;
    let first = r#"{"access_token":"vault","expires_in":3600,"refresh_token":"RT"}"#;
    for answer in [
        json(200, code),
        Answer::Shown,
        Answer::Slept,
        json(200, first),
    ] {
        assert!(poll(&mut vault).is_pending() && poll(&mut storage).is_pending());
        assert_eq!(host.outstanding(), 1);
        host.answer_last(answer);
    }
    assert_eq!(secret(&mut vault), "vault");
    assert!(poll(&mut storage).is_pending());
    host.answer_last(token("storage"));
    assert_eq!(secret(&mut storage), "storage");
    assert_eq!(host.kinds(), ["http", "prompt", "sleep", "http", "http"]);
}

#[test]
fn twenty_resources_cost_one_program_at_a_time() {
    let host = ManualHost::default();
    let provider = TokenProvider::on(host.clone(), AzureCliCredential::new());
    let mut waiting: Vec<_> = (0..20)
        .map(|n| provider.get_token(&[&format!("https://{n}.example/.default")]))
        .collect();
    for served in 0..20 {
        waiting.retain_mut(|caller| poll(caller).is_pending());
        assert_eq!((waiting.len(), host.outstanding()), (20 - served, 1));
        let expires = START / 1000 + 3600;
        let stdout = format!(r#"{{"accessToken":"token-{served}","expires_on":{expires}}}"#);
        host.answer_last(Answer::Exec(ExecOutput {
            exit_code: Some(0),
            stdout: stdout.into_bytes().into(),
            stderr: Vec::new().into(),
        }));
    }
    waiting.retain_mut(|caller| poll(caller).is_pending());
    assert!(waiting.is_empty());
    assert_eq!(host.kinds(), ["exec"; 20]);
}

fn secret(caller: &mut GetToken<ManualHost>) -> String {
    ready(caller).expect("a token").expose().to_owned()
}
