//! Secrets in files: tokens that a platform projects, client secrets that it mounts.

use crate::context::Context;
use crate::effect::{FileRequest, is_word};
use crate::error::Cause;
use crate::moves::{Next, read_file};
use crate::secret::Secret;

/// The longest secret that a file may hold; the tokens that a cluster projects have a few
/// kilobytes.
pub(crate) const MOST_BYTES: usize = 64 * 1024;

/// Reads a file and goes on with the assertion in it.
pub(crate) fn read_assertion_file(
    path: String,
    then: impl FnOnce(Secret, &mut Context) -> Next + Send + 'static,
) -> Next {
    read_text(path.clone(), move |text, cx| {
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
    serde_json::from_str::<serde_json::Map<_, _>>(text).is_ok()
}

/// Reads a file and goes on with its text, without the white space around it.
pub(crate) fn read_text(
    path: String,
    then: impl FnOnce(Secret, &mut Context) -> Next + Send + 'static,
) -> Next {
    let file = FileRequest::new(&path).max_bytes(MOST_BYTES);
    read_file(file, move |content, cx| {
        let content = match content {
            Ok(content) => content,
            Err(failure) => return cx.failed(Cause::file(path, failure)),
        };
        let problem = match content.trimmed_text() {
            Some(text) if !text.is_empty() => return then(text, cx),
            Some(_) => "is empty",
            None => "is no text: it is not UTF-8",
        };
        let problem = problem.into();
        cx.failed(Cause::FileContent { path, problem })
    })
}
