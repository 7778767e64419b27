//! The list of faults that are absent here names tests, and breaks that they notice; all of them
//! are there.

mod support {
    pub(crate) mod list;
}

use support::list::{is_test, read, rows};

#[test]
fn every_fault_names_the_tests_that_show_it_absent_and_each_of_them_is_there() {
    let list = read("tests/FAULTS.md");
    let rows = rows(&list);
    assert_eq!(rows.len(), 50, "a fault that was seen stays in the list");
    for row in rows {
        row.check_tests();
    }
}

#[test]
fn a_helper_or_a_test_that_is_ignored_shows_nothing() {
    let file = "#[test]\nfn good() {}\n\nfn helper() {}\n\n#[test]\n#[ignore]\nfn ignored() {}\n";
    let tests = ["good", "helper", "ignored", "absent"].map(|name| is_test(file, name));
    assert_eq!(tests, [true, false, false, false]);
}

#[test]
fn every_fault_has_a_break_that_a_test_of_it_notices_or_a_stage_of_ci() {
    let ci = [".ci/land.sh", ".ci/proof.sh"].map(read).concat();
    for mut row in rows(&read("tests/FAULTS.md")) {
        assert!(!row.third.is_empty(), "nothing notices {:?}", row.about);
        row.third.retain(|name| {
            let is_stage = name.starts_with("stage_");
            assert!(
                !is_stage || ci.contains(&format!("\n{name}() {{")),
                "no {name}"
            );
            !is_stage
        });
        row.check_breaks();
    }
}
