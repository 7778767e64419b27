//! The user's own code answers by name.

use std::sync::Arc;
use std::time::Duration;

use azid_async::{BoxFuture, Builder, Callbacks, Host, NoRandomness, TokenProvider, WithCallbacks};
use azid_core::effect::{
    AssertionFailure, AssertionRequest, CallbackId, Detail, DeviceCode, KeyHandle, PromptRequest,
    ProofKind, Refusal, SignFailure, SignRequest, SignatureAlgorithm, TokenOrder,
};
use azid_core::{
    AccessToken, Cause, Context, Credential, Error, ErrorKind, Identity, Next, Now, Secret,
    SecretBytes, Seed, Step, Timestamp, TokenRequest, assertion, done, prompt, sign, token,
};

use crate::manual_host::{START, ready};

/// A host that has callbacks and nothing else.
#[derive(Default)]
struct CallbackHost {
    callbacks: Callbacks,
    time_is_up: bool,
}

impl Host for CallbackHost {
    type Perform = BoxFuture<Step>;

    fn perform(&self, step: Step) -> BoxFuture<Step> {
        let time_is_up = self.time_is_up;
        let sleep = move |limit: Duration| -> BoxFuture<()> {
            assert_eq!(limit, Duration::from_secs(10));
            match time_is_up {
                true => Box::pin(async {}),
                false => Box::pin(std::future::pending()),
            }
        };
        self.callbacks.perform(step, || Now::wall(START), sleep)
    }

    fn now(&self) -> Now {
        Now::wall(START)
    }

    fn seed(&self) -> Result<Seed, NoRandomness> {
        Ok(Seed::new([7; 32]))
    }
}

impl WithCallbacks for CallbackHost {
    fn callbacks_mut(&mut self) -> &mut Callbacks {
        &mut self.callbacks
    }
}

/// A credential that asks one callback; the token it gets is what the callback answered.
#[derive(Clone, Debug)]
enum Asks {
    Proof(ProofKind, &'static str),
    Token(&'static str),
    Prompt(&'static str),
    Signature(KeyHandle),
}

impl Credential for Asks {
    fn name(&self) -> &'static str {
        "Asks"
    }

    fn identity(&self) -> Identity {
        Identity::private()
    }

    fn begin(self: Arc<Self>, cx: &mut Context) -> Next {
        match &*self {
            Self::Proof(kind, name) => {
                let request = AssertionRequest {
                    kind: *kind,
                    callback: CallbackId::new(*name),
                    tenant: "tenant".into(),
                    client_id: "client".into(),
                    token_endpoint: "https://login.example/token".parse().expect("a URL"),
                };
                assertion(request, |reply, cx| {
                    done(held(reply.or_else(|failure| cx.failed(failure))?))
                })
            }
            Self::Token(name) => {
                let order = TokenOrder {
                    callback: CallbackId::new(*name),
                    request: cx.request().clone(),
                };
                token(order, |reply, cx| {
                    done(reply.or_else(|failure| cx.failed(failure))?)
                })
            }
            Self::Prompt(name) => {
                let request = PromptRequest {
                    callback: CallbackId::new(*name),
                    device_code: DeviceCode {
                        user_code: "ABCD".into(),
                        verification_uri: "https://login.example/device".parse().expect("a URL"),
                        message: "type ABCD".into(),
                        expires_on: hour(),
                    },
                };
                prompt(request, |reply, cx| {
                    reply.or_else(|failure| cx.failed(failure))?;
                    done(held("shown".into()))
                })
            }
            Self::Signature(key) => {
                let message = SecretBytes::new(b"message".as_slice());
                let request = SignRequest::new(SignatureAlgorithm::Ps256, message, key.clone());
                sign(request, |reply, cx| {
                    let signature = reply.or_else(|failure| cx.failed(failure))?;
                    done(held(String::from_utf8_lossy(&signature).as_ref().into()))
                })
            }
        }
    }
}

fn hour() -> Timestamp {
    Timestamp::from_unix_milliseconds(START + 3_600_000)
}

fn held(secret: Secret) -> AccessToken {
    AccessToken::new(secret, hour())
}

fn get(provider: &TokenProvider<CallbackHost>) -> Result<String, Error> {
    ready(&mut provider.get_token(&["scope"])).map(|token| token.expose().to_owned())
}

fn builder(credential: Asks) -> Builder<CallbackHost> {
    TokenProvider::builder(credential)
}

#[test]
fn two_callbacks_of_a_kind_do_not_mix() {
    for name in ["left", "right"] {
        let provider = builder(Asks::Proof(ProofKind::ClientAssertion, name))
            .on_assertion(CallbackId::new("left"), async |_| Ok("left".into()))
            .on_assertion(CallbackId::new("right"), async |_| Ok("right".into()))
            .build();
        assert_eq!(get(&provider).expect("an assertion"), name);
    }
}

#[test]
fn a_secret_and_an_assertion_of_one_name_do_not_mix() {
    for (kind, expected) in [
        (ProofKind::ClientSecret, "secret of client"),
        (ProofKind::ClientAssertion, "signed"),
    ] {
        let provider = builder(Asks::Proof(kind, "mine"))
            .on_assertion(CallbackId::new("mine"), async |_| Ok("signed".into()))
            .on_client_secret(CallbackId::new("mine"), async |request| {
                Ok(format!("secret of {}", request.client_id).into())
            })
            .build();
        assert_eq!(get(&provider).expect("a proof"), expected);
    }
}

#[test]
fn a_callback_for_the_other_kind_of_proof_is_none() {
    let assertion = builder(Asks::Proof(ProofKind::ClientSecret, "mine"))
        .on_assertion(CallbackId::new("mine"), async |_| Ok("signed".into()))
        .build();
    let secret = builder(Asks::Proof(ProofKind::ClientAssertion, "mine"))
        .on_client_secret(CallbackId::new("mine"), async |_| Ok("s3cret".into()))
        .build();
    for provider in [assertion, secret] {
        let error = get(&provider).expect_err("it would be sent in the wrong field");
        let refusal = Refusal::NotRegistered(CallbackId::new("mine"));
        let expected = Cause::Assertion(AssertionFailure::Refused(refusal));
        assert_eq!(error.cause(), &expected);
    }
}

#[test]
fn a_callback_may_hold_what_it_needs() {
    let vault = Arc::new(String::from("from the vault"));
    let provider = builder(Asks::Token("mine"))
        .on_token(CallbackId::new("mine"), move |order: TokenOrder| {
            let vault = vault.clone();
            async move {
                assert_eq!(order.request, TokenRequest::new(["scope"]));
                Ok(held(vault.as_str().into()))
            }
        })
        .build();
    assert_eq!(get(&provider).expect("a token"), "from the vault");
}

#[test]
fn a_prompt_is_shown_and_a_named_key_signs() {
    let prompting = builder(Asks::Prompt("terminal"))
        .on_prompt(CallbackId::new("terminal"), async |request| {
            assert_eq!(request.device_code.user_code.expose(), "ABCD");
            Ok(())
        })
        .build();
    assert_eq!(get(&prompting).expect("shown"), "shown");
    let signing = builder(Asks::Signature(KeyHandle::Named(CallbackId::new("hsm"))))
        .on_sign(CallbackId::new("hsm"), async |request| {
            Ok([b"signed ", request.message.expose()].concat())
        })
        .build();
    assert_eq!(get(&signing).expect("signed"), "signed message");
}

#[test]
fn a_signer_that_hangs_is_given_up_and_one_that_answers_in_time_is_heard() {
    let key = || Asks::Signature(KeyHandle::Named(CallbackId::new("hsm")));
    let host = || CallbackHost {
        time_is_up: true,
        ..CallbackHost::default()
    };
    let hanging = Builder::new(host(), key())
        .on_sign(CallbackId::new("hsm"), |_| std::future::pending())
        .build();
    let error = get(&hanging).expect_err("nobody signed");
    assert_eq!(error.cause(), &Cause::Sign(SignFailure::TimedOut));
    let answering = Builder::new(host(), key())
        .on_sign(CallbackId::new("hsm"), async |_| Ok(b"signed".to_vec()))
        .build();
    assert_eq!(get(&answering).expect("signed"), "signed");
}

#[test]
fn a_callback_that_fails_says_so_in_its_own_words() {
    let provider = builder(Asks::Proof(ProofKind::ClientAssertion, "mine"))
        .on_assertion(CallbackId::new("mine"), async |_| {
            Err(AssertionFailure::Failed(Detail::new("the vault is sealed")))
        })
        .build();
    let error = get(&provider).expect_err("it failed");
    assert!(error.to_string().contains("the vault is sealed"), "{error}");
}

#[test]
fn a_name_that_nobody_registered_is_a_slip_of_the_program() {
    let provider = builder(Asks::Prompt("terminl"))
        .on_prompt(CallbackId::new("terminal"), async |_| Ok(()))
        .build();
    let error = get(&provider).expect_err("nothing has that name");
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(error.to_string().contains("terminl"), "{error}");
    assert!(matches!(error.cause(), Cause::Prompt(_)));
}

#[test]
fn a_key_in_memory_is_no_callbacks_business() {
    let key = KeyHandle::in_memory(SecretBytes::new(b"pkcs8".as_slice()));
    let error = get(&builder(Asks::Signature(key)).build()).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}
