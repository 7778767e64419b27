//! The other effects, and what is refused.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use azid_core::effect::{
    AssertionFailure, AssertionRequest, CallbackId, DeviceCode, FileFailure, FileRequest,
    KeyHandle, PromptFailure, PromptRequest, ProofKind, Refusal, SignFailure, SignRequest,
    SignatureAlgorithm, SleepReason, SleepRequest, TokenFailure, TokenOrder,
};
use azid_core::{
    AccessToken, Now, Secret, SecretBytes, Timestamp, TokenRequest, assertion, prompt, read_file,
    sign, sleep, token,
};

use crate::probe::{host, keep, reply_to};

#[test]
fn a_file_is_read() {
    let path = std::env::temp_dir().join(format!("azid-ureq-{}", std::process::id()));
    std::fs::write(&path, "token").expect("the folder can be written to");
    let path = path
        .to_str()
        .expect("temporary paths are Unicode")
        .to_owned();
    let read = |path: String| {
        reply_to(&host(), move |kept| {
            let request = FileRequest::new(path.clone());
            read_file(request, move |reply, cx| keep(&kept, reply, cx))
        })
    };
    assert_eq!(read(path.clone()), Ok(SecretBytes::from(&b"token"[..])));
    std::fs::remove_file(&path).expect("the file is ours");
    assert_eq!(read(path), Err(FileFailure::NotFound));
}

#[test]
fn waits_take_place_in_the_time_of_the_hosts_own_clock() {
    let time = Arc::new(AtomicI64::new(1_000_000));
    let (clock, waiting) = (Arc::clone(&time), Arc::clone(&time));
    let host = host()
        .clock(move || Now::wall(clock.load(Ordering::SeqCst)))
        .sleep(move |duration| {
            let milliseconds = i64::try_from(duration.as_millis()).expect("it is short");
            waiting.fetch_add(milliseconds, Ordering::SeqCst);
        });
    let woken = reply_to(&host, |kept| {
        let ten_minutes = SleepRequest::new(Duration::from_secs(600), SleepReason::Backoff);
        sleep(ten_minutes, move |slept, cx| {
            let woken = slept.map(|()| cx.now().timestamp());
            keep(&kept, woken, cx)
        })
    });
    assert_eq!(woken, Ok(Timestamp::from_unix_milliseconds(1_600_000)));
}

#[test]
fn a_seed_of_the_hosts_own_makes_runs_repeat() {
    let draw = || {
        let host = host().seeds(|| azid_core::Seed::new([7; 32]));
        let request = TokenRequest::new(["scope"]);
        host.context(request)
            .expect("there is a seed")
            .entropy()
            .uuid()
    };
    assert_eq!(draw(), draw());
}

fn assertion_request(kind: ProofKind, name: &str) -> AssertionRequest {
    AssertionRequest {
        kind,
        callback: CallbackId::new(name),
        tenant: "tenant".to_owned(),
        client_id: "client".to_owned(),
        token_endpoint: "https://login.example/token".parse().expect("it is valid"),
    }
}

fn token_order(name: &str) -> TokenOrder {
    TokenOrder {
        callback: CallbackId::new(name),
        request: TokenRequest::new(["scope"]),
    }
}

fn prompt_request(name: &str) -> PromptRequest {
    PromptRequest {
        callback: CallbackId::new(name),
        device_code: DeviceCode {
            user_code: Secret::new("CODE"),
            verification_uri: "https://microsoft.com/devicelogin"
                .parse()
                .expect("it is valid"),
            message: Secret::new("type CODE"),
            expires_on: Timestamp::from_unix_seconds(1),
        },
    }
}

fn sign_request(key: KeyHandle) -> SignRequest {
    let message = SecretBytes::from(&b"message"[..]);
    SignRequest::new(SignatureAlgorithm::Rs256, message, key)
}

#[test]
fn callbacks_answer_under_their_own_names() {
    let shown = Arc::new(Mutex::new(String::new()));
    let screen = Arc::clone(&shown);
    let token_of = |text: &str| AccessToken::new(text, Timestamp::from_unix_seconds(4_000_000_000));
    let other = token_of("other");
    let host = host()
        .on_assertion(CallbackId::new("proof"), |request| {
            Ok(Secret::new(format!("for {}", request.client_id)))
        })
        .on_client_secret(CallbackId::new("proof"), |request| {
            Ok(Secret::new(format!("secret of {}", request.client_id)))
        })
        .on_token(CallbackId::new("t"), |_| {
            Err(TokenFailure::Unavailable(Default::default()))
        })
        .on_token(CallbackId::new("u"), move |_| Ok(other.clone()))
        .on_prompt(CallbackId::new("p"), move |request| {
            let message = request.device_code.message.expose();
            *screen.lock().expect("no callback panics") = message.to_owned();
            Ok(())
        })
        .on_sign(CallbackId::new("s"), |request| {
            Ok(request.message.expose().to_vec())
        });

    for (kind, proof) in [
        (ProofKind::ClientAssertion, "for client"),
        (ProofKind::ClientSecret, "secret of client"),
    ] {
        let made = reply_to(&host, move |kept| {
            assertion(assertion_request(kind, "proof"), move |reply, cx| {
                keep(&kept, reply, cx)
            })
        });
        assert_eq!(made, Ok(Secret::new(proof)));
    }
    let token_from = |name: &'static str| {
        reply_to(&host, move |kept| {
            token(token_order(name), move |reply, cx| keep(&kept, reply, cx))
        })
    };
    assert_eq!(token_from("u"), Ok(token_of("other")));
    assert_eq!(
        token_from("t"),
        Err(TokenFailure::Unavailable(Default::default()))
    );
    let done = reply_to(&host, |kept| {
        prompt(prompt_request("p"), move |reply, cx| keep(&kept, reply, cx))
    });
    assert_eq!(done, Ok(()));
    assert_eq!(*shown.lock().expect("no callback panics"), "type CODE");
    let signed = reply_to(&host, |kept| {
        let key = KeyHandle::Named(CallbackId::new("s"));
        sign(sign_request(key), move |reply, cx| keep(&kept, reply, cx))
    });
    assert_eq!(signed, Ok(b"message".to_vec()));
}

#[test]
fn a_name_that_nobody_registered_is_refused_as_such() {
    let host = host().on_token(CallbackId::new("known"), |_| {
        Err(TokenFailure::Unavailable(Default::default()))
    });
    let refusal = || Refusal::NotRegistered(CallbackId::new("unknown"));
    let made = reply_to(&host, |kept| {
        assertion(
            assertion_request(ProofKind::ClientAssertion, "unknown"),
            move |reply, cx| keep(&kept, reply, cx),
        )
    });
    assert_eq!(made, Err(AssertionFailure::Refused(refusal())));
    let got = reply_to(&host, |kept| {
        token(token_order("unknown"), move |reply, cx| {
            keep(&kept, reply, cx)
        })
    });
    assert_eq!(got, Err(TokenFailure::Refused(refusal())));
    let done = reply_to(&host, |kept| {
        prompt(prompt_request("unknown"), move |reply, cx| {
            keep(&kept, reply, cx)
        })
    });
    assert_eq!(done, Err(PromptFailure::Refused(refusal())));
    let signed = reply_to(&host, |kept| {
        let key = KeyHandle::Named(CallbackId::new("unknown"));
        sign(sign_request(key), move |reply, cx| keep(&kept, reply, cx))
    });
    assert_eq!(signed, Err(SignFailure::Refused(refusal())));
}

#[test]
fn a_callback_for_the_other_kind_of_proof_is_none() {
    let host = host()
        .on_assertion(CallbackId::new("assertion"), |_| Ok(Secret::new("signed")))
        .on_client_secret(CallbackId::new("secret"), |_| Ok(Secret::new("s3cret")));
    for (kind, name) in [
        (ProofKind::ClientSecret, "assertion"),
        (ProofKind::ClientAssertion, "secret"),
    ] {
        let made = reply_to(&host, move |kept| {
            assertion(assertion_request(kind, name), move |reply, cx| {
                keep(&kept, reply, cx)
            })
        });
        let refusal = Refusal::NotRegistered(CallbackId::new(name));
        assert_eq!(made, Err(AssertionFailure::Refused(refusal)));
    }
}
