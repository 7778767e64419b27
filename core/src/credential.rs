//! What a flow implements to be run.

use std::fmt::Debug;
use std::sync::Arc;

use crate::context::Context;
use crate::credentials::CredentialConfig;
use crate::environment::Environment;
use crate::identity::Identity;
use crate::memory::Memory;
use crate::moves::Next;
use crate::needs::Needs;
use crate::plan::{Plan, PlanContext};
use crate::transcript::Redactor;
use crate::variables::Variables;

/// A way to get tokens: immutable data, checked when it was made, that can begin a flow.
pub trait Credential: Debug + Send + Sync {
    /// The name, as the Azure SDKs spell it.
    fn name(&self) -> &'static str;

    /// What the credential's tokens may be cached under: it covers everything of the credential
    /// that changes which tokens it gets. Where the machine decides whose they are, it says so:
    /// [`of_this_machine`](crate::IdentityBuilder::of_this_machine).
    fn identity(&self) -> Identity;

    /// Whether runs of this credential may overlap, as far as it can be told from what earlier
    /// runs left.
    fn lane(&self, _memory: &Memory, _environment: &Environment) -> Lane {
        Lane::PerKey
    }

    /// Which variables of the environment a run may read. A credential that names fewer than all is
    /// quicker: a host need not look up the others.
    fn variables(&self) -> Variables {
        Variables::Known
    }

    /// What the credential would do, before any effect.
    fn plan(&self, _cx: &PlanContext<'_>) -> Plan {
        Plan::ready(self.name())
    }

    /// The credential as data for a transcript, its secrets replaced by the redactor's
    /// placeholders. None for a credential that only its program can make again.
    fn configuration(&self, _redactor: &mut Redactor) -> Option<CredentialConfig> {
        None
    }

    /// What runs of such credentials may need of their host. One that says too little has what it
    /// did not name refused; to be told at compile time what may be left away is worth that.
    fn needs() -> Needs
    where
        Self: Sized,
    {
        Needs::ALL
    }

    /// Starts the flow.
    fn begin(self: Arc<Self>, cx: &mut Context) -> Next;
}

/// Which runs of one credential may overlap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lane {
    /// Runs for different tokens may overlap.
    #[default]
    PerKey,
    /// One run at a time: it asks a person, uses up a refresh token, starts a program that does not
    /// bear company, or is a chain that does not know yet which of its links has tokens here.
    OneAtATime,
}

/// A shared credential is a credential.
impl Credential for Arc<dyn Credential> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn identity(&self) -> Identity {
        (**self).identity()
    }

    fn lane(&self, memory: &Memory, environment: &Environment) -> Lane {
        (**self).lane(memory, environment)
    }

    fn variables(&self) -> Variables {
        (**self).variables()
    }

    fn plan(&self, cx: &PlanContext<'_>) -> Plan {
        (**self).plan(cx)
    }

    fn configuration(&self, redactor: &mut Redactor) -> Option<CredentialConfig> {
        (**self).configuration(redactor)
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        (*self).clone().begin(cx)
    }
}
