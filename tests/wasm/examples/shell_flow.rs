//! The same as `core_flow` with the async shell in between: its cache and its shared runs.

use std::future::{Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use azid_async::{Host, NoRandomness, TokenProvider};
use azid_core::effect::{HttpResponse, Refusal};
use azid_core::{ClientSecretCredential, Now, Seed, Step};

const TOKEN: &[u8] = br#"{"token_type":"Bearer","expires_in":3599,"access_token":"AT"}"#;

struct OneAnswer;

impl Host for OneAnswer {
    type Perform = Ready<Step>;

    fn perform(&self, step: Step) -> Ready<Step> {
        ready(match step {
            Step::Http(call) => call.reply(Ok(HttpResponse::new(200, TOKEN)), self.now()),
            other => other.refuse(Refusal::NoSuchEffect, self.now()),
        })
    }

    fn now(&self) -> Now {
        Now::wall(1_800_000_000_000)
    }

    fn seed(&self) -> Result<Seed, NoRandomness> {
        Ok(Seed::new([7; 32]))
    }
}

fn main() {
    let credential = ClientSecretCredential::new("contoso", "client", "secret");
    let provider = TokenProvider::on(OneAnswer, credential.expect("three good values"));
    let caller = pin!(provider.get_token(&["https://vault.azure.net/.default"]));
    let Poll::Ready(token) = caller.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("the answer is there at once");
    };
    assert_eq!(token.expect("a token").expose(), "AT");
}
