//! The list of faults that are absent here names tests, and they exist.

use std::fs;
use std::path::Path;

/// A row of a table: the fault, and what stands in backticks in its last column.
struct Row<'a> {
    fault: &'a str,
    marked: Vec<&'a str>,
}

#[test]
fn every_fault_names_the_tests_that_show_it_absent_and_each_of_them_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let list = fs::read_to_string(root.join("tests/FAULTS.md")).expect("the list is there");
    let rows: Vec<Row<'_>> = list.lines().filter_map(row).collect();
    assert_eq!(rows.len(), 50, "a fault that was seen stays in the list");
    for Row { fault, marked } in rows {
        let mut file = None;
        let mut tests = 0;
        for text in marked {
            if text.ends_with(".rs") {
                let content = fs::read_to_string(root.join(text));
                file = Some((text, content.unwrap_or_else(|why| panic!("{text}: {why}"))));
                continue;
            }
            let (path, content) = file.as_ref().expect("a file comes before its functions");
            assert!(is_test(content, text), "{path} has no test {text}");
            tests += 1;
        }
        assert!(tests > 0, "no test shows the absence of {fault:?}");
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

/// A line of a table, unless it is its head or the rule below that.
fn row(line: &str) -> Option<Row<'_>> {
    let (fault, tests) = line.strip_prefix("| ")?.split_once(" | ")?;
    let marked: Vec<_> = tests.split('`').skip(1).step_by(2).collect();
    (fault != "what goes wrong").then_some(Row { fault, marked })
}
