//! Azure Arc.

use super::{RESOURCE_ID, TOKEN, again, no_answer};
use crate::context::Platform;
use crate::credentials::{ManagedIdentityCredential, ManagedIdentityId};
use crate::effect::{FileFailure, HttpFailure};
use crate::request::TokenRequest;
use crate::secret::SecretBytes;
use crate::testing::{Case, Reply};

const CHALLENGE: &str = "Basic realm=/var/opt/azcmagent/tokens/1a2b.key";
const ON_WINDOWS: &str = r"Basic realm=C:\ProgramData\AzureConnectedMachineAgent\Tokens\1a2b.key";
const KEY: &str = "a2V5LW9mLXRoZS1hZ2VudA==";

pub(super) fn cases() -> Vec<Case> {
    let of = |name, credential| {
        Case::new(name, credential)
            .with(
                "IDENTITY_ENDPOINT",
                "http://localhost:40342/metadata/identity/oauth2/token",
            )
            .with("IMDS_ENDPOINT", "http://localhost:40342")
    };
    let case = |name| of(name, ManagedIdentityCredential::new());
    let named = |name, id| of(name, ManagedIdentityCredential::with_id(id).expect("valid"));
    let challenged =
        |case: Case, challenge| case.http(401, "").header("www-authenticate", challenge);
    let keyed = |case: Case| challenged(case, CHALLENGE).file(KEY);
    let answered = |member: &str, id: &str| {
        format!(
            r#"{{"access_token":"AT","{member}":"{id}","expires_in":"86399","token_type":"Bearer"}}"#
        )
    };
    let client = || ManagedIdentityId::ClientId("client-ID".into());
    let object = || ManagedIdentityId::ObjectId("object".into());
    let resource = || ManagedIdentityId::ResourceId(RESOURCE_ID.into());
    let on_windows = |name| case(name).on(Platform::Windows);
    vec![
        keyed(case("Arc, a token")).http(200, TOKEN),
        challenged(
            on_windows("Arc, on Windows").with("PROGRAMDATA", r"C:\ProgramData"),
            ON_WINDOWS,
        )
        .file(KEY)
        .http(200, TOKEN),
        on_windows("Arc, on Windows without a directory"),
        challenged(
            on_windows("Arc, a path of the other platform").with("PROGRAMDATA", r"C:\ProgramData"),
            CHALLENGE,
        ),
        case("Arc, a platform that has no agent").on(Platform::MacOs),
        challenged(
            of(
                "Arc, another directory",
                ManagedIdentityCredential::new().azure_arc_token_directory("/srv/keys/"),
            )
            .on(Platform::MacOs),
            "Basic realm=/srv/keys/1.key",
        )
        .file(KEY)
        .http(200, TOKEN),
        challenged(
            Case::new(
                "Arc, an agent that is found",
                ManagedIdentityCredential::new(),
            )
            .file(""),
            CHALLENGE,
        )
        .file(KEY)
        .http(200, TOKEN),
        keyed(named("Arc, by client id", client())).http(200, &answered("client_id", "CLIENT-id")),
        keyed(named("Arc, by object id", object())).http(200, &answered("object_id", "object")),
        keyed(named("Arc, by resource id", resource()))
            .http(200, &answered("msi_res_id", RESOURCE_ID)),
        keyed(named("Arc, by resource id, its newer name", resource()))
            .http(200, &answered("mi_res_id", RESOURCE_ID)),
        keyed(named("Arc, an agent that passes over the id", client()))
            .http(200, &answered("client_id", "the machine's own")),
        keyed(named("Arc, an agent that confirms nothing", object()))
            .http(200, &answered("client_id", "object")),
        case("Arc, a token without a challenge").http(200, TOKEN),
        keyed(case("Arc, a key that it refuses")).http(401, r#"{"error":"unauthorized"}"#),
        challenged(keyed(case("Arc, one challenge after another")), CHALLENGE),
        case("Arc, no challenge in the refusal").http(401, ""),
        challenged(
            case("Arc, a challenge of another kind"),
            "Bearer authorization_uri=x",
        ),
        challenged(
            case("Arc, a challenge for another file"),
            "Basic realm=/var/opt/azcmagent/tokens/../shadow.key",
        ),
        challenged(case("Arc, a file that may not be read"), CHALLENGE)
            .then(FileFailure::PermissionDenied),
        challenged(
            on_windows("Arc, a file that may not be read on Windows")
                .with("PROGRAMDATA", r"C:\ProgramData"),
            ON_WINDOWS,
        )
        .then(FileFailure::PermissionDenied),
        challenged(case("Arc, a file that is gone"), CHALLENGE).then(FileFailure::NotFound),
        challenged(case("Arc, a file without end"), CHALLENGE)
            .then(FileFailure::TooLarge { limit: 4096 }),
        challenged(case("Arc, an empty file"), CHALLENGE).file("\n"),
        challenged(case("Arc, a file of two lines"), CHALLENGE).file("one\r\nAuthorization: two"),
        challenged(case("Arc, a file that is no text"), CHALLENGE)
            .then(Reply::File(Ok(SecretBytes::from(&b"\xff\xfe"[..])))),
        keyed(case("Arc, a page instead of JSON")).http(200, "<html>Welcome</html>"),
        keyed(case("Arc, an empty body")).http(200, ""),
        keyed(case("Arc, a redirect")).http(302, ""),
        keyed(case("Arc, a body too large")).then(HttpFailure::BodyTooLarge { limit: 1024 * 1024 }),
        keyed(again(case("Arc, a passing fault"), 500, 2)).http(200, TOKEN),
        again(case("Arc, a fault that stays"), 503, 4),
        no_answer(case("Arc, an agent that is not running"), 4),
        no_answer(
            case("Arc, an agent that is not running, in a chain").in_chain(),
            4,
        ),
        case("Arc, two scopes").asks(TokenRequest::new(["a/.default", "b/.default"])),
    ]
}
