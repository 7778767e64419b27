//! A browser that the variable `BROWSER` names.

use std::io;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use url::Url;

/// A browser that fails later than this did show the page.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Opens a page by the first of these commands that does not fail at once; returns when that has
/// ended.
pub(super) fn open(commands: &str, page: &Url) -> io::Result<()> {
    if !matches!(page.scheme(), "https" | "http") {
        return Err(io::Error::other("it is no page of the web"));
    }
    let mut failure = io::Error::other("the variable BROWSER names no command");
    for words in commands
        .split(':')
        .map(|command| words(command, page.as_str()))
    {
        let [program, arguments @ ..] = &*words else {
            continue;
        };
        let start = Instant::now();
        let mut command = Command::new(program);
        // A browser for a terminal draws on it; what this process prints is not to be mixed up.
        command
            .args(arguments)
            .stdout(Stdio::from(io::stderr()))
            .stderr(Stdio::null());
        let why = match command.status() {
            Ok(status) if status.success() || start.elapsed() >= AT_ONCE => return Ok(()),
            Ok(status) => format!("{program:?}, which BROWSER names, failed: {status}"),
            Err(error) => format!("{program:?}, which BROWSER names, does not run: {error}"),
        };
        failure = io::Error::other(why);
    }
    Err(failure)
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
    use url::Url;

    use super::{open, words};

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
}
