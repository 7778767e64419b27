//! Programs that behave, and programs that do not: real processes, each run by its own script.
#![cfg(unix)]

mod witness;

use std::fs::OpenOptions;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use azid_core::effect::{ExecFailure, ExecOutput, ExecRequest};
use azid_native::{run_program, start_program};

use witness::Witness;

/// A request for a shell that runs this script, with these arguments.
fn script(text: &str, arguments: &[&str]) -> ExecRequest {
    let mut request = ExecRequest::new("sh");
    request.candidates = vec!["/bin/sh".to_owned()];
    request.arguments(["-c", text, "sh"].iter().chain(arguments).copied())
}

/// A script that the witness sees, and that lasts until it is killed, with a process that it
/// started and one more that this one started.
fn lasting(witness: &Witness, before: &str) -> ExecRequest {
    let text = format!(
        r#"exec 9>"$1/pipe"; {before} (sleep 1000 & sleep 1000) & echo >&9; wait; sleep 1000"#
    );
    script(&text, &[witness.path()])
}

fn printed(output: &ExecOutput) -> (&str, &str) {
    let text = |bytes| std::str::from_utf8(bytes).expect("it is text");
    (text(output.stdout.expose()), text(output.stderr.expose()))
}

#[test]
fn an_exit_code_and_both_outputs_come_back() {
    let output = run_program(&script("echo one; echo two >&2; exit 3", &[])).expect("it runs");
    assert_eq!(output.exit_code, Some(3));
    assert_eq!(printed(&output), ("one\n", "two\n"));
}

#[test]
fn a_program_that_is_not_there_may_not_be_run_or_has_no_directory_is_told_apart() {
    let with = |candidates: &[&str]| {
        let mut request = ExecRequest::new("az");
        request.candidates = candidates.iter().map(|&file| file.to_owned()).collect();
        run_program(&request)
    };
    assert_eq!(with(&[]), Err(ExecFailure::NotFound));
    assert_eq!(with(&["/nowhere/az", "/bin"]), Err(ExecFailure::NotFound));
    assert_eq!(with(&["/etc/passwd"]), Err(ExecFailure::PermissionDenied));
    let mut nowhere = script("echo", &[]);
    nowhere.directory = Some("/nowhere".to_owned());
    let failure = run_program(&nowhere).expect_err("there is no such directory");
    assert!(matches!(failure, ExecFailure::Other(_)), "{failure:?}");
}

#[test]
fn the_first_file_that_may_be_run_is_run_and_never_one_of_the_current_directory() {
    let mut request = script("echo found", &[]);
    request.candidates = ["/nowhere/sh", "/etc/passwd", "/bin/sh"]
        .map(str::to_owned)
        .into();
    let output = run_program(&request).expect("the last one runs");
    assert_eq!(printed(&output).0, "found\n");
    // There are files of these names: tests run in the folder of their package.
    request.candidates = ["tests/programs/main.rs", "Cargo.toml"]
        .map(str::to_owned)
        .into();
    assert_eq!(run_program(&request), Err(ExecFailure::NotFound));
}

#[test]
fn a_file_that_cannot_be_started_is_passed_over_and_told_apart_from_none() {
    use std::os::unix::fs::PermissionsExt as _;
    let witness = Witness::new();
    let file = |name: &str, content: &[u8]| {
        let path = format!("{}/{name}", witness.path());
        std::fs::write(&path, content).expect("it is written");
        let may_run = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&path, may_run).expect("it is ours");
        path
    };
    for broken in [
        file("orphan", b"#!/nowhere/python3\nprint(1)\n"),
        file("foreign", b"\x7fELF of another kind"),
    ] {
        let mut request = script("echo found", &[]);
        request.candidates = vec![broken, "/bin/sh".to_owned()];
        let output = run_program(&request).expect("the next one runs");
        assert_eq!(printed(&output).0, "found\n");
        request.candidates.pop();
        assert_eq!(run_program(&request), Err(ExecFailure::NotStartable));
    }
}

#[test]
fn arguments_arrive_as_they_are_and_no_shell_reads_them() {
    let arguments = [
        "$(id)", "a b", "`id`", ";", "*", "\"", "'", "", "%PATH%", "ä",
    ];
    let output = run_program(&script(r#"printf '%s|' "$@""#, &arguments)).expect("it runs");
    assert_eq!(
        printed(&output).0,
        arguments.map(|it| format!("{it}|")).concat()
    );
}

#[test]
fn a_program_runs_where_it_is_told_to_with_the_variables_that_it_is_given() {
    let mut request = script(r#"pwd; echo "$AZID_COLOUR"; test -n "$PATH""#, &[]);
    request.directory = Some("/".to_owned());
    request.environment = vec![("AZID_COLOUR".to_owned(), "none".to_owned())];
    let output = run_program(&request).expect("it runs");
    assert_eq!(
        (printed(&output).0, output.exit_code),
        ("/\nnone\n", Some(0))
    );
}

#[test]
fn a_program_that_reads_its_input_finds_nothing() {
    let output = run_program(&script("cat; echo end", &[])).expect("it runs");
    assert_eq!(printed(&output).0, "end\n");
}

#[test]
fn bytes_that_are_no_text_come_back_as_they_are() {
    let output = run_program(&script(r"printf '\377\000\376'", &[])).expect("it runs");
    assert_eq!(output.stdout.expose(), [0xff, 0, 0xfe]);
}

#[test]
fn a_program_that_a_signal_ends_has_no_exit_code() {
    let output = run_program(&script("kill -9 $$", &[])).expect("it runs");
    assert_eq!(output.exit_code, None);
}

#[test]
fn a_program_that_closes_its_outputs_is_waited_for() {
    let output = run_program(&script("exec >&- 2>&-; sleep 0.3; exit 4", &[])).expect("it runs");
    assert_eq!(output.exit_code, Some(4));
}

#[test]
fn nothing_is_left_of_a_program_that_takes_too_long() {
    for before in ["", "exec >&- 2>&-;", "trap '' TERM INT HUP;"] {
        let witness = Witness::new();
        let mut request = lasting(&witness, before);
        request.timeout = Duration::from_millis(400);
        let start = Instant::now();
        assert_eq!(run_program(&request), Err(ExecFailure::TimedOut));
        assert!(start.elapsed() >= request.timeout);
        witness.sees_the_end_of_all();
    }
}

#[test]
fn nothing_is_left_of_a_program_that_prints_without_end() {
    let witness = Witness::new();
    let text = r#"exec 9>"$1/pipe"; yes & yes"#;
    let mut request = script(text, &[witness.path()]);
    request.max_output = 100_000;
    let limit = request.max_output;
    assert_eq!(
        run_program(&request),
        Err(ExecFailure::OutputTooLarge { limit })
    );
    witness.sees_the_end_of_all();
}

#[test]
fn however_much_a_program_says_beside_its_answer_the_answer_counts() {
    let mut request = script("head -c 300000 /dev/zero >&2; printf answer", &[]);
    request.max_output = 100_000;
    let output = run_program(&request).expect("it has answered");
    assert_eq!(output.stdout.expose(), b"answer");
    assert_eq!(output.stderr.expose().len(), 100_000);
}

#[test]
fn exactly_as_much_as_is_allowed_may_be_printed() {
    let mut request = script("printf 12345", &[]);
    request.max_output = 5;
    assert!(run_program(&request).is_ok());
    request.max_output = 4;
    assert_eq!(
        run_program(&request),
        Err(ExecFailure::OutputTooLarge { limit: 4 })
    );
}

#[test]
fn what_a_program_leaves_behind_with_its_outputs_is_not_waited_for() {
    let witness = Witness::new();
    let text = r#"cat "$1/pipe" & echo done"#;
    let output = run_program(&script(text, &[witness.path()])).expect("it runs");
    assert_eq!(printed(&output).0, "done\n");
    // Here it goes on, and ends when there is no more to read.
    let pipe = OpenOptions::new().write(true).open(witness.pipe());
    drop(pipe.expect("it is read"));
}

#[test]
fn no_entry_of_a_program_is_left_in_the_table_of_processes() {
    let is_known = |id: &str| {
        let found = std::process::Command::new("ps").args(["-p", id]).output();
        found.expect("there is ps").status.success()
    };
    let output = run_program(&script("echo $$", &[])).expect("it runs");
    assert!(!is_known(printed(&output).0.trim()));
}

#[test]
fn a_future_brings_what_a_program_printed() {
    let output = block_on(start_program(script("echo one; sleep 0.1; echo two", &[])));
    assert_eq!(printed(&output.expect("it runs")).0, "one\ntwo\n");
    let missing = block_on(start_program(ExecRequest::new("az")));
    assert_eq!(missing, Err(ExecFailure::NotFound));
}

#[test]
fn nothing_is_left_of_a_program_that_nobody_waits_for_any_more() {
    let witness = Witness::new();
    let running = start_program(lasting(&witness, ""));
    witness.sees_a_start();
    drop(running);
    witness.sees_the_end_of_all();
}

#[test]
fn nothing_is_left_of_a_flood_that_nobody_waits_for_any_more() {
    let witness = Witness::new();
    let text = r#"exec 9>"$1/pipe"; echo >&9; exec yes"#;
    let mut request = script(text, &[witness.path()]);
    request.max_output = usize::MAX / 2;
    let running = start_program(request);
    witness.sees_a_start();
    drop(running);
    witness.sees_the_end_of_all();
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
