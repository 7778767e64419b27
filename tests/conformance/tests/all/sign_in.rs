//! A person who signs in: their browser is a robot, and every host records the same of it.

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;

use azid_async::Flight;
use azid_core::effect::LoopbackRedirect;
use azid_core::{
    Authority, Context, InteractiveBrowserCredential, Outcome, Platform, Run, Seed, TokenRequest,
};
use azid_emulator::{Landing, demo};
use azid_native::Proxies;

use crate::clock::VirtualClock;
use crate::drivers::{async_std_host, tokio_host, tokio_runtime, ureq_host};
use crate::emulated::Served;
use crate::own_process::in_own_process;

/// Opens pages of an authority's origin, which are handed over as their path and query.
type Open = fn(&Served, &str) -> io::Result<()>;

#[test]
fn every_host_records_the_same_of_the_same_person() {
    in_own_process(
        "sign_in::every_host_records_the_same_of_the_same_person",
        |roots| {
            let world = Arc::new(Served::start(roots));
            let people: [(Open, &str); 3] = [
                (accept, r#""ending":{"token":"#),
                (decline, r#""error":"access_denied""#),
                (see_nothing, r#""failure":{"no-browser":null}"#),
            ];
            for (open, shows) in people {
                let transcript = transcript_of_all(&world, open);
                assert!(transcript.contains(shows), "{shows}: {transcript}");
            }
        },
    );
}

fn accept(world: &Served, page: &str) -> io::Result<()> {
    bring(world.server.sign_in(page, demo::USER_NAME))
}

fn decline(world: &Served, page: &str) -> io::Result<()> {
    world
        .server
        .with_emulator(|emulator| emulator.entra_mut().deny_consent(true));
    accept(world, page)
}

fn see_nothing(_: &Served, _: &str) -> io::Result<()> {
    Err(io::Error::other("no screen"))
}

/// Posts what the sign-in page hands over.
fn bring(landing: Landing) -> io::Result<()> {
    let Landing::Form { action, body } = landing else {
        panic!("the person is not known: {landing:?}");
    };
    let port = action.strip_prefix("http://localhost:");
    let port = port.and_then(|port| port.parse::<u16>().ok());
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port.expect("a loopback port")))?;
    write!(
        stream,
        "POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let page = io::read_to_string(stream)?;
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    Ok(())
}

/// The transcript that all hosts record of a person who does this, on one port.
fn transcript_of_all(world: &Arc<Served>, open: Open) -> String {
    let redirect = LoopbackRedirect::new(format!("http://localhost:{}", free_port()));
    let authority = Authority::new(world.server.https_origin()).expect("a server's origin");
    let credential = InteractiveBrowserCredential::new(demo::TENANT_ID, demo::PUBLIC_CLIENT_ID)
        .expect("the demonstration's values are valid")
        .authority(authority)
        .redirect(redirect.expect("it is a loopback URI"));
    let transcripts = [ureq, tokio, async_std].map(|drive| {
        world.restart();
        let clock = VirtualClock::default();
        let request = TokenRequest::new([demo::SCOPE]);
        let context = Context::new(request, clock.now(), Seed::new([1; 32]))
            .with_platform(Platform::Linux)
            .record_transcript();
        let person = Person {
            world: Arc::clone(world),
            open,
        };
        let outcome = drive(credential.clone(), context, &clock, person);
        let transcript = outcome.transcript.expect("the context asks for it");
        serde_json::to_string(&transcript).expect("it is data")
    });
    let [by_ureq, by_tokio, by_async_std] = transcripts;
    assert_eq!(by_tokio, by_ureq, "tokio and ureq");
    assert_eq!(by_async_std, by_ureq, "async-std and ureq");
    by_ureq
}

struct Person {
    world: Arc<Served>,
    open: Open,
}

impl Person {
    fn see(&self, path: &str, query: Option<&str>) -> io::Result<()> {
        let page = format!("{path}?{}", query.unwrap_or_default());
        (self.open)(&self.world, &page)
    }
}

type Credential = InteractiveBrowserCredential;

fn ureq(credential: Credential, cx: Context, clock: &VirtualClock, person: Person) -> Outcome {
    let host = ureq_host(clock).browser(move |page| person.see(page.path(), page.query()));
    azid_ureq::drive(&host, Arc::new(credential), cx)
}

fn tokio(credential: Credential, cx: Context, clock: &VirtualClock, person: Person) -> Outcome {
    let host = tokio_host(clock)
        .proxies(Proxies::none())
        .browser(move |page| person.see(page.path(), page.query()));
    let run = Run::start(Arc::new(credential), cx);
    tokio_runtime().block_on(Flight::new(Arc::new(host), run))
}

fn async_std(credential: Credential, cx: Context, clock: &VirtualClock, person: Person) -> Outcome {
    let host = async_std_host(clock).browser(move |page| person.see(page.path(), page.query()));
    let run = Run::start(Arc::new(credential), cx);
    async_std::task::block_on(Flight::new(Arc::new(host), run))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("it is bound").port()
}
