//! A process that is about to end, and the programs that it runs. It cannot start one again, so no
//! other test is here.
#![cfg(unix)]

#[path = "programs/witness.rs"]
mod witness;

use azid_core::effect::{ExecFailure, ExecRequest};
use azid_native::{end_programs, run_program, start_program};

use witness::Witness;

#[test]
fn a_process_that_ends_its_programs_leaves_none_of_them_and_starts_no_more() {
    let (first, second) = (Witness::new(), Witness::new());
    let script = |witness: &Witness, text| {
        let mut request = ExecRequest::new("sh");
        request.candidates = vec!["/bin/sh".to_owned()];
        request.directory = Some(witness.path().to_owned());
        assert!(witness.pipe().exists());
        request.arguments(["-c", text])
    };
    const LASTING: &str = "exec 9>pipe; trap '' TERM INT HUP; sleep 1000 & echo >&9; sleep 1000";
    let running = start_program(script(&first, LASTING));
    let other = start_program(script(&second, LASTING));
    first.sees_a_start();
    second.sees_a_start();
    end_programs();
    first.sees_the_end_of_all();
    second.sees_the_end_of_all();
    let refused = run_program(&script(&first, "echo"));
    assert!(matches!(refused, Err(ExecFailure::Other(_))), "{refused:?}");
    drop((running, other));
}
