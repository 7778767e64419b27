//! Signing in by a browser, with tests in its place.

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use azid_core::effect::{
    AuthorizeAnswer, AuthorizeFailure, AuthorizeRequest, Authorized, LoopbackRedirect, ResponseMode,
};
use azid_core::{Secret, authorize};
use azid_ureq::Host;
use url::Url;

use crate::probe::{host, keep, reply_to};

#[test]
fn a_person_signs_in() {
    let reply = sign_in(&host().browser(hand_over));
    let answer = reply.expect("an answer").answer;
    assert_eq!(answer, AuthorizeAnswer::Code(Secret::new("abc")));
}

#[test]
fn a_page_that_cannot_be_shown_is_told_in_the_words_of_who_tried() {
    let host = host().browser(|_| Err(io::Error::other("no screen")));
    let failure = sign_in(&host).expect_err("there is no browser");
    assert_eq!(failure.to_string(), "no browser could be opened: no screen");
}

fn sign_in(host: &Host) -> Result<Authorized, AuthorizeFailure> {
    reply_to(host, |kept| {
        authorize(request(), move |reply, cx| keep(&kept, reply, cx))
    })
}

fn request() -> AuthorizeRequest {
    AuthorizeRequest {
        endpoint: "https://login.example/authorize"
            .parse()
            .expect("it is valid"),
        redirect: LoopbackRedirect::default(),
        state: Secret::new("state"),
        response_mode: ResponseMode::FormPost,
        timeout: Duration::from_secs(60),
    }
}

/// Sends what a browser sends when the sign-in page hands a code over.
fn hand_over(page: &Url) -> io::Result<()> {
    let body = "code=abc&state=state";
    let form = format!(
        "POST / HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = connect(page)?;
    stream.write_all(form.as_bytes())?;
    io::read_to_string(stream).map(drop)
}

/// A connection to the listener that a page sends its answer to.
fn connect(page: &Url) -> io::Result<TcpStream> {
    let (_, redirect) = page
        .query_pairs()
        .find(|(name, _)| name == "redirect_uri")
        .expect("it is in every page");
    let redirect: Url = redirect.parse().expect("a URL");
    TcpStream::connect((Ipv4Addr::LOCALHOST, redirect.port().expect("a listener's")))
}
