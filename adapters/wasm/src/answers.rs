//! The user's own code, by the names under which credentials ask for it. It may use JavaScript, so
//! its futures stay on their thread.

use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;

use azid_async::Reply;
use azid_core::effect::{CallbackId, Effect, Refusal};
use azid_core::{Call, Step};
use futures_util::future::LocalBoxFuture;

use crate::scope::now;

/// The callbacks of one kind of effect.
pub(crate) struct Answers<E: Effect>(BTreeMap<CallbackId, Rc<Answer<E>>>);

type Answer<E> = dyn Fn(<E as Effect>::Request) -> LocalBoxFuture<'static, Reply<E>>;

impl<E: Effect> Answers<E> {
    pub(crate) fn register<F>(
        &mut self,
        name: CallbackId,
        answer: impl Fn(E::Request) -> F + 'static,
    ) where
        F: Future<Output = Reply<E>> + 'static,
    {
        let answer = move |request| Box::pin(answer(request)) as LocalBoxFuture<'static, Reply<E>>;
        self.0.insert(name, Rc::new(answer));
    }

    /// Has the callback of this name answer, if there is one.
    pub(crate) fn find(
        &self,
        name: &CallbackId,
        request: &E::Request,
    ) -> Result<LocalBoxFuture<'static, Reply<E>>, Refusal> {
        match self.0.get(name) {
            Some(answer) => Ok(answer(request.clone())),
            None => Err(Refusal::NotRegistered(name.clone())),
        }
    }

    pub(crate) fn answer(&self, name: CallbackId, call: Call<E>) -> LocalBoxFuture<'static, Step> {
        match self.find(&name, call.request()) {
            Ok(reply) => Box::pin(async move { call.reply(reply.await, now()) }),
            Err(refusal) => Box::pin(async move { call.refuse(refusal, now()) }),
        }
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &CallbackId> {
        self.0.keys()
    }
}

impl<E: Effect> Default for Answers<E> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}
