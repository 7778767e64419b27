//! The async shell on a host whose futures are not `Send`.

use std::task::Poll;
use std::time::Duration;

use azid_async::TokenProvider;
use azid_core::effect::{CallbackId, HttpRequest, HttpResponse};
use azid_core::{
    ChainedTokenCredential, ClientAssertion, ClientAssertionCredential, ClientSecretCredential,
    Credential, DeviceCodeCredential, Environment, ErrorKind, ManagedIdentityCredential,
    WorkloadIdentityCredential,
};

use crate::TOKEN;
use crate::scripted_host::{ScriptedHost, finish, poll};

pub(crate) fn flows() {
    a_client_secret_becomes_a_token_that_is_held();
    an_assertion_of_a_managed_identity_is_exchanged();
    a_managed_identity_gets_a_token_of_the_metadata_service();
    a_person_types_a_code_while_virtual_time_passes();
    a_chain_goes_on_where_a_link_is_unavailable();
    callers_share_one_run_and_one_who_leaves_takes_nothing_along();
    a_token_that_is_due_is_renewed_and_one_that_is_held_survives_an_outage();
    what_a_host_does_not_offer_is_an_error_that_says_so();
}

const VAULT: &str = "https://vault.azure.net/.default";

fn a_client_secret_becomes_a_token_that_is_held() {
    let (host, provider) = provider(client_secret(), |_| ok(TOKEN));
    for _ in 0..3 {
        assert_eq!(token(&provider), "canary-token");
    }
    assert_eq!(host.paths(), ["/contoso/oauth2/v2.0/token"]);
    assert!(host.last_form().contains("client_secret=canary-secret"));
}

fn an_assertion_of_a_managed_identity_is_exchanged() {
    let assertion = ClientAssertion::from_credential(ManagedIdentityCredential::new());
    let credential = ClientAssertionCredential::new("contoso", "client", assertion);
    let (host, provider) = provider(credential.expect("valid"), |request| {
        match request.url.path() {
            "/metadata/identity/oauth2/token" => {
                ok(&METADATA_TOKEN.replace("token-of", "proof-of"))
            }
            _ => ok(TOKEN),
        }
    });
    assert_eq!(token(&provider), "canary-token");
    let form = host.last_form();
    assert!(
        form.contains("client_assertion=proof-of-metadata"),
        "{form}"
    );
}

fn a_managed_identity_gets_a_token_of_the_metadata_service() {
    let (host, provider) = provider(ManagedIdentityCredential::new(), |request| {
        assert_eq!(request.headers["metadata"], "true");
        ok(METADATA_TOKEN)
    });
    assert_eq!(token(&provider), "token-of-metadata");
    assert_eq!(host.paths(), ["/metadata/identity/oauth2/token"]);
}

fn a_person_types_a_code_while_virtual_time_passes() {
    let shows = CallbackId::new("terminal");
    let credential = DeviceCodeCredential::new("contoso", "client", shows).expect("valid");
    let mut asked = 0;
    let (host, provider) = provider(credential, move |request| {
        if request.url.path().ends_with("/devicecode") {
            return ok(DEVICE_CODE);
        }
        asked += 1;
        match asked {
            1..=3 => HttpResponse::new(400, br#"{"error":"authorization_pending"}"#.as_slice()),
            _ => ok(TOKEN),
        }
    });
    assert_eq!(token(&provider), "canary-token");
    assert_eq!(host.shown(), ["ABCD1234"]);
    assert_eq!(host.paths().len(), 1 + 4);
    assert!(
        host.waited() >= Duration::from_secs(4 * 5),
        "{:?}",
        host.waited()
    );
}

fn a_chain_goes_on_where_a_link_is_unavailable() {
    let chain =
        ChainedTokenCredential::new(WorkloadIdentityCredential::new()).link(client_secret());
    let (host, provider) = provider(chain, |_| ok(TOKEN));
    assert_eq!(token(&provider), "canary-token");
    assert_eq!(host.paths(), ["/contoso/oauth2/v2.0/token"]);

    let environment = Environment::from_pairs(crate::ENVIRONMENT);
    let chain =
        ChainedTokenCredential::new(WorkloadIdentityCredential::new()).link(client_secret());
    let host = ScriptedHost::within(environment, |_| ok(TOKEN));
    let provider = TokenProvider::on(host.clone(), chain);
    assert_eq!(token(&provider), "canary-token");
    assert!(host.last_form().contains("client_assertion=canary-file"));
}

fn callers_share_one_run_and_one_who_leaves_takes_nothing_along() {
    let (host, provider) = provider(client_secret(), |_| ok(TOKEN));
    host.reach_endpoints(false);
    let mut callers: Vec<_> = (0..100).map(|_| provider.get_token(&[VAULT])).collect();
    assert!(callers.iter_mut().all(|caller| poll(caller).is_pending()));
    drop(callers.remove(0)); // who drove the run
    host.reach_endpoints(true);
    for mut caller in callers {
        let Poll::Ready(Ok(token)) = poll(&mut caller) else {
            panic!("the run is over for every caller");
        };
        assert_eq!(token.expose(), "canary-token");
    }
    assert_eq!(host.paths().len(), 1);
}

fn a_token_that_is_due_is_renewed_and_one_that_is_held_survives_an_outage() {
    let mut asked = 0;
    let (host, provider) = provider(client_secret(), move |_| {
        asked += 1;
        match asked {
            1 => ok(TOKEN),
            2 => HttpResponse::new(400, br#"{"error":"invalid_client"}"#.as_slice()),
            _ => ok(&TOKEN.replace("canary-token", "another-token")),
        }
    });
    assert_eq!(token(&provider), "canary-token");
    host.wait(Duration::from_secs(3590)); // of 3599
    assert_eq!(token(&provider), "canary-token");
    assert_eq!(host.paths().len(), 2);
    host.wait(Duration::from_secs(60));
    assert_eq!(token(&provider), "another-token");
}

fn what_a_host_does_not_offer_is_an_error_that_says_so() {
    let (_, provider) = provider(azid_core::AzureCliCredential::new(), |_| ok(TOKEN));
    let error = finish(provider.get_token(&[VAULT])).expect_err("there are no programs here");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

const METADATA_TOKEN: &str = r#"{"token_type":"Bearer","expires_in":"86399","expires_on":"1800086399","resource":"https://vault.azure.net","access_token":"token-of-metadata"}"#;
const DEVICE_CODE: &str = r#"{"device_code":"canary-device","user_code":"ABCD1234","verification_uri":"https://microsoft.com/devicelogin","expires_in":900,"interval":5,"message":"Open the page and type the code."}"#;

fn client_secret() -> ClientSecretCredential {
    let credential = ClientSecretCredential::new("contoso", "client", "canary-secret");
    credential.expect("three good values")
}

fn provider(
    credential: impl Credential + 'static,
    answer: impl FnMut(&HttpRequest) -> HttpResponse + 'static,
) -> (ScriptedHost, TokenProvider<ScriptedHost>) {
    let host = ScriptedHost::new(answer);
    (host.clone(), TokenProvider::on(host, credential))
}

fn token(provider: &TokenProvider<ScriptedHost>) -> String {
    let token = finish(provider.get_token(&[VAULT]));
    token.expect("a token").expose().to_owned()
}

fn ok(body: &str) -> HttpResponse {
    HttpResponse::new(200, body.as_bytes())
}
