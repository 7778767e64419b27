//! A sign-in under way: its listeners, their connections, and how it ended.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use azid_core::effect::{AuthorizeFailure, AuthorizeRequest, Authorized, Detail};

use super::Browser;
use super::connection;

type Outcome = Result<Authorized, AuthorizeFailure>;

/// How many connections are heard at a time.
const MOST_CONNECTIONS: usize = 32;

/// How many ports are tried where any will do: one that is free on the one address may be taken on
/// the other.
const MOST_PORTS: usize = 10;

/// How often the listeners are looked at. No wait for a connection can be ended from outside on
/// every platform, so there is none.
const PACE: Duration = Duration::from_millis(20);

pub(super) struct SignIn {
    request: AuthorizeRequest,
    port: u16,
    start: Instant,
    state: Mutex<State>,
    ended: Condvar,
}

struct State {
    listeners: Vec<TcpListener>,
    /// The oldest first.
    connections: VecDeque<Arc<TcpStream>>,
    outcome: Option<Outcome>,
    waker: Option<Waker>,
}

impl SignIn {
    pub(super) fn begin(request: AuthorizeRequest) -> Result<Arc<Self>, AuthorizeFailure> {
        let (port, listeners) = bind(request.redirect.port())
            .map_err(|error| AuthorizeFailure::NoListener(Detail::new(error)))?;
        Ok(Arc::new(Self {
            request,
            port,
            start: Instant::now(),
            state: Mutex::new(State {
                listeners,
                connections: VecDeque::new(),
                outcome: None,
                waker: None,
            }),
            ended: Condvar::new(),
        }))
    }

    /// Opens the browser, on a thread of its own, since one for a terminal returns when the person
    /// leaves it.
    pub(super) fn open(self: &Arc<Self>, browser: &Browser) {
        let (sign_in, browser) = (Arc::clone(self), browser.clone());
        let opening = spawn("azid-browser", move || {
            let page = sign_in.request.authorize_url(sign_in.port);
            if let Err(error) = browser.open(&page) {
                sign_in.end(Err(AuthorizeFailure::NoBrowser(Detail::new(error))));
            }
        });
        if let Err(error) = opening {
            self.end(Err(AuthorizeFailure::NoBrowser(Detail::new(error))));
        }
    }

    /// Hears connections until the sign-in ends.
    pub(super) fn hear(self: &Arc<Self>) -> Outcome {
        let mut state = self.state();
        loop {
            if let Some(outcome) = &state.outcome {
                return outcome.clone();
            }
            let left = self.request.timeout.saturating_sub(self.start.elapsed());
            if left.is_zero() {
                drop(state);
                self.end(Err(AuthorizeFailure::TimedOut));
                state = self.state();
                continue;
            }
            let come = state.accept();
            if come.is_empty() {
                let waited = self.ended.wait_timeout(state, left.min(PACE));
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            for stream in come {
                self.take_in(&mut state, stream);
            }
        }
    }

    pub(super) fn hear_on_a_thread(self: &Arc<Self>) {
        let sign_in = Arc::clone(self);
        let hearing = spawn("azid-sign-in", move || {
            let _ = sign_in.hear();
        });
        if let Err(error) = hearing {
            self.end(Err(AuthorizeFailure::NoListener(Detail::new(error))));
        }
    }

    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<Outcome> {
        let mut state = self.state();
        match &state.outcome {
            Some(outcome) => Poll::Ready(outcome.clone()),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Ends the sign-in, unless it has ended: closes all that is open, and wakes who waits.
    pub(super) fn end(&self, outcome: Outcome) {
        let mut state = self.state();
        if state.outcome.is_some() {
            return;
        }
        state.outcome = Some(outcome);
        state.listeners.clear();
        for connection in state.connections.drain(..) {
            hang_up(&connection);
        }
        let waker = state.waker.take();
        drop(state);
        self.ended.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn take_in(self: &Arc<Self>, state: &mut State, stream: TcpStream) {
        if state.connections.len() >= MOST_CONNECTIONS
            && let Some(oldest) = state.connections.pop_front()
        {
            hang_up(&oldest);
        }
        let stream = Arc::new(stream);
        let (sign_in, connection) = (Arc::clone(self), Arc::clone(&stream));
        let hearing = spawn("azid-connection", move || {
            let answer = connection::hear(&connection, &sign_in.request);
            sign_in.let_go(&connection);
            drop(connection);
            if let Some(answer) = answer {
                let port = sign_in.port;
                sign_in.end(Ok(Authorized { port, answer }));
            }
        });
        if hearing.is_ok() {
            state.connections.push_back(stream);
        }
    }

    fn let_go(&self, connection: &Arc<TcpStream>) {
        let mut state = self.state();
        state
            .connections
            .retain(|other| !Arc::ptr_eq(other, connection));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The connections that have come, at most one to each listener.
    fn accept(&self) -> Vec<TcpStream> {
        let accepted = self.listeners.iter().filter_map(|listener| {
            let (stream, _) = listener.accept().ok()?;
            stream.set_nonblocking(false).ok()?; // some systems let it be as its listener is
            Some(stream)
        });
        accepted.collect()
    }
}

/// Listeners on one port of both loopback addresses, or of the one that the machine has. Browsers
/// take `localhost` for either, so nobody else may have the port on the other.
fn bind(port: Option<u16>) -> io::Result<(u16, Vec<TcpListener>)> {
    for _ in 1..MOST_PORTS {
        match bind_to(port.unwrap_or(0)) {
            Err(error) if is_taken(&error) && port.is_none() => {}
            bound => return bound,
        }
    }
    bind_to(port.unwrap_or(0))
}

fn bind_to(mut port: u16) -> io::Result<(u16, Vec<TcpListener>)> {
    let mut listeners = Vec::new();
    let mut missing = None;
    for address in [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ] {
        match TcpListener::bind((address, port)) {
            Ok(listener) => {
                port = listener.local_addr()?.port();
                listener.set_nonblocking(true)?;
                listeners.push(listener);
            }
            Err(error) if is_taken(&error) => return Err(error),
            Err(error) => missing = Some(error),
        }
    }
    match missing {
        Some(error) if listeners.is_empty() => Err(error),
        _ => Ok((port, listeners)),
    }
}

fn is_taken(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::AddrInUse | ErrorKind::PermissionDenied
    )
}

/// Ends a connection, and the wait of the thread that hears it.
fn hang_up(connection: &TcpStream) {
    let _ = connection.shutdown(Shutdown::Both); // it may have ended by itself
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let builder = thread::Builder::new().name(name.to_owned());
    builder.spawn(work).map(drop)
}
