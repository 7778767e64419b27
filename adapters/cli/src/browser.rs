//! How the command shows a sign-in page: in the browser, and always as text, so that somebody
//! can open it elsewhere.

use std::io;

use url::Url;

use crate::output;

/// Opens a page. It is no error if no browser does: the person has read where the page is.
pub(crate) fn open(page: &Url) -> io::Result<()> {
    output::note(&format!(
        "to sign in, use this page in a browser:\n\n{page}\n"
    ));
    if let Err(error) = azid_native::Browser::default().open(page) {
        output::note(&format!(
            "azid: no browser was opened: {error}\n{}",
            way_out(page)
        ));
    }
    Ok(())
}

fn way_out(page: &Url) -> String {
    let mut query = page.query_pairs();
    let redirect = query.find(|(name, _)| name == "redirect_uri");
    let redirect = redirect.and_then(|(_, uri)| Url::parse(&uri).ok());
    let port = redirect.and_then(|uri| uri.port()).unwrap_or(80);
    format!(
        "still waiting for somebody to use the page; a browser on another machine needs \
         `ssh -L {port}:localhost:{port}` to here, a device code needs no browser here"
    )
}
