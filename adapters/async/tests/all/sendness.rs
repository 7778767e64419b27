//! A provider is `Send` exactly when its host's effects are: on threads yes, in a browser no.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::rc::Rc;

use azid_async::{Flight, GetToken, Host, NoRandomness, Refresh, TokenProvider};
use azid_core::effect::Refusal;
use azid_core::{ErrorKind, Now, Seed, Step};

use crate::manual_host::{ManualHost, START, credential, ready as ready_now};

/// A host of one thread, as a browser's is: its effects hold an `Rc`.
struct LocalHost;

struct LocalPerform(Ready<Step>, PhantomData<Rc<()>>);

impl Future for LocalPerform {
    type Output = Step;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Step> {
        std::pin::Pin::new(&mut self.0).poll(cx)
    }
}

impl Host for LocalHost {
    type Perform = LocalPerform;

    fn perform(&self, step: Step) -> LocalPerform {
        let step = step.refuse(Refusal::NoSuchEffect, self.now());
        LocalPerform(ready(step), PhantomData)
    }

    fn now(&self) -> Now {
        Now::wall(START)
    }

    fn seed(&self) -> Result<Seed, NoRandomness> {
        Ok(Seed::new([7; 32]))
    }
}

const fn sent<T: Send>() {}

const fn shared<T: Send + Sync>() {}

/// Has one implementation for a type that is not `Send`, and two, so that `_` cannot be inferred,
/// for one that is.
trait NotSend<Marker> {
    fn holds() {}
}
struct Sent;
impl<T: ?Sized> NotSend<()> for T {}
impl<T: ?Sized + Send> NotSend<Sent> for T {}

#[test]
fn what_runs_on_a_host_with_threads_is_send() {
    sent::<Flight<ManualHost>>();
    sent::<Refresh<ManualHost>>();
    sent::<GetToken<ManualHost>>();
    shared::<TokenProvider<ManualHost>>();
}

#[test]
fn what_runs_on_a_host_of_one_thread_is_not_send_and_still_works() {
    <Flight<LocalHost> as NotSend<_>>::holds();
    <Refresh<LocalHost> as NotSend<_>>::holds();
    <GetToken<LocalHost> as NotSend<_>>::holds();
    <TokenProvider<LocalHost> as NotSend<_>>::holds();

    let provider = TokenProvider::on(LocalHost, credential());
    let error = ready_now(&mut provider.get_token(&["scope"])).expect_err("it refuses all effects");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}
