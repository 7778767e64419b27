//! The signals that end the command: Ctrl-C, Ctrl-\\, SIGTERM, SIGHUP.
//!
//! signal ─► nothing more is said ─► the tools that run are killed ─► the process ends

use std::future::Future;
use std::io;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::runtime::Runtime;

use crate::{Problem, output};

/// Whether a signal has come, and the process is about to end.
static STOPPING: AtomicBool = AtomicBool::new(false);

/// Keeps a thread from saying anything while the process ends.
pub(crate) fn hold() {
    while STOPPING.load(Ordering::Acquire) {
        thread::park();
    }
}

/// The signals, caught from when this is made.
pub(crate) struct Stop {
    runtime: Runtime,
    signals: Signals,
}

impl Stop {
    pub(crate) fn new() -> Result<Self, Problem> {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build().map_err(Problem::failed)?;
        let signals = runtime.block_on(async { Signals::new() });
        let signals = signals.map_err(Problem::failed)?;
        Ok(Self { runtime, signals })
    }

    /// Waits for one.
    pub(crate) fn asked(mut self) {
        self.runtime.block_on(self.signals.next());
    }

    /// Does some work on another thread. At a signal it is left where it is, and the tools that it
    /// runs are killed with all that they have started.
    pub(crate) fn during(
        self,
        work: impl FnOnce() -> Result<(), Problem> + Send + 'static,
    ) -> Result<(), Problem> {
        let Self {
            runtime,
            mut signals,
        } = self;
        let worker = runtime.spawn_blocking(work);
        let ended = runtime.block_on(first(&mut signals, worker));
        match ended {
            Ok(Ok(ended)) => ended,
            Ok(Err(panic)) => resume_unwind(panic.into_panic()), // nobody cancels it
            Err(signal) => {
                STOPPING.store(true, Ordering::Release);
                if output::is_live(&io::stderr()) {
                    output::redraw_now("");
                }
                azid_native::end_programs();
                runtime.shutdown_background();
                Err(Problem::signal(signal))
            }
        }
    }

    /// Waits for what a future brings, which is dropped at a signal.
    pub(crate) fn during_future<T>(
        mut self,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let ended = self.runtime.block_on(first(&mut self.signals, work));
        ended.map_err(Problem::signal)?
    }
}

/// What a future brings, or the number of the signal that comes before.
async fn first<T>(signals: &mut Signals, work: impl Future<Output = T>) -> Result<T, u8> {
    tokio::select! {
        biased;
        signal = signals.next() => Err(signal),
        done = work => Ok(done),
    }
}

#[cfg(unix)]
struct Signals(Vec<(u8, tokio::signal::unix::Signal)>);

#[cfg(unix)]
impl Signals {
    /// Whoever started the process may have it ignore some, as `nohup` does: so it stays.
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        const HANGUP: u8 = 1;
        const INTERRUPT: u8 = 2;
        const QUIT: u8 = 3;
        const TERMINATE: u8 = 15;
        let ignored = ignored();
        let heard = [HANGUP, INTERRUPT, QUIT, TERMINATE].into_iter();
        let heard = heard.filter(|number| ignored & (1 << (number - 1)) == 0);
        heard
            .map(|number| Ok((number, signal(SignalKind::from_raw(number.into()))?)))
            .collect::<io::Result<_>>()
            .map(Self)
    }

    async fn next(&mut self) -> u8 {
        std::future::poll_fn(|cx| {
            for (number, signal) in &mut self.0 {
                if signal.poll_recv(cx).is_ready() {
                    return std::task::Poll::Ready(*number);
                }
            }
            std::task::Poll::Pending
        })
        .await
    }
}

/// The signals that this process ignores, a bit for each; none where the system does not say.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> u8 {
        const INTERRUPT: u8 = 2;
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        INTERRUPT
    }
}
