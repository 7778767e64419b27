//! What a snapshot says of those who signed in.

use azid_core::cache::{Snapshot, SnapshotFault, TokenTable};
use azid_core::{AuthenticationRecord, Fact, Memory, MemoryChange};

use azid_tests::cache::at;

use crate::snapshot::{restore, table};

pub(crate) fn signed_in(person: &str) -> Fact {
    let record = serde_json::json!({
        "authority": "login.microsoftonline.com", "clientId": "app", "version": "1.0",
        "homeAccountId": format!("{person}.home"), "tenantId": "home", "username": person,
    });
    Fact::SignedIn(serde_json::from_value::<AuthenticationRecord>(record).expect("a record"))
}

/// A memory with these facts, learned one after the other.
pub(crate) fn knowing<K: Into<String>>(facts: impl IntoIterator<Item = (K, Fact)>) -> Memory {
    let mut memory = Memory::default();
    for (on, (key, fact)) in facts.into_iter().enumerate() {
        memory.apply(MemoryChange::Learned {
            key: key.into(),
            fact,
            on: at(i64::try_from(on).expect("a few")),
        });
    }
    memory
}

#[test]
fn refresh_tokens_come_along_and_the_newer_fact_stays() {
    let learned = |fact: &str, on: i64| MemoryChange::Learned {
        key: "account".into(),
        fact: Fact::RefreshToken(fact.into()),
        on: at(on),
    };
    let mut memory = Memory::default();
    memory.apply(MemoryChange::Learned {
        key: "other account".into(),
        fact: Fact::RefreshToken("rejected".into()),
        on: at(4),
    });
    memory.apply(MemoryChange::Rejected("rejected".into()));
    memory.apply(learned("kept", 5));
    let bytes = Snapshot::of(&TokenTable::default(), &memory).to_bytes();
    assert_eq!(restore(&bytes, &mut TokenTable::default(), 0), memory);

    let mut newer = Memory::default();
    newer.apply(learned("newer", 6));
    let snapshot = Snapshot::from_bytes(&bytes, at(0)).expect("it was just written");
    let restored = snapshot.restore(&mut TokenTable::default(), &mut newer, at(0));
    assert_eq!(restored, Ok(()));
    assert_eq!(
        newer.recall("account"),
        Some(&Fact::RefreshToken("newer".into()))
    );
    assert!(newer.has_rejected(&"rejected".into()));
}

#[test]
fn where_somebody_else_is_signed_in_nothing_is_restored() {
    let of_bob = knowing([("anybody", signed_in("bob"))]);
    let bytes = Snapshot::of(&table("of-bob", 0), &of_bob).to_bytes();
    for (person, expected) in [("ada", Err(SnapshotFault::OtherAccount)), ("bob", Ok(()))] {
        let mut tokens = TokenTable::default();
        let mut memory = knowing([("anybody", signed_in(person))]);
        let before = memory.clone();
        let snapshot = Snapshot::from_bytes(&bytes, at(0)).expect("it was just written");
        assert_eq!(snapshot.restore(&mut tokens, &mut memory, at(0)), expected);
        assert_eq!(
            (memory, tokens.len()),
            (before, usize::from(person == "bob"))
        );
    }
}

#[test]
fn another_machine_learns_who_signed_in_and_nothing_about_this_one() {
    let person = [
        ("account", signed_in("ada")),
        ("refresh token", Fact::RefreshToken("RT".into())),
    ];
    let machine = [
        ("metadata service", Fact::Answered),
        ("region", Fact::Found("westeurope".into())),
        ("nowhere", Fact::Absent),
        ("chain", Fact::Winner(1)),
    ];
    let private = format!("{}refresh token", Memory::PRIVATE);
    let private = [(private.as_str(), Fact::RefreshToken("of code".into()))];
    let memory = knowing(person.clone().into_iter().chain(machine).chain(private));
    let bytes = Snapshot::of(&TokenTable::default(), &memory).to_bytes();
    let restored = restore(&bytes, &mut TokenTable::default(), 0);
    assert_eq!(restored, knowing(person));
}

#[test]
fn a_rejected_refresh_token_of_a_private_session_stays_here_even_when_it_was_replaced() {
    let account = format!("{}account", Memory::PRIVATE);
    let session = |token: &str| (account.clone(), Fact::RefreshToken(token.into()));
    let of_anybody = || ("account".to_owned(), Fact::RefreshToken("public".into()));
    for tokens in [&["canary"][..], &["canary", "newer"]] {
        let of_code = tokens.iter().map(|token| session(token));
        let mut memory = knowing(of_code.chain([of_anybody()]));
        for rejected in ["canary", "public", "canary of nobody"] {
            memory.apply(MemoryChange::Rejected(rejected.into()));
        }
        let bytes = Snapshot::of(&TokenTable::default(), &memory).to_bytes();
        let text = String::from_utf8_lossy(bytes.expose()).into_owned();
        assert!(!text.contains("canary"), "{tokens:?}");
        let restored = restore(&bytes, &mut TokenTable::default(), 0);
        assert!(restored.has_rejected(&"public".into()));
        assert_eq!(restored.recall("account"), None);
    }
}
