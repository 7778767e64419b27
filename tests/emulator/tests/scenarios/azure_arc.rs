//! The agent of Azure Arc, without files.

use crate::hosts::{ask, key_file, last_outcome, request, send};
use crate::support::{access_token, emulator, escape, json, published_keys};
use azid_emulator::{AzureArc, Emulator, FileOrder, HostKind, Outcome, demo, verify_access_token};
use http::Response;

const ARC: HostKind = HostKind::AzureArc;

#[test]
fn a_request_without_a_key_is_told_where_the_key_is() {
    let mut emulator = emulator();
    let challenge = send(&mut emulator, ARC, request(ARC, ""));
    assert_eq!(challenge.status(), 401);
    let (path, key) = key_file(&challenge);
    let header = challenge.headers()["www-authenticate"].to_str();
    assert_eq!(header.expect("text"), format!("Basic realm={path}"));
    let name = path.strip_prefix(AzureArc::KEY_DIRECTORY).expect("inside");
    assert!(name.starts_with('/') && name.ends_with(".key"), "{name}");
    assert!(challenge.body().is_empty() && key.len() < 4_096);
}

#[test]
fn every_challenge_has_a_file_and_a_key_of_its_own() {
    let mut emulator = emulator();
    let [first, second] = [(); 2].map(|()| key_file(&send(&mut emulator, ARC, request(ARC, ""))));
    assert_ne!(first.0, second.0);
    assert_ne!(first.1, second.1);
    emulator.hosts_mut().azure_arc.set_seed(b"another");
    let third = key_file(&send(&mut emulator, ARC, request(ARC, "")));
    assert!(third.0 != first.0 && third.0 != second.0);
}

#[test]
fn the_key_opens_exactly_once_and_its_file_goes() {
    let mut emulator = emulator();
    let (path, key) = key_file(&send(&mut emulator, ARC, request(ARC, "")));
    let with = |key: &str| request(ARC, "").header("Authorization", key);
    for wrong in [
        String::new(),
        key.clone(),
        "Basic ".to_owned(),
        format!("Basic {key} "),
        format!("Basic {}", &key[1..]),
        format!("Bearer {key}"),
    ] {
        let response = send(&mut emulator, ARC, with(&wrong));
        assert_error(&response, 403, "forbidden");
    }
    let right = format!("Basic {key}");
    let response = send(&mut emulator, ARC, with(&right));
    assert_eq!(response.status(), 200);
    let orders = response.extensions().get::<Vec<FileOrder>>();
    assert_eq!(orders, Some(&vec![FileOrder::Remove { path }]));
    let replayed = send(&mut emulator, ARC, with(&right));
    assert_error(&replayed, 403, "forbidden");
}

#[test]
fn keys_that_nobody_used_give_way_to_new_ones() {
    let mut emulator = emulator();
    let first = key_file(&send(&mut emulator, ARC, request(ARC, "")));
    let mut removed = Vec::new();
    for _ in 0..64 {
        let response = send(&mut emulator, ARC, request(ARC, ""));
        let orders = response.extensions().get::<Vec<FileOrder>>().cloned();
        removed.extend(orders.into_iter().flatten().filter_map(|it| match it {
            FileOrder::Remove { path } => Some(path),
            FileOrder::Write { .. } => None,
        }));
    }
    assert_eq!(removed, [first.0]);
    let late = request(ARC, "").header("Authorization", format!("Basic {}", first.1));
    assert_error(&send(&mut emulator, ARC, late), 403, "forbidden");
}

#[test]
fn without_the_metadata_header_there_is_no_challenge() {
    let mut emulator = emulator();
    let mut bare = request(ARC, "");
    bare.headers_mut().expect("no error so far").clear();
    let response = send(&mut emulator, ARC, bare);
    assert_error(&response, 400, "bad_request_102");
    assert!(!response.headers().contains_key("www-authenticate"));
}

#[test]
fn an_identity_is_named_by_three_ids_and_the_answer_names_it_too() {
    let mut emulator = emulator();
    for (name, id) in [
        ("client_id", demo::USER_ASSIGNED_CLIENT_ID),
        ("object_id", demo::USER_ASSIGNED_OBJECT_ID),
        ("msi_res_id", demo::USER_ASSIGNED_RESOURCE_ID),
    ] {
        let response = ask(&mut emulator, ARC, &id_of(name, id));
        assert_eq!(json(&response)[name], id);
        let client_id = issued_to(&mut emulator, &response);
        assert_eq!(client_id, demo::USER_ASSIGNED_CLIENT_ID, "{name}");
    }
}

#[test]
fn the_name_that_app_service_has_for_a_resource_id_is_passed_over_in_silence() {
    let mut emulator = emulator();
    let more = id_of("mi_res_id", demo::USER_ASSIGNED_RESOURCE_ID);
    let response = ask(&mut emulator, ARC, &more);
    assert!(json(&response).get("mi_res_id").is_none());
    let client_id = issued_to(&mut emulator, &response);
    assert_eq!(client_id, demo::SYSTEM_ASSIGNED_CLIENT_ID);
}

#[test]
fn an_old_agent_answers_for_the_machine_whatever_identity_was_asked_for() {
    let mut emulator = emulator();
    emulator.hosts_mut().azure_arc.is_old_agent = true;
    for (name, id) in [
        ("client_id", demo::USER_ASSIGNED_CLIENT_ID),
        ("object_id", demo::USER_ASSIGNED_OBJECT_ID),
        ("msi_res_id", demo::USER_ASSIGNED_RESOURCE_ID),
    ] {
        let response = ask(&mut emulator, ARC, &id_of(name, id));
        assert_ne!(json(&response)[name], id, "{name}");
        let client_id = issued_to(&mut emulator, &response);
        assert_eq!(client_id, demo::SYSTEM_ASSIGNED_CLIENT_ID);
    }
}

#[test]
fn unknown_identities_two_ids_and_unknown_resources_are_refused() {
    let mut emulator = emulator();
    let unknown = ask(&mut emulator, ARC, &id_of("client_id", demo::CLIENT_ID));
    assert_error(&unknown, 400, "invalid_request");
    let two = id_of("client_id", demo::USER_ASSIGNED_CLIENT_ID) + &id_of("object_id", "x");
    assert_error(&ask(&mut emulator, ARC, &two), 400, "invalid_request");
    let (_, key) = key_file(&send(&mut emulator, ARC, request(ARC, "")));
    let nowhere = request(ARC, "")
        .uri(format!(
            "{}?api-version=2020-06-01&resource=nowhere",
            AzureArc::PATH
        ))
        .header("Authorization", format!("Basic {key}"));
    assert_error(&send(&mut emulator, ARC, nowhere), 400, "invalid_resource");
    let refused = Outcome::Refused {
        error: "invalid_resource".to_owned(),
        code: Some(500_011),
    };
    assert_eq!(last_outcome(&emulator), refused);
}

#[test]
fn on_windows_the_file_is_named_in_the_way_of_windows() {
    let mut emulator = emulator();
    let directory = r"C:\ProgramData\AzureConnectedMachineAgent\Tokens";
    emulator.hosts_mut().azure_arc.set_key_directory(directory);
    let (path, _) = key_file(&send(&mut emulator, ARC, request(ARC, "")));
    let name = path.strip_prefix(directory).expect("inside");
    assert!(name.starts_with('\\') && !name.contains('/'), "{name}");
}

fn id_of(name: &str, id: &str) -> String {
    format!("&{name}={}", escape(id))
}

fn issued_to(emulator: &mut Emulator, response: &Response<Vec<u8>>) -> String {
    let keys = published_keys(emulator);
    let token = access_token(response);
    let claims = verify_access_token(&token, &keys, crate::support::NOW).expect("a valid token");
    claims.client_id().expect("a client").to_owned()
}

#[track_caller]
fn assert_error(response: &Response<Vec<u8>>, status: u16, error: &str) {
    let body = json(response);
    assert_eq!(response.status(), status, "{body}");
    assert_eq!(body["error"], error);
    assert!(body["error_description"].is_string());
}
