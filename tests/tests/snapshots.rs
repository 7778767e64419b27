//! Every case of every credential as a transcript, one file each, to be read as documentation.

use azid_core::testing::cases;

#[test]
fn every_case_has_the_transcript_that_was_reviewed() {
    for case in cases() {
        let transcript = case.run().transcript.expect("cases record a transcript");
        let name = format!("{} {}", transcript.credential, case.name).replace(' ', "-");
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_json_snapshot!(name, transcript));
    }
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
