//! A future that any number of callers wait for: whichever of them is polled drives it.
//!
//! resting ⇄ away, while somebody polls it ─► done
//!
//! When it may go on, all who wait are woken, as any of them may be dropped instead of polled. One
//! who came while it was away may have come too late to be woken, so that a wake-up in that time is
//! passed on when it is back.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::panicking;

use azid_shared::sync::{Arc, Mutex, lock};

/// One waiter of a shared future. Clones are others.
pub(crate) struct Shared<F: Future> {
    commons: Arc<Commons<F>>,
    seat: Option<Seat>,
}

struct Commons<F: Future> {
    stage: Mutex<Stage<F>>,
    bell: Arc<Bell>,
}

enum Stage<F: Future> {
    Resting(Pin<Box<F>>),
    Away,
    Done(F::Output),
}

impl<F: Future> Shared<F> {
    pub(crate) fn new(future: F) -> Self {
        Self {
            commons: Arc::new(Commons {
                stage: Mutex::new(Stage::Resting(Box::pin(future))),
                bell: Arc::default(),
            }),
            seat: None,
        }
    }

    /// Whether there is no other waiter.
    pub(crate) fn is_alone(&self) -> bool {
        Arc::strong_count(&self.commons) == 1
    }
}

impl<F: Future<Output: Clone>> Shared<F> {
    /// Polls the future. If it is not done, it is shown to `look`, unless somebody else is at it.
    pub(crate) fn poll_and_look<T>(
        &mut self,
        cx: &mut Context<'_>,
        look: impl FnOnce(&F) -> T,
    ) -> Result<F::Output, Option<T>> {
        let Self { commons, seat } = self;
        let mut stage = lock(&commons.stage);
        if let Stage::Done(output) = &*stage {
            return Ok(output.clone());
        }
        commons.bell.sit(seat, cx.waker());
        let Stage::Resting(future) = mem::replace(&mut *stage, Stage::Away) else {
            return Err(None);
        };
        commons.bell.listen();
        drop(stage);
        let mut outing = Outing {
            commons,
            seat,
            future: Some(future),
        };
        match outing.poll() {
            Poll::Ready(output) => Ok(output),
            Poll::Pending => Err(outing.future.as_deref().map(look)),
        }
    }
}

impl<F: Future<Output: Clone>> Future for Shared<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        match self.poll_and_look(cx, |_| ()) {
            Ok(output) => Poll::Ready(output),
            Err(_) => Poll::Pending,
        }
    }
}

impl<F: Future> Clone for Shared<F> {
    fn clone(&self) -> Self {
        Self {
            commons: Arc::clone(&self.commons),
            seat: None,
        }
    }
}

impl<F: Future> Drop for Shared<F> {
    fn drop(&mut self) {
        if let Some(seat) = self.seat {
            self.commons.bell.leave(seat);
        }
    }
}

/// A future while it is polled. Unless it is done it comes back, even from a panic.
struct Outing<'a, F: Future> {
    commons: &'a Commons<F>,
    /// That of who polls it.
    seat: &'a mut Option<Seat>,
    future: Option<Pin<Box<F>>>,
}

impl<F: Future<Output: Clone>> Outing<'_, F> {
    fn poll(&mut self) -> Poll<F::Output> {
        let Commons { stage, bell } = self.commons;
        let Some(future) = &mut self.future else {
            unreachable!("an outing begins with its future");
        };
        let waker = Waker::from(Arc::clone(bell));
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        if let Poll::Ready(output) = &polled {
            let over = self.future.take();
            *lock(stage) = Stage::Done(output.clone());
            if let Some(seat) = self.seat.take() {
                bell.leave(seat); // it hears of it here
            }
            bell.wake_by_ref();
            drop(over);
        }
        polled
    }
}

impl<F: Future> Drop for Outing<'_, F> {
    fn drop(&mut self) {
        let Commons { stage, bell } = self.commons;
        if let Some(future) = self.future.take() {
            *lock(stage) = Stage::Resting(future);
            if bell.has_rung() || panicking() {
                bell.wake_by_ref();
            }
        }
    }
}

/// Those who wait.
#[derive(Default)]
struct Bell(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// By their seats, in order.
    wakers: Vec<(Seat, Waker)>,
    seats: Seat,
    has_rung: bool,
}

type Seat = u64;

impl Bell {
    fn sit(&self, seat: &mut Option<Seat>, waker: &Waker) {
        let mut waiting = lock(&self.0);
        let seat = *seat.get_or_insert_with(|| {
            waiting.seats += 1;
            waiting.seats
        });
        match waiting.find(seat) {
            Ok(at) => waiting.wakers[at].1.clone_from(waker),
            Err(at) => waiting.wakers.insert(at, (seat, waker.clone())),
        }
    }

    fn leave(&self, seat: Seat) {
        let mut waiting = lock(&self.0);
        let left = waiting.find(seat).map(|at| waiting.wakers.remove(at));
        drop(waiting);
        drop(left); // after the lock: it may own anything
    }

    /// From now on, [`has_rung`](Self::has_rung) says whether there was a wake-up.
    fn listen(&self) {
        lock(&self.0).has_rung = false;
    }

    fn has_rung(&self) -> bool {
        lock(&self.0).has_rung
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut waiting = lock(&self.0);
        waiting.has_rung = true;
        let wakers = mem::take(&mut waiting.wakers);
        drop(waiting);
        wakers.into_iter().for_each(|(_, waker)| waker.wake());
    }
}

impl Waiting {
    fn find(&self, seat: Seat) -> Result<usize, usize> {
        self.wakers.binary_search_by_key(&seat, |(seat, _)| *seat)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[derive(Default)]
    struct Alarm(AtomicBool);

    impl Wake for Alarm {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    #[test]
    fn who_hears_the_end_is_not_woken_for_it_and_the_others_are() {
        let [hears, other] = [0, 1].map(|_| Arc::<Alarm>::default());
        let mut polls = 0;
        let mut driver = Shared::new(poll_fn(move |_| {
            polls += 1;
            match polls {
                3 => Poll::Ready(()),
                _ => Poll::Pending,
            }
        }));
        let mut waiter = driver.clone();
        let poll = |shared: &mut Shared<_>, alarm: &Arc<Alarm>| {
            let waker = Waker::from(Arc::clone(alarm));
            Pin::new(shared).poll(&mut Context::from_waker(&waker))
        };
        assert!(poll(&mut driver, &hears).is_pending());
        assert!(poll(&mut waiter, &other).is_pending());
        assert!(poll(&mut driver, &hears).is_ready());
        assert!(!hears.0.load(Ordering::SeqCst));
        assert!(other.0.load(Ordering::SeqCst));
        assert!(poll(&mut waiter, &other).is_ready());
    }

    #[test]
    fn who_comes_too_late_for_a_wake_up_is_woken_though_the_one_who_heard_it_is_dropped() {
        let late = Arc::<Mutex<Option<Pin<Box<dyn Future<Output = ()>>>>>>::default();
        let alarm = Arc::<Alarm>::default();
        let (comes, waker) = (Arc::clone(&late), Waker::from(Arc::clone(&alarm)));
        let mut is_over = false;
        let mut driver = Shared::new(poll_fn(move |cx| {
            if mem::replace(&mut is_over, true) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref(); // it may go on, which this poll does not see any more
            if let Some(late) = &mut *lock(&comes) {
                assert!(
                    late.as_mut()
                        .poll(&mut Context::from_waker(&waker))
                        .is_pending()
                );
            }
            Poll::Pending
        }));
        *lock(&late) = Some(Box::pin(driver.clone()));
        let polled = Pin::new(&mut driver).poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        drop(driver);
        assert!(alarm.0.load(Ordering::SeqCst), "it is woken");
        let mut late = lock(&late).take().expect("it still waits");
        assert!(
            late.as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_ready()
        );
    }
}
