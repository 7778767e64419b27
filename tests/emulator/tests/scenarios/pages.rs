//! What scripts in pages of other origins may read (the Fetch standard's CORS protocol).

use crate::people::{SCOPE, VERIFIER, code, get, post_from_page};
use crate::support::{NOW, emulator, secret_fields, token_request};
use azid_emulator::demo;
use http::{Method, Response};

#[test]
fn a_page_may_read_what_is_about_its_own_code() {
    let mut emulator = emulator();
    let page = [("redirect_uri", demo::SINGLE_PAGE_REDIRECT_URI)];
    let code = code(&mut emulator, &page);
    let refused = post_from_page(&mut emulator, &redeem(&code, page[0].1, "wrong"), NOW);
    assert_eq!(
        (refused.status().as_u16(), is_shared(&refused)),
        (400, true)
    );
    let token = post_from_page(&mut emulator, &redeem(&code, page[0].1, VERIFIER), NOW);
    assert_eq!((token.status().as_u16(), is_shared(&token)), (200, true));
}

#[test]
fn no_page_may_read_what_is_about_the_code_of_a_program_or_about_a_secret() {
    let mut emulator = emulator();
    let redirect = [("redirect_uri", demo::FIXED_REDIRECT_URI)];
    let code = code(&mut emulator, &redirect);
    let refused = post_from_page(&mut emulator, &redeem(&code, redirect[0].1, VERIFIER), NOW);
    assert_eq!(
        (refused.status().as_u16(), is_shared(&refused)),
        (400, false)
    );
    let secret = secret_fields(&[]);
    let token = post_from_page(&mut emulator, &secret, NOW);
    assert_eq!((token.status().as_u16(), is_shared(&token)), (200, false));

    emulator.entra_mut().share_tokens_with_pages(true);
    assert!(is_shared(&post_from_page(&mut emulator, &secret, NOW)));
}

#[test]
fn any_page_may_read_documents() {
    let mut emulator = emulator();
    for path in [
        "v2.0/.well-known/openid-configuration",
        "discovery/v2.0/keys",
    ] {
        let response = get(&mut emulator, &format!("/{}/{path}", demo::TENANT_ID));
        assert!(is_shared(&response), "{path}");
    }
}

#[test]
fn a_page_that_asks_first_whether_it_may_send_other_header_fields_may_not() {
    let mut emulator = emulator();
    let mut asked = token_request(demo::TENANT_ID, &[]);
    *asked.method_mut() = Method::OPTIONS;
    let response = emulator.handle(&asked, NOW);
    assert_eq!(
        (response.status().as_u16(), is_shared(&response)),
        (400, false)
    );
}

fn redeem<'a>(code: &'a str, redirect_uri: &'a str, verifier: &'a str) -> [(&'a str, &'a str); 6] {
    [
        ("grant_type", "authorization_code"),
        ("client_id", demo::PUBLIC_CLIENT_ID),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", verifier),
        ("scope", SCOPE),
    ]
}

fn is_shared(response: &Response<Vec<u8>>) -> bool {
    let origin = response.headers().get("access-control-allow-origin");
    origin.is_some_and(|it| it == "*")
}
