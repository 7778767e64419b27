//! What only some credentials need of a host.

use azid_core::Needs;
use azid_core::effect::{
    AuthorizeFailure, AuthorizeRequest, Authorized, ExecFailure, ExecOutput, ExecRequest,
    SignFailure, SignRequest,
};
use azid_native::{Browser, Signer};

/// Ways to carry out effects, as far as they are needed: a program has the code of those alone that
/// are named where it makes its hosts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Abilities {
    pub(crate) run_program: Option<RunProgram>,
    pub(crate) authorize: Option<SignIn>,
    pub(crate) sign: Option<SignMessage>,
}

type RunProgram = fn(&ExecRequest) -> Result<ExecOutput, ExecFailure>;
type SignIn = fn(&AuthorizeRequest, &Browser) -> Result<Authorized, AuthorizeFailure>;
type SignMessage = fn(&Signer, &SignRequest) -> Result<Vec<u8>, SignFailure>;

impl Abilities {
    /// Inlined where the needs are known, so that what is not needed is not even named.
    #[inline(always)]
    pub(crate) fn of(needs: Needs) -> Self {
        Self {
            run_program: match needs.programs {
                true => Some(azid_native::run_program),
                false => None,
            },
            authorize: match needs.browser {
                true => Some(azid_native::authorize),
                false => None,
            },
            sign: match needs.keys {
                true => Some(Signer::sign),
                false => None,
            },
        }
    }
}
