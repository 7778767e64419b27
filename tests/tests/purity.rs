//! The packages that the core is made of. A new one is a decision to be reviewed.

use std::collections::BTreeSet;
use std::process::Command;

#[test]
fn the_core_depends_on_what_was_reviewed_and_on_nothing_else() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", "azid-core", "--edges", "normal"])
        .args(["--prefix", "none", "--target", "all", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let tree = String::from_utf8(output.stdout).expect("package names are text");
    let names: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let names: Vec<&str> = names.into_iter().collect();
    insta::assert_snapshot!(names.join("\n"));
}
