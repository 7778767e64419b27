//! The pictures of the documentation are drawn from transcripts, and are those that are committed.
//!
//! `INSTA_UPDATE=always` writes them anew, as it does snapshots.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use azid_core::testing::{Case, cases};
use azid_core::{Credential as _, Transcript};

/// What is shown of each credential: how it goes, and how it may go wrong.
const SHOWN: &[(&str, &[&str])] = &[
    (
        "AuthorizationCodeCredential",
        &["a client secret", "a code that was redeemed before"],
    ),
    ("AzureCliCredential", &["a token", "nobody is logged in"]),
    (
        "AzureDeveloperCliCredential",
        &["a token", "nobody is logged in"],
    ),
    (
        "AzurePipelinesCredential",
        &["a token", "an issuer that says unauthorized"],
    ),
    (
        "AzurePowerShellCredential",
        &["a token", "the module is missing"],
    ),
    (
        "ChainedTokenCredential",
        &[
            "the first link is unavailable",
            "the second link fails after one that is unavailable",
        ],
    ),
    (
        "ClientAssertionCredential",
        &[
            "a managed identity for an application",
            "a managed identity that the application does not trust",
        ],
    ),
    (
        "ClientCertificateCredential",
        &["a token", "a certificate that is not registered"],
    ),
    (
        "ClientSecretCredential",
        &[
            "a token",
            "a pause asked for in seconds",
            "a newer secret that is refused too",
        ],
    ),
    (
        "DefaultAzureCredential",
        &["production only", "an application that Entra refuses"],
    ),
    (
        "DeveloperToolsCredential",
        &[
            "only azd is logged in",
            "az is refused, and no other account steps in",
        ],
    ),
    (
        "DeviceCodeCredential",
        &["a person who takes their time", "declined"],
    ),
    (
        "EnvironmentCredential",
        &["a secret", "a secret that Entra refuses"],
    ),
    (
        "GitHubActionsCredential",
        &["a token", "an issuer that says forbidden"],
    ),
    (
        "InteractiveBrowserCredential",
        &["signed in", "consent is declined"],
    ),
    (
        "ManagedIdentityCredential",
        &[
            "the system-assigned identity",
            "Arc, a token",
            "an update of seventy seconds",
            "Arc, a challenge for another file",
        ],
    ),
    (
        "OnBehalfOfCredential",
        &["a token", "a second factor is required"],
    ),
    (
        "RefreshTokenCredential",
        &["a newer refresh token", "a refresh token that was revoked"],
    ),
    (
        "StaticTokenCredential",
        &["a token", "a token that has expired"],
    ),
    (
        "TokenCallbackCredential",
        &["a token", "a callback that fails"],
    ),
    (
        "UsernamePasswordCredential",
        &["a token", "a federated realm"],
    ),
    (
        "WorkloadIdentityCredential",
        &["a token", "a file that was not replaced"],
    ),
];

#[test]
fn the_pictures_of_each_credential_are_those_of_its_runs() {
    let mut pages = BTreeMap::new();
    let mut index = "# What each credential asks, and whom\n\n\
        Each picture is drawn from the transcript of a run, and a test fails where one no longer holds.\n\n"
        .to_owned();
    let all = by_credential();
    assert!(
        all.keys().eq(SHOWN.iter().map(|(name, _)| name)),
        "every credential has a page, in the order of their names"
    );
    for (name, shown) in SHOWN {
        pages.insert(format!("{name}.md"), page(name, &all[*name], shown));
        writeln!(index, "* [`{name}`]({name}.md)").expect("a string takes everything");
    }
    pages.insert("README.md".to_owned(), index);

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/credentials");
    if std::env::var("INSTA_UPDATE").is_ok_and(|how| how == "always") {
        fs::create_dir_all(&folder).expect("the folder of the pages");
        for (name, page) in &pages {
            fs::write(folder.join(name), page).expect("a page is written");
        }
    }
    for (name, page) in &pages {
        let committed = fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert_eq!(&committed, page, "{name}: see the head of this test");
    }
    let committed: BTreeSet<PathBuf> = fs::read_dir(&folder)
        .expect("the folder of the pages")
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    let expected = pages.keys().map(|name| folder.join(name)).collect();
    assert_eq!(committed, expected, "no page is left over");
}

#[test]
fn a_diagram_has_a_message_for_each_exchange_and_nothing_of_it_is_more_than_text() {
    for case in cases() {
        let transcript = recorded(&case);
        let diagram = transcript.diagram();
        let mut lines = diagram.lines();
        assert_eq!(lines.next(), Some("sequenceDiagram"));
        let (mut asked, mut answered, mut waits) = (0, 0, 0);
        for line in lines {
            let line = line.strip_prefix("    ").expect("a statement");
            let (head, words) = match line.split_once(": ") {
                Some(both) => both,
                None => line.split_once(" as ").expect("a participant"),
            };
            asked += usize::from(head.contains("->>") && !head.contains("-->>"));
            answered += usize::from(head.contains("-->>"));
            waits += usize::from(head == "Note over A");
            let words = words.replace("<br/>", "");
            let is_text = |c: char| c.is_ascii_alphanumeric() || " ./_-=,?&'()+*!@$|".contains(c);
            let mut rest = words.as_str();
            while let Some(start) = rest.find(|c| !is_text(c)) {
                let number = rest[start..].strip_prefix('#').expect("a number");
                let (number, after) = number.split_once(';').expect("its end");
                assert!(number.parse::<u32>().is_ok(), "{}: {line}", case.name);
                rest = after;
            }
            assert!(!words.is_empty());
        }
        assert_eq!(asked, answered, "{}", case.name);
        assert_eq!(asked + waits, transcript.exchanges.len() + 1);
    }
}

#[test]
fn whatever_stands_in_a_transcript_stays_text_in_its_diagram() {
    let hostile = "x\nA->>P0: forged<br/><img src=x onerror=alert(1)>;end %%{init: {}}%% #59;";
    let mut transcript = recorded(&cases()[0]);
    transcript.credential = hostile.to_owned();
    let before = recorded(&cases()[0]).diagram().lines().count();
    let diagram = transcript.diagram();
    assert_eq!(diagram.lines().count(), before);
    assert!(!diagram.contains("<img") && !diagram.contains("%%") && !diagram.contains("A->>P0"));
}

fn by_credential() -> BTreeMap<String, Vec<Case>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for case in cases() {
        let name = case.credential.clone().into_credential().name();
        all.entry(name.to_owned()).or_default().push(case);
    }
    all
}

fn page(name: &str, cases: &[Case], shown: &[&str]) -> String {
    let mut page = format!("# {name}\n");
    let (mut tokens, mut errors) = (0, 0);
    for shown in shown {
        let case = cases.iter().find(|case| case.name == *shown);
        let case = case.unwrap_or_else(|| panic!("{name} has no case {shown:?}"));
        let outcome = case.run();
        let diagram = recorded(case).diagram();
        let mut heading = shown.to_string();
        heading[..1].make_ascii_uppercase();
        write!(page, "\n## {heading}\n\n```mermaid\n{diagram}```\n").expect("a string");
        match outcome.result {
            Ok(_) => tokens += 1,
            Err(error) => {
                errors += 1;
                write!(page, "\nThe error says:\n\n```text\n{error}\n```\n").expect("a string");
            }
        }
    }
    assert!(tokens > 0 && errors > 0, "{name}: one of each");
    page
}

fn recorded(case: &Case) -> Transcript {
    let transcript = case.run().transcript;
    transcript
        .expect("cases record a transcript")
        .into_transcript()
}
