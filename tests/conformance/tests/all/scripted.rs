//! Every case of every credential: HTTP answers come over sockets of the driver's own kind, all
//! else that the case says happens as it says.

use azid_async::Host as _;
use azid_core::effect::Refusal;
use azid_core::testing::{Case, Reply, cases};
use azid_core::{Run, Seed, Step};

use crate::clock::VirtualClock;
use crate::drivers::{async_std_host, tokio_host, tokio_runtime};
use crate::stand_in::{OnAsyncStd, OnTokio, StandIn, send_blocking};

/// Carries out a step by means of the driver; an HTTP request is answered by the stand-in.
type Perform = fn(Step, Option<&StandIn>, &VirtualClock) -> Step;

const DRIVERS: [(&str, Perform); 3] = [
    ("a bare loop", |step, server, clock| match (step, server) {
        (Step::Http(call), Some(server)) => {
            let reply = send_blocking(server.address, call.request());
            call.reply(reply, clock.now())
        }
        (Step::Sleep(call), _) => {
            clock.sleep(call.request().duration);
            call.reply(Ok(()), clock.now())
        }
        (other, _) => other.refuse(Refusal::NoSuchEffect, clock.now()),
    }),
    ("tokio", |step, server, clock| {
        let mut host = tokio_host(clock);
        if let Some(server) = server {
            host = host.http_client(OnTokio(server.address));
        }
        tokio_runtime().block_on(async { host.perform(step).await })
    }),
    ("async-std", |step, server, clock| {
        let mut host = async_std_host(clock);
        if let Some(server) = server {
            host = host.http_client(OnAsyncStd(server.address));
        }
        async_std::task::block_on(host.perform(step))
    }),
];

#[test]
fn every_driver_records_the_same_of_every_case() {
    for case in cases() {
        let [(_, expected), others @ ..] =
            DRIVERS.map(|(name, perform)| (name, transcript(&case, perform)));
        let ends_with_token = expected.contains(r#""ending":{"token":"#);
        assert_eq!(ends_with_token, case.run().result.is_ok(), "{}", case.name);
        for (name, transcript) in others {
            assert_eq!(transcript, expected, "{name}: {}", case.name);
        }
    }
}

fn transcript(case: &Case, perform: Perform) -> String {
    let clock = VirtualClock::default();
    let context = case.context(clock.now(), Seed::new([1; 32]));
    let mut step = Run::start(case.credential.clone().into_credential(), context);
    let mut replies = case.replies.iter().cloned();
    loop {
        step = match step {
            Step::Done(outcome) => {
                let transcript = outcome.transcript.expect("the case asks for it");
                return serde_json::to_string(&transcript).expect("it is data");
            }
            Step::Sleep(_) => perform(step, None, &clock),
            step => match (step, replies.next()) {
                (step @ Step::Http(_), Some(Reply::Http(Ok(response)))) => {
                    let server = StandIn::serve(response);
                    let next = perform(step, Some(&server), &clock);
                    server.finish();
                    next
                }
                (Step::Http(call), Some(Reply::Http(reply))) => call.reply(reply, clock.now()),
                (Step::ReadFile(call), Some(Reply::File(reply))) => call.reply(reply, clock.now()),
                (Step::Exec(call), Some(Reply::Exec(reply))) => call.reply(reply, clock.now()),
                (Step::Prompt(call), Some(Reply::Prompt(reply))) => call.reply(reply, clock.now()),
                (Step::Authorize(call), Some(Reply::Authorize(reply))) => {
                    call.reply(reply, clock.now())
                }
                (Step::Sign(call), Some(Reply::Sign(reply))) => call.reply(reply, clock.now()),
                (Step::Assertion(call), Some(Reply::Assertion(reply))) => {
                    call.reply(reply, clock.now())
                }
                (Step::Token(call), Some(Reply::Token(reply))) => call.reply(reply, clock.now()),
                (step, Some(Reply::Refuse(refusal))) => step.refuse(refusal, clock.now()),
                (step, _) => step.refuse(Refusal::NoSuchEffect, clock.now()),
            },
        }
    }
}
