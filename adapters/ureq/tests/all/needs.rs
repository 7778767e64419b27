//! What the host of a provider has: what its kind of credential needs.

use std::sync::Arc;

use azid_core::effect::{ExecFailure, ExecRequest, Refusal};
use azid_core::{AccessToken, Cause, Context, Credential, Identity, Needs, Next, Timestamp, exec};
use azid_ureq::{Host, TokenProvider};

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

fn failure(provider: &TokenProvider) -> ExecFailure {
    let error = provider.get_token(&["any"]).expect_err("it has no token");
    match error.cause() {
        Cause::Exec { failure, .. } => failure.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_provider_runs_programs_for_a_credential_that_needs_them_and_refuses_them_to_others() {
    let refused = ExecFailure::Refused(Refusal::NoSuchEffect);
    assert_eq!(
        failure(&TokenProvider::new(Runs::<true>)),
        ExecFailure::NotFound
    );
    assert_eq!(failure(&TokenProvider::new(Runs::<false>)), refused);
    let shared: Arc<dyn Credential> = Arc::new(Runs::<false>);
    assert_eq!(failure(&TokenProvider::new(shared)), ExecFailure::NotFound);
}

#[test]
fn a_host_of_the_programs_own_has_everything() {
    let provider = TokenProvider::builder(Runs::<false>).host(Host::new());
    assert_eq!(failure(&provider.build()), ExecFailure::NotFound);
}
