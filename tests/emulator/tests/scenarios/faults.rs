//! Faults on demand, as a test without sockets sees them.

use crate::support::{NOW, ask, emulator, json, secret_fields, token_request};
use azid_emulator::{DropPoint, Emulator, Fault, Outcome, Reply, Transport, demo};
use std::time::Duration;

#[test]
fn a_fault_happens_as_often_as_asked_and_then_the_service_answers_again() {
    let mut emulator = emulator();
    emulator.inject("/oauth2/", 2, Fault::throttle(7));
    for _ in 0..2 {
        let response = ask(&mut emulator, &[]);
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()["retry-after"], "7");
    }
    assert_eq!(ask(&mut emulator, &[]).status(), 200);
    let outcomes: Vec<_> = emulator
        .requests()
        .map(|it| it.outcome == Outcome::Fault)
        .collect();
    assert_eq!(outcomes, [true, true, false]);
}

#[test]
fn faults_for_one_path_wait_in_line_and_leave_other_paths_alone() {
    let mut emulator = emulator();
    emulator.inject("/metadata/", 1, Fault::status(500));
    emulator.inject("/oauth2/v2.0/", 1, Fault::status(503));
    emulator.inject(
        "/oauth2/v2.0/",
        1,
        Fault::html(403, "<html>unreachable</html>"),
    );
    let statuses: Vec<_> = (0..3)
        .map(|_| ask(&mut emulator, &[]).status().as_u16())
        .collect();
    assert_eq!(statuses, [503, 403, 200]);
}

#[test]
fn cleared_faults_do_not_happen() {
    let mut emulator = emulator();
    emulator.inject("", 9, Fault::status(500));
    emulator.clear_faults();
    assert_eq!(ask(&mut emulator, &[]).status(), 200);
}

#[test]
fn a_redirect_and_a_huge_body_are_whole_answers() {
    let mut emulator = emulator();
    emulator.inject(
        "",
        1,
        Fault::Redirect("https://elsewhere.example/".to_owned()),
    );
    emulator.inject("", 1, Fault::HugeBody(5_000_000));
    let redirect = ask(&mut emulator, &[]);
    assert_eq!(redirect.status(), 302);
    assert_eq!(redirect.headers()["location"], "https://elsewhere.example/");
    assert_eq!(ask(&mut emulator, &[]).body().len(), 5_000_000);
}

#[test]
fn a_fault_of_the_connection_is_told_beside_the_right_answer() {
    let mut emulator = emulator();
    let pause = Duration::from_millis(5);
    for (fault, transport) in [
        (Fault::Delay(pause), Transport::Late(pause)),
        (Fault::SlowBody(pause), Transport::SlowBody(pause)),
        (Fault::Drop(DropPoint::MidBody), Transport::DroppedMidBody),
    ] {
        let reply = reply_under(&mut emulator, fault);
        assert_eq!(reply.transport, transport);
        assert_eq!(reply.response.status(), 200);
        assert!(json(&reply.response)["access_token"].is_string());
    }
}

#[test]
fn a_request_that_is_dropped_or_answered_with_garbage_has_no_effect() {
    let mut emulator = emulator();
    for (fault, transport) in [
        (
            Fault::Drop(DropPoint::BeforeReply),
            Transport::DroppedBeforeReply,
        ),
        (Fault::Garbage, Transport::Garbage),
    ] {
        assert_eq!(reply_under(&mut emulator, fault).transport, transport);
        assert_eq!(
            emulator.requests().last().map(|it| &it.outcome),
            Some(&Outcome::Fault)
        );
    }
}

fn reply_under(emulator: &mut Emulator, fault: Fault) -> Reply {
    emulator.inject("/oauth2/", 1, fault);
    emulator.reply(&token_request(demo::TENANT_ID, &secret_fields(&[])), NOW)
}
