//! A provider is `Send` exactly when its host's effects are: on threads yes, in a browser no.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::rc::Rc;

use azid_async::{Flight, Host, NoRandomness};
use azid_core::effect::Refusal;
use azid_core::{Now, Seed, Step};

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
        Now::wall(crate::manual_host::START)
    }

    fn seed(&self) -> Result<Seed, NoRandomness> {
        Ok(Seed::new([7; 32]))
    }
}

const fn sent<T: Send>() {}

/// Has one implementation for a type that is not `Send`, and two, so that `_` cannot be inferred,
/// for one that is.
trait NotSend<Marker> {
    fn holds() {}
}
struct Sent;
impl<T: ?Sized> NotSend<()> for T {}
impl<T: ?Sized + Send> NotSend<Sent> for T {}

#[test]
fn a_flight_is_send_exactly_when_its_effects_are() {
    sent::<Flight<crate::manual_host::ManualHost>>();
    <Flight<LocalHost> as NotSend<_>>::holds();
}
