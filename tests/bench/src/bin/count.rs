//! Counts what azid costs, without its peers: `cargo run --release --bin count [-- --check]`.

use std::io;
use std::process::ExitCode;

use azid_bench::count::{SUBJECTS, main as count};

fn main() -> io::Result<ExitCode> {
    count(SUBJECTS)
}
