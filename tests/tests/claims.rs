//! What the README claims is held by tests, each with a break that it notices, or by a stage of CI;
//! all of them are there, and each claim says which they are.

mod support {
    pub(crate) mod list;
}

use std::collections::BTreeSet;

use support::list::{Row, read, rows};

const MARK: &str = "[✓](docs/CLAIMS.md#";

#[test]
fn every_claim_has_tests_and_a_break_that_one_of_them_notices() {
    let (claims, _) = lists();
    for row in rows(&claims) {
        row.check_tests();
        row.check_breaks();
        assert!(!row.third.is_empty(), "no break of {:?}", row.about);
    }
}

#[test]
fn a_claim_without_a_test_of_its_own_names_a_stage_of_ci_and_what_that_goes_by() {
    let (_, stages) = lists();
    let ci = [".ci/land.sh", ".ci/proof.sh"].map(read).concat();
    for Row { second, third, .. } in rows(&stages) {
        let [stage] = second[..] else {
            panic!("{second:?} is not one stage");
        };
        let is_listed = ["land", "proof"].map(|tier| format!("\n{tier}_stage {stage} "));
        assert!(is_listed.iter().any(|it| ci.contains(it)), "no {stage}");
        let begins = format!("\nstage_{stage}() {{");
        assert!(ci.contains(&begins), "{stage} does nothing");
        assert!(!third.is_empty(), "{stage} goes by nothing");
        third.into_iter().for_each(|file| drop(read(file)));
    }
}

#[test]
fn every_mark_of_the_readme_leads_to_a_claim_and_every_claim_is_made_there() {
    let (claims, stages) = lists();
    let mut there = BTreeSet::new();
    for row in rows(&claims).iter().chain(&rows(&stages)) {
        let id = row.about.strip_prefix("<a id=\"");
        let id = id.and_then(|it| it.split('"').next());
        let id = id.unwrap_or_else(|| panic!("{:?} has no anchor", row.about));
        assert!(there.insert(id.to_owned()), "{id} is there twice");
    }
    let readme = read("README.md");
    let marks = readme.split(MARK).skip(1);
    let made: BTreeSet<_> = marks
        .map(|it| it.split(')').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(made, there);
}

#[test]
fn each_reason_for_another_library_is_marked() {
    let readme = read("README.md");
    let section = readme.split("\n## Why another one\n").nth(1);
    let section = section.and_then(|it| it.split("\n## ").next());
    let reasons = section.expect("the section").split("\n* **").skip(1);
    let mut count = 0;
    for reason in reasons {
        count += 1;
        assert!(reason.contains(MARK), "nothing holds {reason:?}");
    }
    assert_eq!(count, 7);
}

#[test]
fn the_numbers_of_crates_are_those_that_ci_holds() {
    let held = read(".ci/crates.txt");
    let lines = held.lines().filter(|line| !line.starts_with('#'));
    let numbers: Vec<_> = lines
        .filter_map(|line| line.split(' ').next_back())
        .collect();
    let [ureq, tokio] = numbers[..] else {
        panic!("{numbers:?} are not two numbers");
    };
    let readme = read("README.md");
    let said = format!("crates of both adapters: {ureq} and {tokio} ");
    assert!(readme.replace('\n', " ").contains(&said), "not {said:?}");
    for (adapter, number) in [("ureq", ureq), ("tokio", tokio)] {
        let row = format!("\n| `azid-{adapter}` | {number} | ");
        assert!(readme.contains(&row), "not {row:?}");
    }
}

#[test]
fn each_link_of_a_claim_leads_where_it_says() {
    let (claims, stages) = lists();
    for link in [claims, stages].concat().split("[`").skip(1) {
        let (shown, link) = link.split_once("`](../").expect("a link");
        assert_eq!(link.split(')').next(), Some(shown));
    }
}

/// The claims that tests hold, and those that stages of CI do.
fn lists() -> (String, String) {
    let list = read("docs/CLAIMS.md");
    let (claims, stages) = list
        .split_once("\n## Held by stages of CI\n")
        .expect("both are there");
    (claims.to_owned(), stages.to_owned())
}
