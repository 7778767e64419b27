//! App Service and its relatives, and Azure ML.

use crate::hosts::{ask, last_outcome, request, send};
use crate::support::{NOW, emulator, escape, json};
use azid_emulator::{Emulator, ExpiryForm, HostKind, Outcome, demo};
use http::Response;

const APP_SERVICE: HostKind = HostKind::AppService;
const LEGACY: [HostKind; 2] = [HostKind::AppService2017, HostKind::AzureMl];

#[test]
fn app_service_tells_the_end_of_a_token_as_text_and_its_life_not_at_all() {
    let mut emulator = emulator();
    let body = json(&ask(&mut emulator, APP_SERVICE, ""));
    assert_eq!(body["expires_on"], (NOW + 86_399).to_string());
    assert_eq!(body["not_before"], (NOW - 300).to_string());
    assert_eq!(body["resource"], demo::RESOURCE);
    assert_eq!(body["client_id"], demo::SYSTEM_ASSIGNED_CLIENT_ID);
    assert!(body.get("expires_in").is_none());
}

#[test]
fn app_service_needs_its_header_and_no_metadata_header() {
    let mut emulator = emulator();
    let bare = || {
        let mut request = request(APP_SERVICE, "");
        request.headers_mut().expect("no error so far").clear();
        request
    };
    let response = send(&mut emulator, APP_SERVICE, bare());
    assert_error(&response, 401, "is required");
    for wrong in ["", "wrong", demo::SERVICE_FABRIC_SECRET] {
        let wrong = bare().header("X-IDENTITY-HEADER", wrong);
        let response = send(&mut emulator, APP_SERVICE, wrong);
        assert_error(&response, 401, "wrong value");
    }
    let right = bare().header("X-IDENTITY-HEADER", demo::APP_SERVICE_HEADER);
    assert_eq!(send(&mut emulator, APP_SERVICE, right).status(), 200);
    let twice = request(APP_SERVICE, "").header("X-IDENTITY-HEADER", demo::APP_SERVICE_HEADER);
    assert_eq!(send(&mut emulator, APP_SERVICE, twice).status(), 401);
}

#[test]
fn after_a_rotation_the_new_header_opens_and_the_old_one_does_not() {
    let mut emulator = emulator();
    for _ in 0..2 {
        let old = emulator.hosts().app_service.header().to_owned();
        let new = emulator.hosts_mut().app_service.rotate_header().to_owned();
        assert_ne!(old, new);
        for (header, status) in [(old, 401), (new, 200)] {
            let mut request = request(APP_SERVICE, "");
            let headers = request.headers_mut().expect("no error so far");
            headers.insert("x-identity-header", header.parse().expect("ASCII"));
            assert_eq!(send(&mut emulator, APP_SERVICE, request).status(), status);
        }
    }
}

#[test]
fn app_service_finds_a_user_assigned_identity_by_each_of_its_ids() {
    let mut emulator = emulator();
    for (name, id) in [
        ("client_id", demo::USER_ASSIGNED_CLIENT_ID),
        ("object_id", demo::USER_ASSIGNED_OBJECT_ID),
        ("principal_id", demo::USER_ASSIGNED_OBJECT_ID),
        ("mi_res_id", demo::USER_ASSIGNED_RESOURCE_ID),
    ] {
        let response = ask(&mut emulator, APP_SERVICE, &id_of(name, id));
        let found = &json(&response)["client_id"];
        assert_eq!(found, demo::USER_ASSIGNED_CLIENT_ID, "{name}");
    }
}

#[test]
fn app_service_refuses_two_ids_foreign_names_and_unknown_identities() {
    let mut emulator = emulator();
    let known = id_of("client_id", demo::USER_ASSIGNED_CLIENT_ID);
    let two = known + &id_of("object_id", demo::USER_ASSIGNED_OBJECT_ID);
    assert_error(&ask(&mut emulator, APP_SERVICE, &two), 400, "At most one");
    for foreign in ["msi_res_id", "clientid"] {
        let response = ask(&mut emulator, APP_SERVICE, &id_of(foreign, "anything"));
        assert_error(&response, 400, "not supported");
    }
    let unknown = id_of("client_id", demo::CLIENT_ID);
    let response = ask(&mut emulator, APP_SERVICE, &unknown);
    assert_error(&response, 400, "Unable to load the proper Managed Identity");
}

#[test]
fn without_an_identity_of_its_own_app_service_wants_to_know_which_one_is_meant() {
    let mut emulator = emulator();
    let machine = emulator.hosts_mut().app_service.identities.machine_mut();
    machine.system_assigned = None;
    machine.user_assigned.push(machine.user_assigned[0].clone());
    let response = ask(&mut emulator, APP_SERVICE, "");
    assert_error(&response, 400, "Unable to load the proper Managed Identity");
}

#[test]
fn a_resource_that_nobody_registered_is_an_error_of_the_server_on_app_service() {
    let mut emulator = emulator();
    for kind in [APP_SERVICE, LEGACY[0], LEGACY[1]] {
        for (resource, status) in [("https://nowhere.example", 500), ("", 400)] {
            let good = request(kind, "");
            let target = good.uri_ref().expect("no error so far").to_string();
            let target = target.replace(&escape(demo::RESOURCE), &escape(resource));
            let response = send(&mut emulator, kind, request(kind, "").uri(target));
            assert_error(&response, status, "");
        }
    }
}

#[test]
fn the_old_endpoints_want_the_secret_that_is_their_own() {
    let mut emulator = emulator();
    for kind in LEGACY {
        let mut bare = request(kind, "");
        bare.headers_mut().expect("no error so far").clear();
        assert_error(&send(&mut emulator, kind, bare), 401, "is required");
        let mut wrong = request(kind, "");
        let headers = wrong.headers_mut().expect("no error so far");
        headers.insert("secret", "wrong".parse().expect("ASCII"));
        assert_error(&send(&mut emulator, kind, wrong), 401, "wrong value");
        let refused = Outcome::Refused {
            error: String::new(),
            code: None,
        };
        assert_eq!(last_outcome(&emulator), refused);
    }
}

#[test]
fn the_old_endpoints_know_identities_by_clientid_alone() {
    let mut emulator = emulator();
    for kind in LEGACY {
        let user_assigned = id_of("clientid", demo::USER_ASSIGNED_CLIENT_ID);
        assert_eq!(ask(&mut emulator, kind, &user_assigned).status(), 200);
        let Outcome::Token { client_id, .. } = last_outcome(&emulator) else {
            panic!("no token");
        };
        assert_eq!(client_id, demo::USER_ASSIGNED_CLIENT_ID);
        let unknown = id_of("clientid", demo::CLIENT_ID);
        assert_eq!(ask(&mut emulator, kind, &unknown).status(), 400);
        for name in ["client_id", "object_id", "mi_res_id", "msi_res_id"] {
            let response = ask(&mut emulator, kind, &id_of(name, "anything"));
            assert_error(&response, 400, "not supported");
        }
    }
}

#[test]
fn each_old_endpoint_writes_the_end_of_a_token_in_its_own_way() {
    let mut emulator = emulator(); // now is 2027-01-15 08:00:00
    let end = |emulator: &mut Emulator, kind| json(&ask(emulator, kind, ""))["expires_on"].clone();
    let linux = end(&mut emulator, HostKind::AppService2017);
    assert_eq!(linux, "01/16/2027 07:59:59 +00:00");
    emulator.hosts_mut().app_service_2017.expiry_form = ExpiryForm::WindowsDate;
    let windows = end(&mut emulator, HostKind::AppService2017);
    assert_eq!(windows, "1/16/2027 7:59:59 AM +00:00");
    assert_eq!(end(&mut emulator, HostKind::AzureMl), NOW + 86_399);
}

fn id_of(name: &str, id: &str) -> String {
    format!("&{name}={}", escape(id))
}

#[track_caller]
fn assert_error(response: &Response<Vec<u8>>, status: u16, message: &str) {
    let body = json(response);
    assert_eq!(response.status(), status, "{body}");
    assert_eq!(body["statusCode"], status);
    let text = body["message"].as_str().expect("a message");
    assert!(!text.is_empty() && text.contains(message), "{text}");
    let id = body["correlationId"].as_str().expect("an id");
    assert_eq!(id.len(), 36);
}
