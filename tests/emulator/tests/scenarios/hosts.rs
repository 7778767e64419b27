//! What all hosts of managed identities have in common, and how the scenarios ask them.

use crate::support::{NOW, access_token, emulator, escape, json, published_keys};
use azid_emulator::{
    AppService, AppService2017, AzureArc, CloudShell, Emulator, Entrance, FileOrder, HostKind,
    Outcome, ServiceFabric, TokenProxy, demo, verify_access_token,
};
use http::request::Builder;
use http::{Request, Response};
use std::collections::BTreeSet;

/// A good request to the host, but for the ids that `more` adds to its query.
pub(crate) fn request(kind: HostKind, more: &str) -> Builder {
    let query = |version: &str| {
        let resource = escape(demo::RESOURCE);
        format!("?api-version={version}&resource={resource}{more}")
    };
    let get = |path: &str, version: &str| Request::get(path.to_owned() + &query(version));
    match kind {
        HostKind::Imds => get("/metadata/identity/oauth2/token", "2018-02-01"),
        HostKind::AppService => get(AppService::PATH, "2019-08-01")
            .header("X-IDENTITY-HEADER", demo::APP_SERVICE_HEADER),
        HostKind::AppService2017 => {
            get(AppService2017::PATH, "2017-09-01").header("secret", demo::APP_SERVICE_2017_SECRET)
        }
        HostKind::AzureMl => {
            get(AppService2017::AZURE_ML_PATH, "2017-09-01").header("secret", demo::AZURE_ML_SECRET)
        }
        HostKind::CloudShell => Request::post(CloudShell::PATH)
            .header("Content-Type", "application/x-www-form-urlencoded"),
        HostKind::AzureArc => get(AzureArc::PATH, "2020-06-01"),
        HostKind::ServiceFabric => get(ServiceFabric::PATH, "2019-07-01-preview")
            .header("Secret", demo::SERVICE_FABRIC_SECRET),
        HostKind::AksIdentityBinding => Request::get(format!(
            "{}/{}/discovery/v2.0/keys",
            TokenProxy::BASE_PATH,
            demo::TENANT_ID
        )),
    }
    .header("Metadata", "true")
}

/// Sends a request to the door of the host; a Cloud Shell gets the body that it wants.
pub(crate) fn send(emulator: &mut Emulator, kind: HostKind, request: Builder) -> Response<Vec<u8>> {
    let body = match kind {
        HostKind::CloudShell => format!("resource={}", escape(demo::RESOURCE)).into_bytes(),
        _ => Vec::new(),
    };
    let request = request.body(body).expect("a well-formed request");
    send_at(emulator, kind, &request, NOW)
}

pub(crate) fn send_at(
    emulator: &mut Emulator,
    kind: HostKind,
    request: &Request<Vec<u8>>,
    now: u64,
) -> Response<Vec<u8>> {
    let entrance = match kind {
        HostKind::ServiceFabric => Entrance::ServiceFabric,
        HostKind::AksIdentityBinding => Entrance::TokenProxy,
        _ => Entrance::Shared,
    };
    emulator.reply_at(entrance, request, now).response
}

/// Asks the host for a token as a program on it would, the two steps of Azure Arc included.
pub(crate) fn ask(emulator: &mut Emulator, kind: HostKind, more: &str) -> Response<Vec<u8>> {
    let mut builder = request(kind, more);
    if kind == HostKind::AzureArc {
        let challenge = send(emulator, kind, request(kind, more));
        let (_, key) = key_file(&challenge);
        builder = builder.header("Authorization", format!("Basic {key}"));
    }
    send(emulator, kind, builder)
}

/// The path and the content of the key file that an Azure Arc challenge has written.
pub(crate) fn key_file(challenge: &Response<Vec<u8>>) -> (String, String) {
    let orders = challenge.extensions().get::<Vec<FileOrder>>();
    let written = orders.into_iter().flatten().find_map(|order| match order {
        FileOrder::Write { path, content } => Some((path.clone(), content.clone())),
        FileOrder::Remove { .. } => None,
    });
    written.expect("a file to write")
}

pub(crate) fn last_outcome(emulator: &Emulator) -> Outcome {
    let last = emulator.requests().last().expect("a logged request");
    last.outcome.clone()
}

/// The hosts that hand out tokens of managed identities themselves.
fn token_hosts() -> impl Iterator<Item = HostKind> {
    let all = HostKind::ALL.into_iter();
    all.filter(|kind| *kind != HostKind::AksIdentityBinding)
}

#[test]
fn every_host_gives_the_machine_a_token_that_the_published_keys_verify() {
    let mut emulator = emulator();
    let keys = published_keys(&mut emulator);
    let mut tokens = BTreeSet::new();
    for kind in token_hosts() {
        let response = ask(&mut emulator, kind, "");
        let token = access_token(&response);
        let claims = verify_access_token(&token, &keys, NOW).expect("a valid token");
        assert_eq!(claims.client_id(), Some(demo::SYSTEM_ASSIGNED_CLIENT_ID));
        assert_eq!(claims.audience(), Some(demo::RESOURCE));
        assert_eq!(json(&response)["token_type"], "Bearer");
        let outcome = Outcome::Token {
            client_id: demo::SYSTEM_ASSIGNED_CLIENT_ID.to_owned(),
            resource: demo::RESOURCE.to_owned(),
        };
        assert_eq!(last_outcome(&emulator), outcome, "{kind}");
        assert!(tokens.insert(token), "{kind} has the token of another host");
    }
}

#[test]
fn a_secret_of_one_host_is_a_leak_at_every_other() {
    let secrets = [
        ("x-identity-header", vec![HostKind::AppService]),
        (
            "secret",
            vec![
                HostKind::AppService2017,
                HostKind::AzureMl,
                HostKind::ServiceFabric,
            ],
        ),
        ("authorization", vec![HostKind::AzureArc]),
    ];
    let mut emulator = emulator();
    for (header, owners) in secrets {
        let others = HostKind::ALL.into_iter().filter(|it| !owners.contains(it));
        for kind in others {
            let stray = request(kind, "").header(header, "canary");
            let response = send(&mut emulator, kind, stray);
            assert_eq!(response.status(), 400, "{header} at {kind}");
            assert_eq!(last_outcome(&emulator), Outcome::Leak(header.to_owned()));
            assert!(!String::from_utf8_lossy(response.body()).contains("canary"));
        }
    }
}

#[test]
fn the_secret_of_a_host_is_a_leak_at_entra() {
    let mut emulator = emulator();
    for header in ["X-IDENTITY-HEADER", "Secret"] {
        let request = Request::post(format!("/{}/oauth2/v2.0/token", demo::TENANT_ID));
        let request = request.header(header, "canary").body(Vec::new());
        let response = emulator.handle(&request.expect("a request"), NOW);
        assert_eq!(response.status(), 400);
        assert_eq!(
            last_outcome(&emulator),
            Outcome::Leak(header.to_lowercase())
        );
    }
}

#[test]
fn the_hosts_of_plain_http_are_not_behind_https() {
    let mut emulator = emulator();
    for path in [
        AppService::PATH,
        AppService2017::PATH,
        AppService2017::AZURE_ML_PATH,
        CloudShell::PATH,
        AzureArc::PATH,
    ] {
        let request = Request::get(format!("https://localhost{path}")).body(Vec::new());
        let response = emulator.handle(&request.expect("a request"), NOW);
        assert_eq!(response.status(), 404, "{path}");
    }
}

#[test]
fn only_the_method_of_the_host_is_taken() {
    let mut emulator = emulator();
    for kind in token_hosts() {
        let wrong = match kind {
            HostKind::CloudShell => "GET",
            _ => "POST",
        };
        let response = send(&mut emulator, kind, request(kind, "").method(wrong));
        assert_eq!(response.status(), 405, "{kind}");
    }
}

#[test]
fn a_resource_given_twice_is_refused_by_all() {
    let mut emulator = emulator();
    let hosts = token_hosts().filter(|kind| *kind != HostKind::CloudShell);
    for kind in hosts {
        let response = send(&mut emulator, kind, request(kind, "&resource=again"));
        assert_eq!(response.status(), 400, "{kind}");
    }
}

#[test]
fn an_unknown_version_is_refused_by_all_that_have_versions() {
    let mut emulator = emulator();
    let hosts = token_hosts().filter(|kind| *kind != HostKind::CloudShell);
    for kind in hosts {
        for version in ["api-version=1999-01-01", "no-version=1"] {
            let good = request(kind, "");
            let target = good.uri_ref().expect("no error so far").to_string();
            let (start, rest) = target.split_once("api-version=").expect("a version");
            let (_, end) = rest.split_once('&').expect("more");
            let bad = request(kind, "").uri(format!("{start}{version}&{end}"));
            assert_eq!(send(&mut emulator, kind, bad).status(), 400, "{kind}");
        }
    }
}

#[test]
fn no_debug_output_shows_a_secret_of_a_host() {
    let mut emulator = emulator();
    let mut secrets = vec![
        demo::APP_SERVICE_HEADER.to_owned(),
        demo::APP_SERVICE_2017_SECRET.to_owned(),
        demo::AZURE_ML_SECRET.to_owned(),
        demo::SERVICE_FABRIC_SECRET.to_owned(),
    ];
    secrets.push(access_token(&ask(
        &mut emulator,
        HostKind::ServiceFabric,
        "",
    )));
    let challenge = send(
        &mut emulator,
        HostKind::AzureArc,
        request(HostKind::AzureArc, ""),
    );
    let (_, key) = key_file(&challenge);
    secrets.push(key);
    let world = demo::world(&crate::support::KEYS);
    let orders = challenge.extensions().get::<Vec<FileOrder>>();
    let shown = format!("{emulator:?} {world:?} {orders:?}");
    for secret in secrets {
        assert!(!shown.contains(&secret));
    }
}
