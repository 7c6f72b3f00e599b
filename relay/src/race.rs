//! One future against another.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::rt::timer::{self, Sleep};

pin_project! {
    /// Both futures, each held once: an `async fn` would keep the place of its arguments beside them, and every idle
    /// connection waits in a race.
    pub struct Until<F, S> {
        #[pin]
        future: F,
        #[pin]
        stop: S,
    }
}

impl<F: Future, S: Future> Future for Until<F, S> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.future.poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => this.stop.poll(cx).map(|_| None),
        }
    }
}

/// Runs `future` until it is done or `stop` is; `None` where `stop` was first. The loser is dropped, so `future` must
/// be cancel-safe or its owner done with it.
pub fn until<F: Future, S: Future>(future: F, stop: S) -> Until<F, S> {
    Until { future, stop }
}

/// Runs `future` for at most `limit`; `None` where that was too short.
pub fn within<F: Future>(limit: Duration, future: F) -> Until<F, Sleep> {
    until(future, timer::sleep(limit))
}
