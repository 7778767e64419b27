//! Requests go by the blocking host, and what is required of them holds here too.

use std::sync::Arc;
use std::time::Duration;

use azid_async_std::{AsyncStdHost, Builder};
use azid_core::effect::{HttpFailure, Refusal, Requirement, Requirements, Thumbprint, Tls};
use azid_core::{Environment, ManagedIdentityCredential};

use crate::fetch::{fetch, request, requirements};
use crate::server::Server;

#[async_std::test]
async fn many_requests_share_one_connection() {
    let (server, host) = (Server::start(), Arc::new(AsyncStdHost::new()));
    for _ in 0..5 {
        let answer = fetch(&host, request(&server.url("/token")))
            .await
            .expect("an answer");
        assert_eq!(answer.status, 200);
    }
    assert_eq!((server.requests(), server.connections()), (5, 1));
}

#[async_std::test]
async fn a_redirect_is_handed_back_and_not_followed() {
    let (server, host) = (Server::start(), Arc::new(AsyncStdHost::new()));
    let answer = fetch(&host, request(&server.url("/redirect")))
        .await
        .expect("an answer");
    assert_eq!(
        (answer.status, answer.location.as_deref()),
        (302, Some("/token"))
    );
    assert_eq!(server.requests(), 1);
}

#[async_std::test]
async fn the_limits_of_time_and_size_hold() {
    let (server, host) = (Server::start(), Arc::new(AsyncStdHost::new()));
    let brief = Requirements {
        timeout: Duration::from_millis(200),
        ..requirements()
    };
    let silent = request(&server.url("/silent")).requirements(brief);
    assert_eq!(fetch(&host, silent).await, Err(HttpFailure::TimedOut));
    let small = Requirements {
        max_body: 10,
        ..requirements()
    };
    let large = request(&server.url("/token")).requirements(small);
    assert_eq!(
        fetch(&host, large).await,
        Err(HttpFailure::BodyTooLarge { limit: 10 })
    );
}

#[async_std::test]
async fn what_is_not_allowed_or_not_offered_is_refused() {
    let (server, host) = (Server::start(), Arc::new(AsyncStdHost::new()));
    let pinned = Requirements {
        tls: Tls {
            pin: Some(Thumbprint([7; 20])),
            ..Tls::default()
        },
        ..requirements()
    };
    for (requirements, name) in [
        (Requirements::default(), Requirement::Https),
        (pinned, Requirement::TlsPin),
    ] {
        let failure = fetch(&host, request(&server.url("/")).requirements(requirements)).await;
        assert_eq!(
            failure,
            Err(HttpFailure::Refused(Refusal::Requirement(name)))
        );
    }
    assert_eq!(server.connections(), 0);
}

#[async_std::test]
async fn callers_on_many_threads_share_one_request() {
    let server = Server::start();
    let environment =
        Environment::from_pairs([("AZURE_POD_IDENTITY_AUTHORITY_HOST", server.url(""))]);
    let host = AsyncStdHost::new().environment(environment);
    let provider = Builder::new(host, ManagedIdentityCredential::new()).build();
    let callers = (0..20).map(|_| {
        let provider = provider.clone();
        async_std::task::spawn(async move {
            provider
                .get_token(&["https://vault.azure.net/.default"])
                .await
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        assert_eq!(caller.await.expect("a token").expose(), "from-a-socket");
    }
    assert_eq!(server.requests(), 1);
}
