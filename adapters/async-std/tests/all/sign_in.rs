//! Signing in by a browser, with tests in its place.

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use azid_async_std::{AsyncStdHost, Builder};
use azid_core::effect::{AuthorizeAnswer, AuthorizeRequest, LoopbackRedirect, ResponseMode};
use azid_core::{
    AccessToken, Cause, Context, Credential, ErrorKind, Identity, Next, Secret, Timestamp,
    authorize, done,
};
use url::Url;

const SCOPE: &[&str] = &["https://vault.azure.net/.default"];

#[async_std::test]
async fn a_person_signs_in() {
    let host = AsyncStdHost::new().browser(hand_over);
    let provider = Builder::new(host, SignsIn).build();
    let token = provider.get_token(SCOPE).await.expect("a token");
    assert_eq!(token.expose(), "abc");
}

#[async_std::test]
async fn without_a_browser_the_credential_is_unavailable() {
    let host = AsyncStdHost::new().browser(|_| Err(io::Error::other("no screen")));
    let provider = Builder::new(host, SignsIn).build();
    let error = provider.get_token(SCOPE).await.expect_err("no browser");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[async_std::test]
async fn a_sign_in_that_is_given_up_leaves_no_port_open() {
    let (pages, page) = async_std::channel::unbounded();
    let host = AsyncStdHost::new()
        .browser(move |page| pages.try_send(page.clone()).map_err(io::Error::other));
    let provider = Builder::new(host, SignsIn).build();
    let waiting = async_std::task::spawn({
        let provider = provider.clone();
        async move { provider.get_token(SCOPE).await }
    });
    let page = page.recv().await.expect("a page is opened");
    connect(&page).expect("somebody listens");
    assert!(waiting.cancel().await.is_none(), "it was called off");
    drop(provider);
    connect(&page).expect_err("nobody listens any more");
}

/// A credential whose token is the code that its person brings.
#[derive(Debug)]
struct SignsIn;

impl Credential for SignsIn {
    fn name(&self) -> &'static str {
        "SignsIn"
    }

    fn identity(&self) -> Identity {
        Identity::private()
    }

    fn begin(self: Arc<Self>, _: &mut Context) -> Next {
        authorize(request(), |reply, cx| match reply.map(|it| it.answer) {
            Ok(AuthorizeAnswer::Code(code)) => {
                let year_2100 = Timestamp::from_unix_seconds(4_102_444_800);
                done(AccessToken::new(code.expose(), year_2100))
            }
            Ok(_) => cx.failed(Cause::Unsupported("it was denied")),
            Err(failure) => cx.unavailable(failure),
        })
    }
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
