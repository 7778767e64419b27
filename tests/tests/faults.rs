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
            let is_there = content.contains(&format!("fn {text}("));
            assert!(is_there, "{path} has no function {text}");
            tests += 1;
        }
        assert!(tests > 0, "no test shows the absence of {fault:?}");
    }
}

/// A line of a table, unless it is its head or the rule below that.
fn row(line: &str) -> Option<Row<'_>> {
    let (fault, tests) = line.strip_prefix("| ")?.split_once(" | ")?;
    let marked: Vec<_> = tests.split('`').skip(1).step_by(2).collect();
    (fault != "what goes wrong").then_some(Row { fault, marked })
}
