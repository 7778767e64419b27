//! Runs a program under callgrind and reads what it counted.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, id};

/// What was counted between the entry and the end of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    /// Instructions of user code.
    pub instructions: u64,
    /// Calls of `malloc` and its kin.
    pub allocations: u64,
}

/// Runs the program, with the variables that it sets, and answers what each call of the function cost, in their order.
///
/// # Errors
///
/// There is no valgrind, the program fails, or it does not call the function.
pub fn count(program: &Command, function: &str) -> io::Result<Vec<Total>> {
    let folder = std::env::temp_dir().join(format!("azid-count-{}", id()));
    fs::create_dir_all(&folder)?;
    let counted = run(program, function, &folder);
    fs::remove_dir_all(&folder)?;
    counted
}

fn run(program: &Command, function: &str, folder: &Path) -> io::Result<Vec<Total>> {
    let out = folder.join("out");
    let valgrind = std::env::var_os("VALGRIND").unwrap_or_else(|| "valgrind".into());
    // Callgrind keeps one wish for a pattern, so they differ by a colon. What came before the
    // function is dumped too, by itself.
    let said = Command::new(&valgrind)
        .arg("--tool=callgrind")
        .arg(format!("--dump-before=*{function}*"))
        .arg(format!("--dump-after=*:{function}*"))
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg("--compress-strings=no")
        .arg("--compress-pos=no")
        .arg(program.get_program())
        .args(program.get_args())
        .envs(
            program
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .output()
        .map_err(|error| io::Error::new(error.kind(), format!("{valgrind:?}: {error}")))?;
    if !said.status.success() {
        let words = String::from_utf8_lossy(&said.stderr).into_owned();
        return Err(io::Error::other(words));
    }
    let dump = |number: usize| PathBuf::from(format!("{}.{number}", out.display()));
    (1..)
        .map(dump)
        .take_while(|dump| dump.exists())
        .map(fs::read_to_string)
        .filter(|dump| !matches!(dump, Ok(dump) if !dump.contains(AFTER)))
        .map(|dump| total(&dump?))
        .collect()
}

/// Reads a dump: a line `totals: N`, and for each call a line `cfn=FUNCTION` and after it a line
/// `calls=N …`.
fn total(dump: &str) -> io::Result<Total> {
    let mut instructions = None;
    let mut allocations = 0;
    let mut called = "";
    for line in dump.lines() {
        if let Some(number) = line.strip_prefix("totals: ") {
            instructions = number.parse().ok();
        } else if let Some(function) = line.strip_prefix("cfn=") {
            called = function;
        } else if let Some(calls) = line.strip_prefix("calls=")
            && ALLOCATORS.contains(&called.split('@').next().unwrap_or_default())
        {
            let number = calls
                .split(' ')
                .next()
                .and_then(|number| number.parse().ok());
            allocations += number.unwrap_or(0);
        }
    }
    match instructions {
        Some(instructions) => Ok(Total {
            instructions,
            allocations,
        }),
        None => Err(io::Error::other("a dump of callgrind without totals")),
    }
}

/// Says of a dump that it is of the function.
const AFTER: &str = "desc: Trigger: --dump-after=";

/// Where the C library begins to allocate.
const ALLOCATORS: [&str; 5] = [
    "malloc",
    "calloc",
    "realloc",
    "posix_memalign",
    "aligned_alloc",
];
