//! The three adapters behind one question: what does this credential answer?

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use azid_async_std::AsyncStdHost;
use azid_core::effect::{CallbackId, DeviceCode, PromptFailure};
use azid_core::{
    AccessToken, Context, Credential, Environment, Outcome, Position, Run, TokenRequest,
};
use azid_tokio::{Flight, TokioHost, WithCallbacks};
use clap::ValueEnum;
use url::Url;

use crate::{Problem, browser, output};

/// The adapter that carries a run out.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Runtime {
    /// Blocking, by ureq.
    Ureq,
    /// On tokio, by hyper.
    Tokio,
    /// On async-std.
    AsyncStd,
}

/// What to run a credential with.
#[derive(Clone)]
pub(crate) struct Order {
    pub(crate) request: TokenRequest,
    pub(crate) environment: Environment,
    /// How long it may take; as long as any run by default.
    pub(crate) deadline: Option<Duration>,
    /// Whether it is alone or a link of a chain.
    pub(crate) position: Position,
    /// Whether the outcome shall have a transcript.
    pub(crate) record: bool,
    /// What the callback [`CALLBACK`] answers.
    pub(crate) token: Option<AccessToken>,
    /// What shows a device code to a person: standard error, unless said otherwise.
    pub(crate) prompt: Prompt,
    /// What opens a page: the person's own browser, which standard error names too, unless said
    /// otherwise.
    pub(crate) browser: Browser,
    /// Whether somebody was asked to sign in.
    pub(crate) has_asked: Arc<AtomicBool>,
}

/// Shows somebody a device code.
pub(crate) type Prompt = Arc<dyn Fn(&DeviceCode) -> Result<(), PromptFailure> + Send + Sync>;

/// Opens a page for somebody to sign in.
pub(crate) type Browser = Arc<dyn Fn(&Url) -> io::Result<()> + Send + Sync>;

/// The name of the callback that answers with a token.
pub(crate) const CALLBACK: &str = "token";

/// The name of the callback that shows a device code.
pub(crate) const PROMPT: &str = "terminal";

impl Order {
    pub(crate) fn new(request: TokenRequest, environment: Environment) -> Self {
        let has_asked = Arc::new(AtomicBool::new(false));
        let (prompted, opened) = (Arc::clone(&has_asked), Arc::clone(&has_asked));
        Self {
            request,
            environment,
            deadline: None,
            position: Position::default(),
            record: false,
            token: None,
            prompt: Arc::new(move |code| {
                prompted.store(true, Ordering::Release);
                output::note(code.message.expose());
                Ok(())
            }),
            browser: Arc::new(move |page| {
                opened.store(true, Ordering::Release);
                browser::open(page)
            }),
            has_asked,
        }
    }

    fn dress(&self, context: Context) -> Context {
        let context = context
            .with_environment(self.environment.clone())
            .with_position(self.position);
        let context = match self.deadline {
            Some(deadline) => context.with_deadline(deadline),
            None => context,
        };
        match self.record {
            true => context.record_transcript(),
            false => context,
        }
    }
}

impl Runtime {
    pub(crate) const ALL: [Self; 3] = [Self::Ureq, Self::Tokio, Self::AsyncStd];

    /// Drives one run to its end.
    pub(crate) fn drive(
        self,
        credential: Arc<dyn Credential>,
        order: Order,
    ) -> Result<Outcome, Problem> {
        let token = order.token.clone();
        match self {
            Self::Ureq => {
                let prompt = Arc::clone(&order.prompt);
                let mut host = azid_ureq::Host::new()
                    .on_prompt(CallbackId::new(PROMPT), move |asked| {
                        prompt(&asked.device_code)
                    });
                let browser = Arc::clone(&order.browser);
                host = host.browser(move |page| browser(page));
                if let Some(token) = token {
                    host = host.on_token(CallbackId::new(CALLBACK), move |_| Ok(token.clone()));
                }
                let context = host.context(order.request.clone());
                let context = order.dress(context.map_err(Problem::failed)?);
                Ok(azid_ureq::drive(&host, credential, context))
            }
            Self::Tokio => {
                let mut builder = tokio::runtime::Builder::new_current_thread();
                let runtime = builder.enable_all().build().map_err(Problem::failed)?;
                let browser = Arc::clone(&order.browser);
                let host = TokioHost::new().browser(move |page| browser(page));
                let flight = flight(host, credential, order)?;
                Ok(runtime.block_on(flight))
            }
            Self::AsyncStd => {
                let browser = Arc::clone(&order.browser);
                let host = AsyncStdHost::new().browser(move |page| browser(page));
                let flight = flight(host, credential, order)?;
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

fn flight<H: WithCallbacks>(
    mut host: H,
    credential: Arc<dyn Credential>,
    order: Order,
) -> Result<Flight<H>, Problem> {
    let prompt = Arc::clone(&order.prompt);
    let name = CallbackId::new(PROMPT);
    host.callbacks_mut().on_prompt(name, move |asked| {
        std::future::ready(prompt(&asked.device_code))
    });
    if let Some(token) = order.token.clone() {
        let name = CallbackId::new(CALLBACK);
        host.callbacks_mut()
            .on_token(name, move |_| std::future::ready(Ok(token.clone())));
    }
    let seed = host.seed().map_err(Problem::failed)?;
    let context = Context::new(order.request.clone(), host.now(), seed);
    let context = order.dress(context.with_platform(host.platform()));
    let step = Run::start(credential, context);
    Ok(Flight::new(Arc::new(host), step))
}
