//! The effect `Exec`.
//!
//! One thread looks after the program, a thread for each of its two outputs reads, and all that
//! happens reaches the first as an event. However it ends, nothing of the program is left: see
//! [`Tree`].

mod ending;
mod running;
mod tree;

use std::io::{ErrorKind, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use azid_core::SecretBytes;
use azid_core::effect::{Detail, ExecFailure, ExecOutput, ExecRequest};
use zeroize::Zeroizing;

use self::ending::Entry;
pub use self::ending::end_programs;
pub use self::running::{Running, start_program};
use self::tree::Tree;

/// How often to look whether a program has ended that keeps its outputs open, or closed them early.
const LOOK: Duration = Duration::from_millis(20);

/// After how many looks that found nothing to stop reading when a program has ended and something
/// that it left behind holds its outputs open: a machine that stands still for a while takes away one.
const LAST_LOOKS: usize = 5;

/// How long to read on at most when what it left behind goes on to print.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Runs a program to its end, on this thread.
///
/// The first of the request's files that is there is run, with this process's environment and the
/// request's variables, its standard input empty. The program leads a process group of its own; at
/// its time limit, and when its standard output is too long, that group is killed as a whole. What
/// it left running when it ended by itself is its own affair, and not waited for.
///
/// Two things get out of this. A process that the program moved to a session or a group of its own
/// (`setsid`, a daemon) is no longer of the group, and lives on; it holds no run up, but as long as it
/// keeps an output open, a sleeping thread of this process waits there. And a signal that ends this process ends no program, since a
/// terminal's Ctrl-C does not reach another group: a process that catches the signal ends them by
/// [`end_programs`], and one that is killed outright (`SIGKILL`) cannot, so that the program goes on
/// until it is done or finds that nobody reads what it prints. On Windows the process's tree takes
/// the place of the group, and Ctrl-C reaches all that share the console.
///
/// # Errors
///
/// See [`ExecFailure`]. None of them repeats an argument or what the program printed.
pub fn run_program(request: &ExecRequest) -> Result<ExecOutput, ExecFailure> {
    let (sender, events) = sync_channel(EVENTS);
    run(request, &Post::new(sender), &events)
}

/// How many events may wait: a program that prints faster than it is read waits too.
const EVENTS: usize = 8;

#[derive(Clone, Copy, Debug)]
enum Stream {
    Out,
    Error,
}

#[derive(Debug)]
enum Event {
    Printed(Stream, Zeroizing<Vec<u8>>),
    Closed,
    /// Somebody wants attention: the program is called off.
    Nudge,
}

/// The way to whoever looks after a program.
#[derive(Clone, Debug)]
struct Post {
    sender: SyncSender<Event>,
    is_called_off: Arc<AtomicBool>,
}

impl Post {
    fn new(sender: SyncSender<Event>) -> Self {
        Self {
            sender,
            is_called_off: Arc::default(),
        }
    }

    fn call_off(&self) {
        self.is_called_off.store(true, Ordering::Release);
        // A full channel is as good as a nudge.
        let _ = self.sender.try_send(Event::Nudge);
    }
}

fn run(
    request: &ExecRequest,
    post: &Post,
    events: &Receiver<Event>,
) -> Result<ExecOutput, ExecFailure> {
    let deadline = Instant::now().checked_add(request.timeout);
    let is_late = || deadline.is_some_and(|deadline| Instant::now() >= deadline);
    let _entry = Entry::of(post)?; // outlives the program
    let mut program = spawn(request)?;
    read(program.stdout(), Stream::Out, post)?;
    read(program.stderr(), Stream::Error, post)?;
    let mut printed: [Zeroizing<Vec<u8>>; 2] = Default::default();
    let (mut open, mut ended, mut quiet) = (printed.len(), None, 0);
    let status = loop {
        if post.is_called_off.load(Ordering::Acquire) {
            return Err(ExecFailure::Other(Detail::new("the run was called off")));
        }
        if is_late() {
            return Err(ExecFailure::TimedOut);
        }
        if ended.is_none() {
            let status = program.try_wait().map_err(other)?;
            ended = status.map(|status| (status, Instant::now()));
        }
        match ended {
            Some((status, _)) if open == 0 || quiet == LAST_LOOKS => break status,
            Some((status, since)) if since.elapsed() >= LAST_WORDS => break status,
            _ => {}
        }
        match events.recv_timeout(LOOK) {
            Ok(Event::Printed(stream, bytes)) => {
                let kept = &mut printed[stream as usize];
                let room = request.max_output - kept.len();
                match stream {
                    Stream::Out if bytes.len() > room => {
                        return Err(ExecFailure::OutputTooLarge {
                            limit: request.max_output,
                        });
                    }
                    // What a program says beside its answer takes nothing from that.
                    _ => append(kept, &bytes[..bytes.len().min(room)]),
                }
            }
            Ok(Event::Closed) => open -= 1,
            Err(_) if ended.is_some() => quiet += 1,
            Ok(Event::Nudge) | Err(_) => {}
        }
    };
    let [stdout, stderr] = printed.map(|mut bytes| SecretBytes::new(std::mem::take(&mut *bytes)));
    Ok(ExecOutput {
        exit_code: status.code(),
        stdout,
        stderr,
    })
}

/// Starts the first of the files that is there and may be run.
fn spawn(request: &ExecRequest) -> Result<Tree, ExecFailure> {
    if let Some(directory) = &request.directory
        && !Path::new(directory).is_dir()
    {
        // To the system this would be the same error as a missing program.
        let why = "the directory to run the program in is not there";
        return Err(ExecFailure::Other(Detail::new(why)));
    }
    let files = request.candidates.iter().map(Path::new);
    let mut failure = ExecFailure::NotFound;
    for file in files.filter(|file| file.is_absolute() && file.is_file()) {
        let mut command = Command::new(file);
        command
            .args(&request.arguments)
            .envs(
                request
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(directory) = &request.directory {
            command.current_dir(directory);
        }
        match Tree::spawn(command) {
            Ok(tree) => return Ok(tree),
            Err(error) => match error.kind() {
                // The file was there a moment ago: what is not found is its interpreter.
                ErrorKind::NotFound => failure = ExecFailure::NotStartable,
                ErrorKind::PermissionDenied => failure = ExecFailure::PermissionDenied,
                _ if is_no_program(&error) => failure = ExecFailure::NotStartable,
                _ => return Err(other(error)),
            },
        }
    }
    Err(failure)
}

/// Whether the system says that a file is no program of its kind: `ENOEXEC`, or on Windows
/// `ERROR_BAD_EXE_FORMAT` and `ERROR_EXE_MACHINE_TYPE_MISMATCH`.
fn is_no_program(error: &std::io::Error) -> bool {
    const CODES: &[i32] = if cfg!(windows) { &[193, 216] } else { &[8] };
    error
        .raw_os_error()
        .is_some_and(|code| CODES.contains(&code))
}

/// Reads an output on a thread of its own, until it is closed or nobody listens any more.
fn read(
    output: Option<impl Read + Send + 'static>,
    stream: Stream,
    post: &Post,
) -> Result<(), ExecFailure> {
    let sender = post.sender.clone();
    let mut output = output.expect("both outputs are pipes, and each is taken once");
    let reader = move || {
        loop {
            let mut bytes = Zeroizing::new(vec![0; 8 * 1024]);
            let event = match output.read(&mut bytes) {
                Ok(0) => Event::Closed,
                Ok(count) => {
                    bytes.truncate(count);
                    Event::Printed(stream, bytes)
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => Event::Closed,
            };
            let is_last = matches!(event, Event::Closed);
            if sender.send(event).is_err() || is_last {
                return;
            }
        }
    };
    let thread = thread::Builder::new().name("azid-exec-read".to_owned());
    thread.spawn(reader).map(drop).map_err(other)
}

/// Adds bytes without leaving copies behind, as a vector that grows by itself does.
fn append(kept: &mut Zeroizing<Vec<u8>>, bytes: &[u8]) {
    let needed = kept.len() + bytes.len();
    if needed > kept.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(needed * 2));
        larger.extend_from_slice(kept);
        *kept = larger;
    }
    kept.extend_from_slice(bytes);
}

fn other(error: std::io::Error) -> ExecFailure {
    ExecFailure::Other(Detail::new(error))
}
