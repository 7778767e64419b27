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
            let is_there = content.contains(&format!("fn {text}("));
            assert!(is_there, "{path} has no function {text}");
            count += 1;
        }
        assert!(count > 0, "no test shows the absence of {fault:?}");
    }
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
