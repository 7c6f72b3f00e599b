//! Tasks of a shard.
//!
//! # Promise
//!
//! A task that is always ready never keeps the others from running: one that wakes itself goes behind
//! everything queued. monoio puts such a task at the *front* of its queue, so that it would run again at
//! once, and nothing else ever would; quinn and hyper both wake themselves when they have more to do.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};

use super::context::Shard;

/// A handle on a spawned task. Dropping it leaves the task running; awaiting it yields its result.
pub struct Task<T>(monoio::task::JoinHandle<T>);

impl<T> Future for Task<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        Pin::new(&mut self.0).poll(cx)
    }
}

/// Runs a future on this shard. It never moves to another thread.
pub fn spawn<F>(future: F) -> Task<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    Task(monoio::spawn(Fair { future: Box::pin(future), turnstile: Weak::new() }))
}

/// Lets everything that is queued run first, and due timers fire.
pub async fn yield_now() {
    let yielded = Cell::new(false);
    poll_fn(|cx| {
        if yielded.replace(true) {
            return Poll::Ready(());
        }
        Shard::current().defer(cx.waker().clone());
        Poll::Pending
    })
    .await;
}

/// A task's future behind a waker that notices being woken from within.
struct Fair<F> {
    future: Pin<Box<F>>,
    /// Weak, because the turnstile keeps the task alive: only whoever may still wake it shall do that.
    turnstile: Weak<Turnstile>,
}

/// Stands before the executor's own waker, which stays the same for a task's whole life.
struct Turnstile {
    task: Waker,
    running: AtomicBool,
    again: AtomicBool,
}

impl<F: Future> Future for Fair<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.get_mut();
        let turnstile = this.turnstile(cx.waker());
        turnstile.running.store(true, Relaxed);
        let waker = Waker::from(turnstile.clone());
        let result = this.future.as_mut().poll(&mut Context::from_waker(&waker));
        turnstile.running.store(false, Relaxed);
        if turnstile.again.swap(false, Relaxed) && result.is_pending() {
            Shard::current().defer(turnstile.task.clone());
        }
        result
    }
}

impl<F> Fair<F> {
    /// The turnstile that some waiting place still holds, so that it recognises the task, or a new one.
    fn turnstile(&mut self, task: &Waker) -> Arc<Turnstile> {
        self.turnstile.upgrade().unwrap_or_else(|| {
            let (running, again) = (AtomicBool::new(false), AtomicBool::new(false));
            let turnstile = Arc::new(Turnstile { task: task.clone(), running, again });
            self.turnstile = Arc::downgrade(&turnstile);
            turnstile
        })
    }
}

impl Wake for Turnstile {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.running.load(Relaxed) {
            self.again.store(true, Relaxed);
        } else {
            self.task.wake_by_ref();
        }
    }
}
