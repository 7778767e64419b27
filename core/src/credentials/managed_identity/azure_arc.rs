//! A server anywhere that Azure Arc's agent connects to Azure.
//!
//! begin ─► ask ─► on_challenge ─► read key ─► ask with key ─► on_token
//!
//! The agent hands a token to whoever can read a file that it has just written, which only
//! administrators and the members of one group can.

use url::Url;

use super::ManagedIdentityId;
use super::exchange::{Exchange, IdNames};
use super::key_path::{KeyDirectory, KeyPath};
use crate::attempts::http;
use crate::context::{Context, Platform};
use crate::effect::{FileFailure, FileRequest, HttpReply, HttpRequest, HttpResponse};
use crate::error::{Cause, Error};
use crate::moves::{Next, done, read_file};
use crate::oauth::{AnswerFault, AnsweredIdentity};
use crate::secret::{Secret, SecretBytes};

const NAMES: IdNames = IdNames {
    client: Some("client_id"),
    object: Some("object_id"),
    resource: Some("msi_res_id"),
};

const MOST_KEY_BYTES: usize = 4096;

pub(super) fn begin(
    endpoint: Url,
    key_directory: Option<&str>,
    exchange: Exchange,
    cx: &mut Context,
) -> Next {
    let directory = KeyDirectory::new(key_directory, cx.platform(), cx.environment())
        .or_else(|cause| cx.failed(cause))?;
    let url = exchange.url(endpoint, "2020-06-01", NAMES, cx)?;
    let agent = Agent {
        url,
        directory,
        exchange,
    };
    let request = agent.request(cx);
    http(request, |reply, cx| agent.on_challenge(reply, cx))
}

/// The agent, as one exchange needs it.
struct Agent {
    url: Url,
    directory: KeyDirectory,
    exchange: Exchange,
}

impl Agent {
    fn request(&self, cx: &Context) -> HttpRequest {
        self.exchange
            .prepare(HttpRequest::get(self.url.clone()), cx)
    }

    fn on_challenge(self, reply: HttpReply, cx: &mut Context) -> Next {
        let response = match reply {
            Ok(response) if is_challenge(&response) => response,
            reply => return self.on_token(reply, cx),
        };
        let path = KeyPath::from_challenge(&response, &self.directory);
        let path = path.or_else(|fault| cx.failed(fault))?.into_string();
        let file = FileRequest::new(&path).max_bytes(MOST_KEY_BYTES).no_links();
        read_file(file, move |content, cx| self.on_key(&path, content, cx))
    }

    fn on_key(
        self,
        path: &str,
        content: Result<SecretBytes, FileFailure>,
        cx: &mut Context,
    ) -> Next {
        let content = content.or_else(|failure| refuse_file(path, failure, cx))?;
        let key = content.trimmed_text().filter(is_key);
        let request = key.and_then(|key| self.request(cx).authorization("Basic", &key).ok());
        let Some(request) = request else {
            return cx.failed(Cause::FileContent {
                path: path.to_owned(),
                problem: "holds no key, which is one word of visible ASCII".into(),
            });
        };
        http(request, move |reply, cx| self.on_token(reply, cx))
    }

    fn on_token(&self, reply: HttpReply, cx: &mut Context) -> Next {
        let is_refused = matches!(&reply, Ok(response) if response.status == 401);
        let answer = self.exchange.read(reply, cx);
        let answer = answer.map_err(|error| match is_refused {
            true => error.advise(REFUSED),
            false => error,
        })?;
        if is_for(&answer.identity, &self.exchange.identity) {
            done(answer.token)
        } else {
            let old = "update the agent: an old one passes over the id and answers for the machine's own identity";
            cx.failed(AnswerFault::OtherIdentity)
                .map_err(|error| error.advise(old))
        }
    }
}

const REFUSED: &str = "the agent did not take the key that it had written, or named none: see with `azcmagent show` that it is well, and update it";

fn is_challenge(response: &HttpResponse) -> bool {
    response.status == 401 && response.headers.contains_key("www-authenticate")
}

/// A key is sent as it is, so it must be fit for a header field. A page, which has blanks, or a JSON
/// object is none.
fn is_key(text: &Secret) -> bool {
    let text = text.expose();
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && serde_json::from_str::<serde_json::Map<_, _>>(text).is_err()
}

fn refuse_file<T>(path: &str, failure: FileFailure, cx: &Context) -> Result<T, Error> {
    let advice = match (&failure, cx.platform()) {
        (FileFailure::PermissionDenied, Platform::Windows) => Some(
            "run as an administrator, or add the user that this process runs as to the group `Hybrid Agent Extension Applications`",
        ),
        (FileFailure::PermissionDenied, _) => {
            Some("add the user that this process runs as to the group `himds`")
        }
        (FileFailure::NotFound, _) => Some(
            "see that the agent runs on this very machine; into a container, mount the directory of its keys",
        ),
        _ => None,
    };
    let error = cx.failed(Cause::file(path, failure));
    error.map_err(|error: Error| match advice {
        Some(advice) => error.advise(advice),
        None => error,
    })
}

/// Whether an answer confirms the identity that was asked for. Where none was named, it need not.
fn is_for(answered: &AnsweredIdentity, asked: &ManagedIdentityId) -> bool {
    let (answered, asked) = match asked {
        ManagedIdentityId::SystemAssigned => return true,
        ManagedIdentityId::ClientId(id) => (&answered.client_id, id),
        ManagedIdentityId::ObjectId(id) => (&answered.object_id, id),
        ManagedIdentityId::ResourceId(id) => (&answered.resource_id, id),
    };
    let is_same = |answered: &Secret| answered.expose().eq_ignore_ascii_case(asked);
    answered.as_ref().is_some_and(is_same)
}
