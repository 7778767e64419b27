//! Every case of every credential as a transcript, one file each, to be read as documentation.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use azid_core::Transcript;
use azid_core::testing::{Case, cases};

#[test]
fn every_case_has_the_transcript_that_was_reviewed() {
    for case in cases() {
        let transcript = case.run().transcript.expect("cases record a transcript");
        let name = name(&case, &transcript);
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_json_snapshot!(name, transcript));
    }
}

#[test]
fn no_transcript_is_left_of_a_case_that_is_gone() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let files = fs::read_dir(folder).expect("the transcripts are committed");
    let files = files.map(|entry| entry.expect("the folder can be listed").file_name());
    let there = files.map(|name| name.to_string_lossy().into_owned());
    // Those of other tests begin with the name of their module.
    let there: BTreeSet<_> = there.filter(|name| !name.contains("__")).collect();
    let cases = cases().into_iter().map(|case| {
        let transcript = case.run().transcript.expect("cases record a transcript");
        format!("{}.snap", name(&case, &transcript))
    });
    assert_eq!(there, cases.collect());
}

#[test]
fn no_two_cases_share_a_name() {
    let mut names: Vec<_> = cases()
        .iter()
        .map(|case| {
            (
                format!("{:?}", std::mem::discriminant(&case.credential)),
                case.name,
            )
        })
        .collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}

/// What the transcript of a case is called.
fn name(case: &Case, transcript: &Transcript) -> String {
    format!("{} {}", transcript.credential, case.name).replace(' ', "-")
}
