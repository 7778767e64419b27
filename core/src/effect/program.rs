//! Where a program is looked for: the rules of `PATH`, of any platform on any other.

use crate::context::Platform;
use crate::environment::Environment;

/// More directories than any `PATH` needs; the rest is left out.
const MOST_DIRECTORIES: usize = 128;

/// Where POSIX systems keep programs, for want of a `PATH`.
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What Windows can start, of all that `PATHEXT` may name.
const STARTABLE: [&str; 4] = [".com", ".exe", ".bat", ".cmd"];

/// The files that a program's name may mean, in the order of the search.
///
/// Only absolute directories count: an empty or relative entry of `PATH` would stand for wherever
/// the process happens to be, where others may have put a program of that name. On Windows each
/// directory is searched for the extensions of `PATHEXT` that name something startable; a name
/// without one is no program there.
pub(super) fn candidates(
    program: &str,
    environment: &Environment,
    platform: Platform,
) -> Vec<String> {
    if !is_name(program) {
        return Vec::new();
    }
    let path = environment.get("PATH");
    let mut found: Vec<String> = match platform {
        Platform::Windows => {
            let extensions = extensions(environment.get("PATHEXT"));
            let directories = path.unwrap_or_default().split(';').filter_map(on_windows);
            let files = directories.take(MOST_DIRECTORIES).flat_map(|directory| {
                let file = move |extension| format!(r"{directory}\{program}{extension}");
                extensions.iter().map(file)
            });
            files.collect()
        }
        _ => {
            let entries = path.unwrap_or(USUAL_PATH).split(':');
            let directories = entries.filter(|entry| entry.starts_with('/') && is_plain(entry));
            let file = |entry: &str| format!("{}/{program}", entry.trim_end_matches('/'));
            directories.take(MOST_DIRECTORIES).map(file).collect()
        }
    };
    let mut met = std::collections::BTreeSet::new();
    found.retain(|file| met.insert(file.clone()));
    found
}

/// A name and no path: nothing in it leads to another directory.
fn is_name(program: &str) -> bool {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !program.is_empty() && program.bytes().all(valid)
}

fn is_plain(entry: &str) -> bool {
    !entry.contains(char::is_control)
}

/// An absolute directory of a Windows `PATH`: one with a drive and a root, or on a server.
fn on_windows(entry: &str) -> Option<&str> {
    let entry = entry.trim().trim_matches('"');
    let is_absolute = match entry.as_bytes() {
        [drive, b':', b'\\' | b'/', ..] => drive.is_ascii_alphabetic(),
        [b'\\', b'\\', server, ..] => server.is_ascii_alphanumeric(),
        _ => false,
    };
    let is_usable = is_absolute && is_plain(entry) && !entry.contains(['"', '%']);
    is_usable.then(|| entry.trim_end_matches(['\\', '/']))
}

fn extensions(listed: Option<&str>) -> Vec<&'static str> {
    let listed = listed.unwrap_or_default().split(';').map(str::trim);
    let startable = |extension: &str| {
        STARTABLE
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(extension))
    };
    let extensions: Vec<_> = listed.filter_map(startable).collect();
    if extensions.is_empty() {
        STARTABLE.to_vec()
    } else {
        extensions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(platform: Platform, pairs: &[(&str, &str)]) -> Vec<String> {
        let environment = Environment::from_pairs(pairs.iter().copied());
        candidates("az", &environment, platform)
    }

    #[test]
    fn absolute_directories_are_searched_in_their_order_and_once() {
        let path = "/opt/az/bin:/usr/bin/:/opt/az/bin:/";
        for platform in [Platform::Linux, Platform::MacOs, Platform::Other] {
            assert_eq!(
                on(platform, &[("PATH", path)]),
                ["/opt/az/bin/az", "/usr/bin/az", "/az"]
            );
        }
    }

    #[test]
    fn the_current_directory_is_never_searched() {
        let path = ":.:./bin:bin:../bin::~/bin:/usr/bin:";
        assert_eq!(on(Platform::Linux, &[("PATH", path)]), ["/usr/bin/az"]);
        let path = r#";.;bin;\tools;C:;C:tools;%USERPROFILE%\bin;"relative";D:\az;"#;
        let pairs = [("PATH", path), ("PATHEXT", ".CMD")];
        assert_eq!(on(Platform::Windows, &pairs), [r"D:\az\az.cmd"]);
    }

    #[test]
    fn windows_tries_the_startable_extensions_in_the_order_of_the_variable() {
        let pairs = [
            (
                "PATH",
                r#""C:\Program Files\CLI2\wbin";D:/az/;\\server\tools"#,
            ),
            ("PATHEXT", ".VBS; .Cmd;.EXE;.PS1"),
        ];
        assert_eq!(
            on(Platform::Windows, &pairs),
            [
                r"C:\Program Files\CLI2\wbin\az.cmd",
                r"C:\Program Files\CLI2\wbin\az.exe",
                r"D:/az\az.cmd",
                r"D:/az\az.exe",
                r"\\server\tools\az.cmd",
                r"\\server\tools\az.exe",
            ]
        );
        let pairs = [("PATH", r"C:\az"), ("PATHEXT", ".VBS")];
        assert_eq!(on(Platform::Windows, &pairs).len(), STARTABLE.len());
    }

    #[test]
    fn without_a_path_the_usual_directories_are_searched_and_on_windows_none() {
        let usual = ["/usr/local/bin/az", "/usr/bin/az", "/bin/az"];
        assert_eq!(on(Platform::Linux, &[]), usual);
        assert!(on(Platform::Windows, &[]).is_empty());
    }

    #[test]
    fn a_path_is_no_name_and_a_long_search_ends() {
        let environment = Environment::from_pairs([("PATH", "/bin")]);
        for program in ["", "/bin/az", "../az", r"x\az", "a z", "az.cmd"] {
            assert!(candidates(program, &environment, Platform::Linux).is_empty());
        }
        let long: Vec<_> = (0..1000).map(|number| format!("/{number}")).collect();
        let found = on(Platform::Linux, &[("PATH", &long.join(":"))]);
        assert_eq!(found.len(), MOST_DIRECTORIES);
    }
}
