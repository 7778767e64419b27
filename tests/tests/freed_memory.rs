//! What a type that zeroes itself held is in no memory of the process after it is dropped, be that
//! memory in use or freed.
//!
//! A canary is in the program only masked, so that whatever finds it in memory has found a copy.
#![cfg(target_os = "linux")]

use std::any::Any;
use std::fs::{File, read_to_string};
use std::hint::black_box;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use azid_core::cache::{RefreshSettings, Snapshot, TokenTable};
use azid_core::effect::{ExecOutput, HttpResponse, KeyHandle};
use azid_core::testing::{Reply, START, World, context, run};
use azid_core::{
    AccessToken, ClientCertificate, ClientSecretCredential, Context, Environment, Fact, Memory,
    MemoryChange, Secret, SecretBytes, Timestamp, TokenRequest,
};

/// What a canary repeats, in letters, digits and dashes, each byte with [`MASK`].
const MASKED: [u8; 24] = *b"9n4;(#w\x00+mw\x02-hw\x11*cw\x0c.ow)";
const MASK: u8 = 0x5a;

/// How often it does: an allocator may write over the first bytes of what is freed.
const TIMES: usize = 4;

type Held = Box<dyn Any>;

/// Something that holds canaries, by its name.
type Kind = (&'static str, fn() -> Held);

/// All in one test, since another one at the same time would hold canaries of its own.
#[test]
fn nothing_that_was_dropped_can_be_found_in_memory() {
    let mut before = found();
    assert_eq!(before, 0);
    drop(black_box(canary()));
    assert!(found() > 0, "what is freed and not zeroed is found");
    overwrite();
    before = found();

    let kinds: [Kind; 14] = [
        ("a secret", || {
            let secret = Secret::new(canary());
            Box::new((secret.clone(), secret))
        }),
        ("secret bytes", || {
            Box::new(SecretBytes::new(canary().into_bytes()))
        }),
        ("a token with its header", || {
            let token = AccessToken::new(canary(), at(3600));
            let token = token.refresh_on(at(60)).issued_on(at(0));
            let header = token.authorization().expect("it can be sent").clone();
            Box::new((token, header))
        }),
        ("a certificate's key", || {
            let key = KeyHandle::in_memory(canary().into_bytes().into());
            Box::new(ClientCertificate::new([b"leaf"], key).expect("a certificate"))
        }),
        ("an environment", || {
            Box::new(Environment::from_pairs([("AZURE_CLIENT_SECRET", canary())]))
        }),
        ("an answer", || {
            Box::new(HttpResponse::new(200, canary().into_bytes()))
        }),
        ("an output", || {
            Box::new(ExecOutput {
                exit_code: Some(0),
                stdout: canary().into_bytes().into(),
                stderr: canary().into_bytes().into(),
            })
        }),
        ("a memory", || Box::new(memory())),
        ("a snapshot", || {
            let tokens = TokenTable::new(RefreshSettings::default());
            let bytes = Snapshot::of(&tokens, &memory()).to_bytes();
            let read = Snapshot::from_bytes(&bytes, at(0)).expect("it was just written");
            Box::new((bytes, read))
        }),
        ("a run that is refused", || {
            run_with(Secret::new(canary()), 400, br#"{"error":"no"}"#[..].into())
        }),
        ("a run that brings a token", || {
            let mut answer = Vec::with_capacity(1024);
            answer.extend_from_slice(br#"{"expires_in":3599,"access_token":""#);
            answer.extend_from_slice(Secret::new(canary()).expose().as_bytes());
            answer.extend_from_slice(br#""}"#);
            run_with("secret".into(), 200, answer.into())
        }),
        ("a run whose secret is sent back", || {
            let secret = Secret::new(canary());
            let before = br#"{"error_description":"AADSTS7000215: got "#;
            let answer = echo(&secret, before, br#""}"#);
            run_with(secret, 400, answer)
        }),
        ("a run whose secret is sent back in an object", || {
            let secret = Secret::new(canary());
            let before = br#"{"error":{"code":"one","message":"two","other":[{""#;
            let answer = echo(&secret, before, br#"":1}]}}"#);
            run_with(secret, 400, answer)
        }),
        ("a run whose secret is sent back before trace lines", || {
            let secret = Secret::new(canary());
            let before = br#"{"error_description":"AADSTS7000215: got "#;
            let answer = echo(&secret, before, br#"\r\nTrace ID: 1"}"#);
            run_in(request_context(), secret, 400, answer)
        }),
    ];
    let mut left = Vec::new();
    for (name, make) in kinds {
        let held = black_box(make());
        assert!(found() > before, "{name}: what is held is found");
        drop(held);
        let after = found();
        if after > before {
            left.push((name, after - before));
        }
        before = after;
    }
    assert_eq!(left, [], "copies that are left");
}

/// An answer with the secret between these.
fn echo(secret: &Secret, before: &[u8], after: &[u8]) -> SecretBytes {
    let mut answer = Vec::with_capacity(1024);
    answer.extend_from_slice(before);
    answer.extend_from_slice(secret.expose().as_bytes());
    answer.extend_from_slice(after);
    answer.into()
}

/// What is held of a recorded run with this secret, which is answered so.
fn run_with(secret: Secret, status: u16, answer: SecretBytes) -> Held {
    run_in(
        request_context().record_transcript(),
        secret,
        status,
        answer,
    )
}

fn request_context() -> Context {
    context(TokenRequest::new(["https://vault.azure.net/.default"]))
}

fn run_in(context: Context, secret: Secret, status: u16, answer: SecretBytes) -> Held {
    let credential = ClientSecretCredential::new("contoso.com", "app-id", secret);
    let credential = Arc::new(credential.expect("three good values"));
    let mut world = World::new([Reply::from(HttpResponse::new(status, answer))]);
    let outcome = run(credential.clone(), context, &mut world);
    assert_eq!(outcome.result.is_ok(), status == 200);
    Box::new((credential, outcome))
}

fn memory() -> Memory {
    let mut memory = Memory::default();
    memory.apply(MemoryChange::Learned {
        key: "account".to_owned(),
        fact: Fact::RefreshToken(canary().into()),
        on: at(0),
    });
    memory
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_milliseconds(START + seconds * 1000)
}

/// The canary, in one allocation.
fn canary() -> String {
    let mut text = String::with_capacity(MASKED.len() * TIMES);
    for byte in [black_box(MASKED); TIMES].concat() {
        text.push(char::from(byte ^ MASK));
    }
    text
}

/// Takes what was freed of this size, and so writes over it.
fn overwrite() {
    for _ in 0..64 {
        let others: Vec<_> = (0..512)
            .map(|_| black_box(vec![1_u8; MASKED.len() * TIMES]))
            .collect();
        drop(others);
    }
}

/// How many copies of the canary are in the writable memory of this process.
fn found() -> usize {
    let memory = File::open("/proc/self/mem").expect("a process may read its own memory");
    let maps = read_to_string("/proc/self/maps").expect("a process may see its own mappings");
    let mut buffer = vec![0; 1 << 20];
    let mut copies = 0;
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let range = line.split(' ').next().and_then(|it| it.split_once('-'));
        let (start, end) = range.expect("a range");
        let number = |text| u64::from_str_radix(text, 16).expect("an address");
        let (mut start, end) = (number(start), number(end));
        while start < end {
            let most =
                usize::try_from(end - start).map_or(buffer.len(), |left| left.min(buffer.len()));
            let Ok(length) = memory.read_at(&mut buffer[..most], start) else {
                break; // a mapping that nobody may read
            };
            let own = buffer.as_ptr().addr() as u64;
            let is_own =
                |place: usize| (own..own + buffer.len() as u64).contains(&(start + place as u64));
            let first = MASKED[0] ^ MASK;
            for (place, _) in buffer[..length]
                .iter()
                .enumerate()
                .filter(|(_, byte)| **byte == first)
            {
                let Some(window) = buffer[..length].get(place..place + MASKED.len()) else {
                    break;
                };
                let mut bytes = window.iter().zip(MASKED);
                copies += usize::from(
                    !is_own(place) && bytes.all(|(byte, masked)| byte ^ MASK == masked),
                );
            }
            if length < MASKED.len() || length < most {
                break;
            }
            // The next piece begins before the end of this one.
            start += match start + length as u64 >= end {
                true => length as u64,
                false => (length - MASKED.len() + 1) as u64,
            };
        }
    }
    buffer.fill(0);
    black_box(&buffer);
    copies
}
