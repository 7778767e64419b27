//! The cache as bytes and back.

use azid_core::cache::{
    Decision, Freshness, Key, RefreshSettings, Snapshot, SnapshotFault, TokenTable,
};
use azid_core::{AccessToken, Fact, Identity, Memory, MemoryChange, SecretBytes, TokenRequest};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use azid_tests::cache::{Provider, at, vault};

use crate::facts::{knowing, signed_in};

fn identity(name: &str) -> Identity {
    Identity::of("Test").field("name", name).finish()
}

fn key(scope: &str) -> Key {
    Key::new(&identity("one"), &TokenRequest::new([scope]))
}

pub(crate) fn token(name: &str, asked: i64, lifetime: i64) -> AccessToken {
    AccessToken::new(name, at(asked + lifetime)).issued_on(at(asked))
}

/// A table with one token for an hour.
pub(crate) fn table(name: &str, asked: i64) -> TokenTable {
    let mut table = TokenTable::new(RefreshSettings::default());
    table.hold(key("a"), token(name, asked, 3600), at(asked), 0.5);
    table
}

pub(crate) fn keep(table: &TokenTable) -> SecretBytes {
    Snapshot::of(table, &Memory::default()).to_bytes()
}

/// Restores these bytes into this table.
pub(crate) fn restore(bytes: &SecretBytes, table: &mut TokenTable, now: i64) -> Memory {
    let mut memory = Memory::default();
    let snapshot = Snapshot::from_bytes(bytes, at(now)).expect("it was just written");
    let restored = snapshot.restore(table, &mut memory, at(now));
    assert_eq!(restored, Ok(()), "nobody is signed in yet");
    memory
}

#[test]
fn a_token_that_has_expired_is_not_read_again() {
    let bytes = keep(&table("old", 0));
    for (now, is_there) in [(3599, true), (3600, false)] {
        let mut restored = TokenTable::default();
        restore(&bytes, &mut restored, now);
        assert_eq!(!restored.is_empty(), is_there);
    }
}

#[test]
fn a_newer_token_keeps_its_place() {
    let bytes = keep(&table("old", 0));
    let mut newer = table("newer", 60);
    restore(&bytes, &mut newer, 60);
    assert_eq!(
        newer.look(&key("a"), at(60)),
        Freshness::Fresh(token("newer", 60, 3600))
    );
    let mut older = table("older", -60);
    restore(&bytes, &mut older, 0);
    assert_eq!(
        older.look(&key("a"), at(0)),
        Freshness::Fresh(token("old", 0, 3600))
    );
}

#[test]
fn a_token_that_was_rejected_meanwhile_does_not_come_back() {
    let mut tokens = table("rejected", 0);
    tokens.hold(key("b"), token("good", 0, 3600), at(0), 0.5);
    let bytes = keep(&tokens);
    let rejected = AccessToken::new("rejected", at(3600));
    assert!(tokens.invalidate(&rejected, at(60)));
    restore(&bytes, &mut tokens, 60);
    assert_eq!(tokens.look(&key("a"), at(60)), Freshness::Absent);
    assert_ne!(tokens.look(&key("b"), at(60)), Freshness::Absent);
    tokens.hold(key("a"), token("rejected", 60, 3600), at(60), 0.5);
    assert_ne!(
        tokens.look(&key("a"), at(60)),
        Freshness::Absent,
        "its source says that it is good"
    );
}

#[test]
fn a_token_that_was_rejected_when_it_had_been_replaced_does_not_come_back_either() {
    let mut tokens = table("rejected", 0);
    let bytes = keep(&tokens);
    tokens.hold(key("a"), token("newer", 60, 600), at(60), 0.5);
    assert!(!tokens.invalidate(&AccessToken::new("rejected", at(3600)), at(60)));
    restore(&bytes, &mut tokens, 660);
    assert_eq!(tokens.look(&key("a"), at(660)), Freshness::Absent);
}

#[test]
fn a_token_that_was_challenged_meanwhile_does_not_come_back_when_its_successor_has_expired() {
    let mut provider = Provider::new();
    provider.fetch(&vault(), "challenged", 3600);
    let bytes = keep(&provider.tokens);
    provider.fetch(&vault().claims("{}"), "short-lived", 60);
    provider.seconds = 60;
    restore(&bytes, &mut provider.tokens, 60);
    assert!(matches!(provider.asks(&vault()), Decision::Start(_)));
}

#[test]
fn of_a_thousand_rejected_tokens_and_one_the_first_is_forgotten() {
    let mut tokens = TokenTable::new(RefreshSettings {
        bound: 2000,
        ..RefreshSettings::default()
    });
    let names = || (0..=1000).map(|number| number.to_string());
    for name in names() {
        tokens.hold(key(&name), token(&name, 0, 3600), at(0), 0.5);
    }
    let bytes = keep(&tokens);
    for name in names() {
        assert!(tokens.invalidate(&token(&name, 0, 3600), at(0)));
    }
    restore(&bytes, &mut tokens, 0);
    let held: Vec<_> = names()
        .filter(|name| tokens.look(&key(name), at(0)) != Freshness::Absent)
        .collect();
    assert_eq!(held, ["0"]);
}

#[test]
fn tokens_that_depend_on_code_are_not_given_out() {
    let mut table = table("canary-public", 0);
    let private = Key::new(&Identity::private(), &TokenRequest::new(["a"]));
    table.hold(private, token("canary-private", 0, 3600), at(0), 0.5);
    let bytes = keep(&table);
    let has = |text: &str| {
        bytes
            .expose()
            .windows(text.len())
            .any(|it| it == text.as_bytes())
    };
    assert!(has("canary-public") && !has("canary-private"));
}

#[test]
fn what_shows_a_snapshot_shows_no_secret() {
    let snapshot = Snapshot::of(&table("canary", 0), &Memory::default());
    let shown = format!("{snapshot:?} {:?}", snapshot.to_bytes());
    assert!(
        shown.contains("tokens: 1") && !shown.contains("canary"),
        "{shown}"
    );
}

#[test]
fn what_is_written_can_be_read_however_much_there_is() {
    let text = "x".repeat(1 << 20);
    let mut tokens = TokenTable::default();
    for number in 0..40 {
        let token = AccessToken::new(format!("{number} {text}"), at(3600 + number));
        tokens.hold(key(&format!("scope {number}")), token, at(0), 0.5);
    }
    let facts = (0..40).map(|number| {
        let token = format!("{number} {text}");
        (
            format!("account {number:02}"),
            Fact::RefreshToken(token.into()),
        )
    });
    let memory = knowing(facts);
    let bytes = Snapshot::of(&tokens, &memory).to_bytes();
    assert!(bytes.expose().len() <= 64 << 20);

    let mut restored = TokenTable::default();
    let remembered = restore(&bytes, &mut restored, 0);
    // Of the tokens 31 have room in a half, of the facts 32 in the rest.
    let is_held = |number: i64| {
        let key = key(&format!("scope {number}"));
        restored.look(&key, at(0)) != Freshness::Absent
    };
    let is_known = |number: i64| remembered.recall(&format!("account {number:02}")).is_some();
    assert_eq!([0, 8, 9, 39].map(is_held), [false, false, true, true]);
    assert_eq!([0, 7, 8, 39].map(is_known), [false, false, true, true]);
}

#[test]
fn a_token_of_every_credential_says_where_it_came_from_in_the_next_process() {
    for case in azid_core::testing::cases() {
        let name = case.credential.into_credential().name();
        let mut tokens = TokenTable::default();
        tokens.hold(key("a"), token("one", 0, 3600).source(name), at(0), 0.5);
        let mut restored = TokenTable::default();
        restore(&keep(&tokens), &mut restored, 0);
        let Freshness::Fresh(token) = restored.look(&key("a"), at(0)) else {
            panic!("{name}");
        };
        assert_eq!(token.came_from(), name);
    }
}

#[test]
fn each_fault_has_its_name() {
    let read = |bytes: &[u8]| Snapshot::from_bytes(&bytes.into(), at(0)).map(|_| ());
    let whole = keep(&table("one", 0));
    let whole = whole.expose();
    assert_eq!(read(whole), Ok(()));
    assert_eq!(read(b""), Err(SnapshotFault::NoSnapshot));
    assert_eq!(
        read(b"{\"AccessToken\":{}}"),
        Err(SnapshotFault::NoSnapshot)
    );
    let mut other = whole.to_vec();
    other[10] = 2;
    assert_eq!(read(&other), Err(SnapshotFault::UnknownVersion(2)));
    assert_eq!(read(&vec![0; (64 << 20) + 1]), Err(SnapshotFault::TooLarge));
    for length in 10..whole.len() {
        assert_eq!(
            read(&whole[..length]),
            Err(SnapshotFault::Damaged),
            "cut to {length}"
        );
    }
    for changed in 11..whole.len() {
        let mut damaged = whole.to_vec();
        damaged[changed] ^= 1;
        assert_eq!(read(&damaged), Err(SnapshotFault::Damaged), "at {changed}");
    }
}

fn request() -> impl Strategy<Value = TokenRequest> {
    let scopes = proptest::collection::vec("[a-z:/.]{1,20}", 1..4);
    let tenant = proptest::option::of("[A-Za-z0-9.-]{1,12}");
    (scopes, tenant, any::<bool>()).prop_map(|(scopes, tenant, cae)| {
        let mut request = TokenRequest::new(scopes);
        if let Some(tenant) = tenant {
            request = request.tenant(tenant);
        }
        if cae { request.enable_cae() } else { request }
    })
}

fn any_token() -> impl Strategy<Value = AccessToken> {
    let moment = || proptest::option::of(-5000_i64..5000);
    let kind = prop_oneof![Just("Bearer"), Just("pop")];
    let source = prop_oneof![Just(""), Just("ClientSecretCredential")];
    (
        "[!-~]{1,40}",
        1_i64..90_000,
        moment(),
        moment(),
        kind,
        source,
    )
        .prop_map(|(secret, lifetime, asked, due, kind, source)| {
            let mut token = AccessToken::new(secret, at(lifetime))
                .token_type(kind)
                .source(source);
            if let Some(asked) = asked {
                token = token.issued_on(at(asked));
            }
            if let Some(due) = due {
                token = token.refresh_on(at(due));
            }
            token
        })
}

fn change() -> impl Strategy<Value = MemoryChange> {
    let fact = prop_oneof![
        "[a-f]".prop_map(|token| Fact::RefreshToken(token.into())),
        "[a-z]{1,9}".prop_map(|name| signed_in(&name)),
    ];
    prop_oneof![
        ("\\PC{0,10}", fact, -9_i64..9).prop_map(|(key, fact, on)| MemoryChange::Learned {
            key,
            fact,
            on: at(on)
        }),
        "[a-c]".prop_map(|token| MemoryChange::Rejected(token.into())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(2026), ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_is_what_was_written(
        tokens in proptest::collection::vec(("[a-c]", request(), any_token(), 0.0..1.0), 0..8),
        changes in proptest::collection::vec(change(), 0..8),
    ) {
        let mut table = TokenTable::default();
        let mut keys = Vec::new();
        for (name, request, token, draw) in tokens {
            let key = Key::new(&identity(&name), &request);
            table.hold(key.clone(), token, at(0), draw);
            keys.push(key);
        }
        let mut memory = Memory::default();
        let mut names = Vec::new();
        for change in changes {
            if let MemoryChange::Learned { key, .. } = &change {
                names.push(key.clone());
            }
            memory.apply(change);
        }

        let bytes = Snapshot::of(&table, &memory).to_bytes();
        let mut restored = TokenTable::default();
        let remembered = restore(&bytes, &mut restored, 0);
        for key in names {
            prop_assert_eq!(remembered.recall(&key), memory.recall(&key));
        }
        prop_assert_eq!(restored.len(), table.len());
        for key in keys {
            for now in [0, 1000, 40_000, 80_000] {
                prop_assert_eq!(restored.look(&key, at(now)), table.look(&key, at(now)));
            }
        }
        prop_assert_eq!(Snapshot::of(&restored, &remembered).to_bytes(), bytes);
    }

    #[test]
    fn no_bytes_break_the_reader(bytes in proptest::collection::vec(0_u8..4, 0..200)) {
        azid_tests::fuzz::cache_snapshot(&bytes);
    }
}
