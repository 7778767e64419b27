//! Records of who signed in, kept in a file.

use azid_core::{AuthenticationRecord, ErrorKind, Interaction, Memory};
use serde_json::json;

use crate::life::{json, signed_in};
use crate::silence::{browser, redeemed, signed_in_life};
use crate::vault;

#[test]
fn a_record_survives_a_file_and_finds_the_session_again_without_a_secret_in_it() {
    let mut life = signed_in_life();
    let eve = browser().login_hint("eve@contoso.com");
    life.run(eve, vault(), [json(200, signed_in("eve", "RT-eve"))]);
    let mut first = signed_in_life();
    let record = first
        .memory
        .accounts()
        .next()
        .expect("ada signed in")
        .clone();
    let file = serde_json::to_value(&record).expect("plain data");
    let expected = json!({
        "authority": "login.microsoftonline.com", "clientId": "app-id", "version": "1.0",
        "homeAccountId": "ada.home", "tenantId": "home", "username": "ada@contoso.com",
    });
    assert_eq!(file, expected);
    let read: AuthenticationRecord = serde_json::from_value(file).expect("a record");
    let of_ada = browser()
        .authentication_record(read)
        .interaction(Interaction::Never);
    let sight = life.run(
        of_ada.clone(),
        vault(),
        [json(200, signed_in("ada", "RT-2"))],
    );
    assert_eq!(redeemed(&sight.sent), ["RT-1"], "though eve signed in last");
    first.memory = Memory::default();
    let sight = first.run(of_ada, vault(), []);
    assert_eq!(sight.error().kind(), ErrorKind::InteractionRequired);
}

#[test]
fn a_record_of_another_version_is_not_guessed_at() {
    for (member, value) in [
        ("version", json!("2.0")),
        ("version", json!(null)),
        ("homeAccountId", json!("")),
    ] {
        let mut file = json!({
            "authority": "a", "clientId": "c", "homeAccountId": "u.t", "tenantId": "t",
            "username": "n", "version": "1.0",
        });
        file[member] = value;
        assert!(serde_json::from_value::<AuthenticationRecord>(file).is_err());
    }
}
