//! The list of faults that are absent here names tests, and breaks that they notice; all of them
//! are there.

use std::fs;
use std::path::{Path, PathBuf};

/// A row of a table: the fault, and what stands in backticks in its other columns.
struct Row<'a> {
    fault: &'a str,
    tests: Vec<&'a str>,
    breaks: Vec<&'a str>,
}

#[test]
fn every_fault_names_the_tests_that_show_it_absent_and_each_of_them_is_there() {
    let list = list();
    for Row { fault, tests, .. } in rows(&list) {
        let mut file = None;
        let mut count = 0;
        for text in tests {
            if text.ends_with(".rs") {
                let content = fs::read_to_string(root().join(text));
                file = Some((text, content.unwrap_or_else(|why| panic!("{text}: {why}"))));
                continue;
            }
            let (path, content) = file.as_ref().expect("a file comes before its functions");
            assert!(is_test(content, text), "{path} has no test {text}");
            count += 1;
        }
        assert!(count > 0, "no test shows the absence of {fault:?}");
    }
}

/// Whether a file has a test of this name that runs whenever the others do, or a program of checks
/// that calls it.
fn is_test(content: &str, name: &str) -> bool {
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

#[test]
fn a_helper_or_a_test_that_is_ignored_shows_nothing() {
    let file = "#[test]\nfn good() {}\n\nfn helper() {}\n\n#[test]\n#[ignore]\nfn ignored() {}\n";
    let tests = ["good", "helper", "ignored", "absent"].map(|name| is_test(file, name));
    assert_eq!(tests, [true, false, false, false]);
}

#[test]
fn every_break_of_a_fault_is_there_and_is_noticed_by_a_test_of_that_fault() {
    let list = list();
    for Row { tests, breaks, .. } in rows(&list) {
        for name in breaks {
            let patch = root().join(format!("tests/breaks/{name}.patch"));
            let patch = fs::read_to_string(patch).unwrap_or_else(|why| panic!("{name}: {why}"));
            let red = patch.lines().find_map(|line| line.strip_prefix("Red: "));
            let red = red.unwrap_or_else(|| panic!("{name} names no test"));
            let test = red
                .rsplit([' ', ':'])
                .next()
                .expect("a text has a last part");
            assert!(tests.contains(&test), "{test} of {name} is not in its row");
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn list() -> String {
    fs::read_to_string(root().join("tests/FAULTS.md")).expect("the list is there")
}

fn rows(list: &str) -> Vec<Row<'_>> {
    let rows: Vec<_> = list.lines().filter_map(row).collect();
    assert_eq!(rows.len(), 50, "a fault that was seen stays in the list");
    rows
}

/// A line of a table, unless it is its head or the rule below that.
fn row(line: &str) -> Option<Row<'_>> {
    let mut columns = line.strip_prefix("| ")?.split(" | ");
    let fault = columns.next().filter(|it| *it != "what goes wrong")?;
    let mut marked = || {
        columns
            .next()
            .unwrap_or_default()
            .split('`')
            .skip(1)
            .step_by(2)
    };
    let (tests, breaks) = (marked().collect(), marked().collect());
    Some(Row {
        fault,
        tests,
        breaks,
    })
}
