//! Secrets in files: tokens that a platform projects, client secrets that it mounts.

use crate::context::Context;
use crate::effect::{FileRequest, is_word};
use crate::error::{Cause, Invalid, What};
use crate::json::read_object;
use crate::moves::{Next, read_file};
use crate::secret::{Secret, SecretBytes};

/// The longest secret that a file may hold; the tokens that a cluster projects have a few
/// kilobytes.
pub(crate) const MOST_BYTES: usize = 64 * 1024;

/// Reads a file and goes on with the assertion in it.
pub(crate) fn read_assertion_file(
    path: String,
    cx: &mut Context,
    then: impl FnOnce(Secret, &mut Context) -> Next + Send + 'static,
) -> Next {
    read_text(What::ClientAssertion, path.clone(), cx, move |text, cx| {
        let problem = if is_json_object(text.expose()) {
            "holds JSON, where a token alone is expected"
        } else if !is_word(text.expose()) {
            "holds no token, which is one word of visible ASCII"
        } else {
            return then(text, cx);
        };
        let problem = problem.into();
        cx.failed(Cause::FileContent { path, problem })
    })
}

fn is_json_object(text: &str) -> bool {
    read_object(text.as_bytes()).is_some()
}

/// Reads the file that holds this and goes on with its text, without the white space around it.
pub(crate) fn read_text(
    what: What,
    path: String,
    cx: &mut Context,
    then: impl FnOnce(Secret, &mut Context) -> Next + Send + 'static,
) -> Next {
    named(what, &path).or_else(|invalid| cx.failed(invalid))?;
    read_or_fail(path, MOST_BYTES, |path, content, cx| {
        let problem = match content.trimmed_text() {
            Some(text) if !text.is_empty() => return then(text, cx),
            Some(_) => "is empty",
            None => "is no text: it is not UTF-8",
        };
        let problem = problem.into();
        cx.failed(Cause::FileContent { path, problem })
    })
}

/// Reads a file that must be there, of so many bytes at most, and goes on with its path and what
/// is in it.
pub(crate) fn read_or_fail(
    path: String,
    max_bytes: usize,
    then: impl FnOnce(String, SecretBytes, &mut Context) -> Next + Send + 'static,
) -> Next {
    let file = FileRequest::new(&path).max_bytes(max_bytes);
    read_file(file, move |content, cx| match content {
        Ok(content) => then(path, content, cx),
        Err(failure) => cx.failed(Cause::file(path, failure)),
    })
}

/// Refuses a path that names no file.
pub(super) fn named(what: What, path: &str) -> Result<(), Invalid> {
    if path.trim().is_empty() {
        return Err(Invalid::new(what, "the path of its file must not be empty"));
    }
    Ok(())
}
