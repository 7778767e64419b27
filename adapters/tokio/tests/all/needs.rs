//! What the host of a provider has: what its kind of credential needs.

use std::sync::Arc;

use azid_core::effect::{ExecFailure, ExecRequest, Refusal};
use azid_core::{AccessToken, Cause, Context, Credential, Identity, Needs, Next, Timestamp, exec};
use azid_tokio::{Builder, TokenProvider, TokioHost};

/// Runs a program that is nowhere, whatever it says it needs.
#[derive(Debug)]
struct Runs<const ADMITS_IT: bool>;

impl<const ADMITS_IT: bool> Credential for Runs<ADMITS_IT> {
    fn name(&self) -> &'static str {
        "Runs"
    }

    fn identity(&self) -> Identity {
        Identity::of(self.name()).finish()
    }

    fn needs() -> Needs {
        match ADMITS_IT {
            true => Needs::PROGRAMS,
            false => Needs::NONE,
        }
    }

    fn begin(self: Arc<Self>, _: &mut Context) -> Next {
        exec(ExecRequest::new("nowhere"), |printed, cx| match printed {
            Ok(_) => azid_core::done(AccessToken::new("AT", Timestamp::from_unix_seconds(1))),
            Err(failure) => cx.unavailable(Cause::Exec {
                program: "nowhere".into(),
                failure,
            }),
        })
    }
}

async fn failure(provider: TokenProvider) -> ExecFailure {
    let asked = provider.get_token(&["any"]).await;
    match asked.expect_err("it has no token").cause() {
        Cause::Exec { failure, .. } => failure.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_provider_runs_programs_for_a_credential_that_needs_them_and_refuses_them_to_others() {
    let admits = TokenProvider::new(Runs::<true>);
    assert_eq!(failure(admits).await, ExecFailure::NotFound);
    let denies = TokenProvider::new(Runs::<false>);
    let refused = ExecFailure::Refused(Refusal::NoSuchEffect);
    assert_eq!(failure(denies).await, refused);
    let shared: Arc<dyn Credential> = Arc::new(Runs::<false>);
    let of_any_kind = TokenProvider::new(shared);
    assert_eq!(failure(of_any_kind).await, ExecFailure::NotFound);
}

#[tokio::test]
async fn a_host_of_the_programs_own_has_everything() {
    let provider = Builder::new(TokioHost::new(), Runs::<false>).build();
    assert_eq!(failure(provider).await, ExecFailure::NotFound);
}
