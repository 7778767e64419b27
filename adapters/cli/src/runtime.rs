//! The three adapters behind one question: what does this credential answer?

use std::fmt;
use std::sync::Arc;

use azid_async_std::AsyncStdHost;
use azid_core::{Context, Credential, Outcome, Run, TokenRequest};
use azid_tokio::{Flight, Host, TokioHost};
use clap::ValueEnum;

use crate::Problem;

/// The adapter that carries a run out.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Runtime {
    /// Blocking, by ureq.
    Ureq,
    /// On tokio, by reqwest.
    Tokio,
    /// On async-std.
    AsyncStd,
}

impl Runtime {
    pub(crate) const ALL: [Self; 3] = [Self::Ureq, Self::Tokio, Self::AsyncStd];

    /// Drives one run to its end. With `record` the outcome has a transcript.
    pub(crate) fn drive(
        self,
        credential: Arc<dyn Credential>,
        request: TokenRequest,
        record: bool,
    ) -> Result<Outcome, Problem> {
        let watched = |context: Context| match record {
            true => context.record_transcript(),
            false => context,
        };
        match self {
            Self::Ureq => {
                let host = azid_ureq::Host::new();
                let context = host.context(request).map_err(Problem::failed)?;
                Ok(azid_ureq::drive(&host, credential, watched(context)))
            }
            Self::Tokio => {
                let mut builder = tokio::runtime::Builder::new_current_thread();
                let runtime = builder.enable_all().build().map_err(Problem::failed)?;
                let host = TokioHost::new();
                let context = watched(context(&host, request)?);
                Ok(runtime.block_on(Flight::new(Arc::new(host), Run::start(credential, context))))
            }
            Self::AsyncStd => {
                let host = AsyncStdHost::new();
                let context = watched(context(&host, request)?);
                let flight = Flight::new(Arc::new(host), Run::start(credential, context));
                Ok(async_std::task::block_on(flight))
            }
        }
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ureq => "ureq",
            Self::Tokio => "tokio",
            Self::AsyncStd => "async-std",
        })
    }
}

fn context(host: &impl Host, request: TokenRequest) -> Result<Context, Problem> {
    let seed = host.seed().map_err(Problem::failed)?;
    let context = Context::new(request, host.now(), seed);
    Ok(context
        .with_environment(host.environment())
        .with_platform(host.platform()))
}
