//! Files, callbacks and refusals.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use azid_core::effect::{
    CallbackId, FileFailure, HttpReply, HttpRequest, HttpResponse, TokenOrder,
};
use azid_core::{
    AccessToken, Cause, Context, Credential, Environment, Identity, Next, Timestamp,
    WorkloadIdentityCredential, done, token,
};
use azid_tokio::{Builder, HttpClient, TokenProvider, TokioHost};

const SCOPE: &[&str] = &["https://vault.azure.net/.default"];

/// Answers with a token, and keeps the bodies that it was sent.
#[derive(Clone, Default)]
struct Keeps(Arc<Mutex<Vec<String>>>);

impl HttpClient for Keeps {
    async fn send(&self, request: HttpRequest) -> HttpReply {
        let body = String::from_utf8_lossy(request.body.expose()).into_owned();
        self.0.lock().expect("no test panics in it").push(body);
        let token = r#"{"access_token":"federated","expires_in":3600}"#;
        Ok(HttpResponse::new(200, token.as_bytes()))
    }
}

fn workload(client: Keeps, file: &str) -> TokenProvider {
    let environment = Environment::from_pairs([
        ("AZURE_TENANT_ID", "contoso.example"),
        ("AZURE_CLIENT_ID", "client"),
        ("AZURE_FEDERATED_TOKEN_FILE", file),
    ]);
    let host = TokioHost::new()
        .http_client(client)
        .environment(environment);
    Builder::new(host, WorkloadIdentityCredential::new()).build()
}

#[tokio::test]
async fn a_federated_token_is_read_from_its_file() {
    let file = std::env::temp_dir().join(format!("azid-federated-{}", std::process::id()));
    std::fs::write(&file, "header.payload.signature\n").expect("a file in the temporary directory");
    let client = Keeps::default();
    let provider = workload(client.clone(), file.to_str().expect("plain names"));
    let got = provider.get_token(SCOPE).await.expect("a token");
    assert_eq!(got.expose(), "federated");
    let sent = client.0.lock().expect("no test panics in it").concat();
    assert!(
        sent.contains("client_assertion=header.payload.signature&"),
        "{sent}"
    );
    std::fs::remove_file(&file).expect("it is there");
}

#[tokio::test]
async fn a_file_that_is_not_there_is_told_by_its_path() {
    let provider = workload(Keeps::default(), "/no/such/file");
    let error = provider
        .get_token(SCOPE)
        .await
        .expect_err("there is no file");
    let Cause::File { path, failure } = error.cause() else {
        panic!("not about a file: {error}");
    };
    assert_eq!(
        (path.as_str(), failure),
        ("/no/such/file", &FileFailure::NotFound)
    );
}

#[tokio::test]
async fn a_callback_may_wait_as_any_task() {
    let name = CallbackId::new("vault");
    let provider = TokenProvider::builder(Wants(name.clone()))
        .on_token(name, async |order: TokenOrder| {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let year_2100 = Timestamp::from_unix_seconds(4_102_444_800);
            Ok(AccessToken::new(order.request.scopes().concat(), year_2100))
        })
        .build();
    let got = provider.get_token(SCOPE).await.expect("a token");
    assert_eq!(got.expose(), SCOPE[0]);
}

/// A credential that asks this callback for a token.
#[derive(Debug)]
struct Wants(CallbackId);

impl Credential for Wants {
    fn name(&self) -> &'static str {
        "Wants"
    }

    fn identity(&self) -> Identity {
        Identity::private()
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        let order = TokenOrder {
            callback: self.0.clone(),
            request: cx.request().clone(),
        };
        token(order, |reply, cx| {
            done(reply.or_else(|failure| cx.failed(failure))?)
        })
    }
}
