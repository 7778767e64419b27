//! A person at a browser: what the page says, and what is sent to the listener.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use azid_core::Secret;
use azid_core::effect::{
    AuthorizeAnswer, AuthorizeFailure, AuthorizeRequest, Authorized, LoopbackRedirect, ResponseMode,
};
use azid_native::{Browser, authorize};
use url::Url;

pub(crate) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const LOOPBACK_6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

pub(crate) type Outcome = Result<Authorized, AuthorizeFailure>;

/// The loopback addresses that this machine has.
pub(crate) fn loopback_addresses() -> impl Iterator<Item = IpAddr> {
    let has = |address: &IpAddr| TcpListener::bind((*address, 0)).is_ok();
    [LOOPBACK, LOOPBACK_6].into_iter().filter(has)
}

/// A request that waits for a form.
pub(crate) fn request() -> AuthorizeRequest {
    AuthorizeRequest {
        endpoint: "https://login.example/t/oauth2/v2.0/authorize?client_id=c"
            .parse()
            .expect("a URL"),
        redirect: LoopbackRedirect::default(),
        state: Secret::new("right"),
        response_mode: ResponseMode::FormPost,
        timeout: Duration::from_secs(60),
    }
}

pub(crate) fn redirect_to(port: u16) -> LoopbackRedirect {
    LoopbackRedirect::new(format!("http://localhost:{port}")).expect("it is a loopback URI")
}

/// A browser that hands the page to the test and returns at once.
pub(crate) fn browser() -> (Browser, mpsc::Receiver<Url>) {
    let (pages, page) = mpsc::channel();
    let browser = Browser::new(move |page| pages.send(page.clone()).map_err(io::Error::other));
    (browser, page)
}

/// A sign-in that waits on a thread, and the port of its listener.
pub(crate) fn begin(request: AuthorizeRequest) -> (u16, JoinHandle<Outcome>) {
    let (browser, page) = browser();
    let waiting = thread::spawn(move || authorize(&request, &browser));
    (port_of(&page.recv().expect("a page is opened")), waiting)
}

/// The port that a page sends its answer to.
pub(crate) fn port_of(page: &Url) -> u16 {
    let (_, redirect) = page
        .query_pairs()
        .find(|(name, _)| name == "redirect_uri")
        .expect("it is in every page");
    let redirect: Url = redirect.parse().expect("a URL");
    redirect.port().expect("the port of a listener")
}

pub(crate) fn connect(address: IpAddr, port: u16) -> TcpStream {
    TcpStream::connect((address, port)).expect("somebody listens")
}

/// What a browser sends when a page hands over a form by itself.
pub(crate) fn form(body: &str) -> Vec<u8> {
    format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub(crate) fn send(port: u16, bytes: &[u8]) -> String {
    let mut stream = connect(LOOPBACK, port);
    stream.write_all(bytes).expect("it is read");
    read(&mut stream)
}

/// All that comes until the connection is closed.
pub(crate) fn read(stream: &mut TcpStream) -> String {
    let mut page = String::new();
    stream.read_to_string(&mut page).expect("a page");
    page
}

/// Waits for the end of a connection that is not answered.
pub(crate) fn wait_for_end(mut stream: TcpStream) {
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest); // a reset is an end too
    assert_eq!(String::from_utf8_lossy(&rest), "");
    let _ = stream.shutdown(Shutdown::Both);
}

pub(crate) fn status(page: &str) -> &str {
    page.split(' ').nth(1).unwrap_or("none")
}

pub(crate) fn code(outcome: Outcome) -> String {
    match outcome.map(|authorized| authorized.answer) {
        Ok(AuthorizeAnswer::Code(code)) => code.expose().to_owned(),
        other => panic!("not a code: {other:?}"),
    }
}

/// Ends a sign-in well: the answer is heard, whatever came before.
pub(crate) fn finish(port: u16, waiting: JoinHandle<Outcome>) {
    let page = send(port, &form("code=abc&state=right"));
    assert_eq!(status(&page), "200");
    assert_eq!(code(waiting.join().expect("no panic")), "abc");
    assert_free(port);
}

/// Nobody listens on a port of either address.
pub(crate) fn assert_free(port: u16) {
    for address in [LOOPBACK, LOOPBACK_6] {
        let refused = TcpStream::connect((address, port)).map(drop);
        refused.expect_err("the listener is closed");
    }
}

/// A port that was free a moment ago.
pub(crate) fn some_port() -> u16 {
    let listener = TcpListener::bind((LOOPBACK, 0)).expect("a port");
    listener.local_addr().expect("it is bound").port()
}
