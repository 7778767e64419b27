//! Tables that say which tests hold something, and which breaks of the code those tests notice.

use std::fs;
use std::path::{Path, PathBuf};

/// A row of a table: what it is about, and what stands in backticks in its other two columns.
pub(crate) struct Row<'a> {
    pub(crate) about: &'a str,
    pub(crate) second: Vec<&'a str>,
    pub(crate) third: Vec<&'a str>,
}

impl Row<'_> {
    /// Panics unless the second column names files with tests that are in them.
    pub(crate) fn check_tests(&self) {
        let mut file = None;
        let mut count = 0;
        for text in &self.second {
            if text.ends_with(".rs") {
                file = Some((text, read(text)));
                continue;
            }
            let (path, content) = file.as_ref().expect("a file comes before its functions");
            assert!(is_test(content, text), "{path} has no test {text}");
            count += 1;
        }
        assert!(count > 0, "no test holds {:?}", self.about);
    }

    /// Panics unless each break of the third column is there, and one of the row's tests notices it.
    pub(crate) fn check_breaks(&self) {
        for name in &self.third {
            let patch = read(&format!("tests/breaks/{name}.patch"));
            let red = patch.lines().find_map(|line| line.strip_prefix("Red: "));
            let red = red.unwrap_or_else(|| panic!("{name} names no test"));
            let test = red
                .rsplit([' ', ':'])
                .next()
                .expect("a text has a last part");
            let is_here = self.second.contains(&test);
            assert!(is_here, "{test} of {name} is not in its row");
        }
    }
}

/// The rows of the tables in a text, without their heads.
pub(crate) fn rows(text: &str) -> Vec<Row<'_>> {
    let lines: Vec<_> = text.lines().collect();
    let is_rule = |line: Option<&&str>| line.is_some_and(|line| line.starts_with("|-"));
    let heads = |number| is_rule(lines.get(number + 1));
    let rows = lines.iter().enumerate();
    rows.filter(|(number, _)| !heads(*number))
        .filter_map(|(_, line)| row(line))
        .collect()
}

fn row(line: &str) -> Option<Row<'_>> {
    let mut columns = line.strip_prefix("| ")?.split(" | ");
    let about = columns.next()?;
    let mut marked = || columns.next().map(marked).unwrap_or_default();
    let (second, third) = (marked(), marked());
    Some(Row {
        about,
        second,
        third,
    })
}

fn marked(column: &str) -> Vec<&str> {
    column.split('`').skip(1).step_by(2).collect()
}

/// Whether a file has a test of this name that runs whenever the others do, or a program of checks
/// that calls it, or examples that are seen not to compile.
pub(crate) fn is_test(content: &str, name: &str) -> bool {
    if name == "compile_fail" {
        return content.contains("\n//! ```compile_fail");
    }
    let opening = format!("fn {name}(");
    let mut lines = content.lines().map(str::trim).rev();
    if !lines.any(|line| line.trim_start_matches("async ").starts_with(&opening)) {
        return false;
    }
    let attributes: Vec<_> = lines.take_while(|it| it.starts_with("#[")).collect();
    let has = |start| attributes.iter().any(|it| it.starts_with(start));
    let is_run = has("#[test]") || has("#[tokio::test") || is_called(content, name);
    is_run && !has("#[ignore")
}

fn is_called(content: &str, name: &str) -> bool {
    let main = content.split("\nfn main() {\n").nth(1);
    let main = main.and_then(|it| it.split("\n}").next());
    main.is_some_and(|it| it.lines().any(|line| line.trim() == format!("{name}();")))
}

/// A file of the repository.
///
/// # Panics
///
/// There is none.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
