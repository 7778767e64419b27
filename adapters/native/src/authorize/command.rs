//! Browsers that are programs: those that the variable `BROWSER` names, and a desktop's openers.
//!
//! Such a program is looked for in the absolute directories of the `PATH` alone, and gets no others:
//! an empty or relative entry stands for wherever this process happens to be, where somebody else
//! may have put a program of that name.

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use url::Url;

/// A browser that fails later than this did show the page.
const AT_ONCE: Duration = Duration::from_secs(5);

/// More directories than any `PATH` needs; the rest is left out.
const MOST_DIRECTORIES: usize = 128;

/// Where programs are kept, for want of a `PATH`.
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What opens a page on a desktop, and the last two on Windows from within its Linux.
#[cfg(not(any(target_vendor = "apple", target_os = "android")))]
const OPENERS: [&str; 7] = [
    "xdg-open",
    "gio open",
    "kde-open",
    "exo-open",
    "x-www-browser",
    "wslview",
    "rundll32.exe url.dll,FileProtocolHandler",
];

/// Opens a page by the first of these commands that does not fail at once; returns when that has
/// ended.
pub(super) fn open(commands: &str, page: &Url) -> io::Result<()> {
    check(page)?;
    let mut failure = io::Error::other("the variable BROWSER names no command");
    for words in commands
        .split(':')
        .map(|command| words(command, page.as_str()))
        .filter(|words| !words.is_empty())
    {
        // A browser for a terminal draws on it.
        let input = terminal_or_null(&io::stdin(), Stdio::inherit());
        let output = terminal_or_null(&io::stderr(), Stdio::from(io::stderr()));
        match run(&words, input, output) {
            Ok(()) => return Ok(()),
            Err(why) => {
                let program = &words[0];
                failure = io::Error::other(format!("{program:?}, which BROWSER names, {why}"));
            }
        }
    }
    Err(failure)
}

/// Opens a page by the desktop's own browser.
#[cfg(not(any(target_vendor = "apple", target_os = "android")))]
pub(super) fn open_on_desktop(page: &Url) -> io::Result<()> {
    check(page)?;
    let mut failure = None;
    for opener in OPENERS {
        match run(&words(opener, page.as_str()), Stdio::null(), Stdio::null()) {
            Ok(()) => return Ok(()),
            Err(Failure::NotFound) => {}
            Err(why) => failure = Some(io::Error::other(format!("{opener:?} {why}"))),
        }
    }
    let none = || io::Error::other("the PATH has no program that opens one; BROWSER can name it");
    Err(failure.unwrap_or_else(none))
}

fn check(page: &Url) -> io::Result<()> {
    match page.scheme() {
        "https" | "http" => Ok(()),
        _ => Err(io::Error::other("it is no page of the web")),
    }
}

/// A stream of this process for a program that talks to somebody at the terminal. Anything else
/// that a stream leads to is not the program's, which would keep it open when this process is gone.
fn terminal_or_null(stream: &impl io::IsTerminal, inherited: Stdio) -> Stdio {
    match stream.is_terminal() {
        true => inherited,
        false => Stdio::null(),
    }
}

enum Failure {
    NotFound,
    NotStarted(io::Error),
    Ended(std::process::ExitStatus),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotFound => f.write_str("is in no absolute directory of the PATH"),
            Self::NotStarted(error) => write!(f, "does not run: {error}"),
            Self::Ended(status) => write!(f, "failed: {status}"),
        }
    }
}

/// Runs a program with its arguments until it ends, which is no failure unless it does so at once.
fn run(words: &[String], input: Stdio, output: Stdio) -> Result<(), Failure> {
    let directories = directories(env::var_os("PATH").unwrap_or_else(|| USUAL_PATH.into()));
    let program = find(&words[0], &directories).ok_or(Failure::NotFound)?;
    let start = Instant::now();
    let mut command = Command::new(program);
    command.args(&words[1..]);
    // Openers are scripts, which look for programs too; an empty PATH would be the current directory.
    let path = env::join_paths(&directories).unwrap_or_default();
    command.env(
        "PATH",
        if path.is_empty() {
            USUAL_PATH.into()
        } else {
            path
        },
    );
    command.stdin(input).stdout(output).stderr(Stdio::null());
    match command.status() {
        Ok(status) if status.success() || start.elapsed() >= AT_ONCE => Ok(()),
        Ok(status) => Err(Failure::Ended(status)),
        Err(error) => Err(Failure::NotStarted(error)),
    }
}

/// The absolute directories of a `PATH`.
fn directories(path: OsString) -> Vec<PathBuf> {
    env::split_paths(&path)
        .filter(|directory| directory.is_absolute())
        .take(MOST_DIRECTORIES)
        .collect()
}

/// The file of a program: of a name the first in these directories that may be run, of an absolute
/// path itself, and of any other path none.
fn find(program: &str, directories: &[PathBuf]) -> Option<PathBuf> {
    if program.contains('/') {
        let path = Path::new(program);
        return path.is_absolute().then(|| path.to_owned());
    }
    let may_run = |file: &PathBuf| {
        let metadata = file.metadata();
        metadata.is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
    };
    let mut files = directories.iter().map(|directory| directory.join(program));
    files.find(may_run)
}

/// The program and its arguments; nothing for an empty command.
fn words(command: &str, page: &str) -> Vec<String> {
    let mut words: Vec<_> = command
        .split_ascii_whitespace()
        .map(str::to_owned)
        .collect();
    if words.is_empty() {
        return words;
    }
    if command.contains("%s") {
        for word in &mut words {
            *word = word.replace("%s", page);
        }
    } else {
        words.push(page.to_owned());
    }
    words
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use url::Url;

    use super::{directories, find, open, words};

    fn page() -> Url {
        Url::parse("https://login.example/?a=b").expect("a URL")
    }

    #[test]
    fn a_command_gets_the_page_where_it_asks_for_it_or_at_the_end() {
        let page = "https://login.example/?a=$(id)";
        assert_eq!(words("w3m -T %s  x", page), ["w3m", "-T", page, "x"]);
        assert_eq!(words("lynx", page), ["lynx", page]);
        assert!(words(" ", page).is_empty());
    }

    #[test]
    fn a_browser_that_fails_at_once_is_told_unless_the_next_one_opens_the_page() {
        let told = open("/nowhere/browser:/bin/sh -c false:", &page()).expect_err("none opens it");
        assert!(told.to_string().contains("\"/bin/sh\""), "{told}");
        assert!(open("/nowhere/browser:/bin/sh -c true", &page()).is_ok());
        assert!(open("::", &page()).is_err());
    }

    #[test]
    fn a_browser_is_looked_for_in_absolute_directories_alone() {
        let found = directories(":.:bin:./bin:../bin:~/bin:/usr/bin:/bin:".into());
        assert_eq!(found, [Path::new("/usr/bin"), Path::new("/bin")]);
        assert!(find("sh", &found).is_some_and(|file| file.is_absolute()));
        // There are files of these names: tests run in the folder of their package.
        for here in ["Cargo.toml", "./Cargo.toml", "src/lib.rs"] {
            assert_eq!(find(here, &found), None, "{here}");
        }
    }
}
