//! People whose sessions depend on a program's own code share a cache, and nothing in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use azid_core::effect::{CallbackId, HttpReply, HttpRequest, HttpResponse};
use azid_core::{ClientAssertion, RefreshTokenCredential, Secret};
use azid_tokio::{Builder, HttpClient, TokenCache, TokenProvider, TokioHost};
use url::form_urlencoded;

const VAULT: &str = "https://vault.azure.net/.default";
const STORAGE: &str = "https://storage.azure.com/.default";

/// Knows whose refresh token it is that it gets, and gives another for it each time.
#[derive(Clone, Default)]
struct Entra(Arc<AtomicUsize>);

impl HttpClient for Entra {
    async fn send(&self, request: HttpRequest) -> HttpReply {
        let field = |wanted: &str| {
            let mut fields = form_urlencoded::parse(request.body.expose());
            let found = fields.find(|(name, _)| name == wanted);
            found.expect("it is sent").1.into_owned()
        };
        let (refresh_token, scopes) = (field("refresh_token"), field("scope"));
        let person = refresh_token.split('-').nth(1).expect("it is of a person");
        let scope = scopes.split(' ').next().expect("there is one");
        let info = match person {
            "ada" => "eyJ1aWQiOiJhZGEiLCJ1dGlkIjoiaG9tZSJ9",
            _ => "eyJ1aWQiOiJib2IiLCJ1dGlkIjoiaG9tZSJ9",
        };
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        let answer = format!(
            r#"{{"access_token":"of-{person}:{scope}","expires_in":3600,"refresh_token":"RT-{person}-{number}","client_info":"{info}"}}"#
        );
        Ok(HttpResponse::new(200, answer.into_bytes()))
    }
}

/// A person's session, with an application that proves itself by code of this one provider.
fn session(person: &str, entra: &Entra, cache: &Arc<TokenCache>) -> TokenProvider {
    let proof = CallbackId::new("proof");
    let session = RefreshTokenCredential::new("contoso.com", "app", format!("RT-{person}-first"));
    let session = session
        .expect("valid")
        .client_credential(ClientAssertion::from_callback(proof.clone()));
    let host = TokioHost::new().http_client(entra.clone());
    Builder::new(host, session.expect("valid"))
        .cache(cache.clone())
        .on_assertion(proof, |_| async { Ok(Secret::new("proof")) })
        .build()
}

#[tokio::test(start_paused = true)]
async fn no_session_behind_a_programs_own_code_sees_a_token_of_another() {
    let (entra, cache) = (Entra::default(), TokenCache::new());
    let people = ["ada", "bob", "ada"].map(|person| (person, session(person, &entra, &cache)));
    for scope in [VAULT, STORAGE] {
        for (person, provider) in &people {
            let held = provider.with_cached_token(&[scope], |_| ());
            assert_eq!(held, None, "{person} has not asked for {scope} yet");
            provider.get_token(&[scope]).await.expect("a token");
        }
    }
    for _ in 0..3 {
        for scope in [VAULT, STORAGE] {
            for (person, provider) in &people {
                let token = provider.get_token(&[scope]).await.expect("a token");
                assert_eq!(token.expose(), format!("of-{person}:{scope}"));
            }
        }
        tokio::time::advance(Duration::from_secs(7200)).await;
    }
    let kept = cache.snapshot();
    let kept = String::from_utf8_lossy(kept.expose());
    assert!(
        !["of-", "RT-", "ada", "bob"]
            .iter()
            .any(|it| kept.contains(it)),
        "{kept}"
    );
}
