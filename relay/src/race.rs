//! One future against another.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::rt::timer;

/// Runs `future` until it is done or `stop` is; `None` where `stop` was first. The loser is dropped, so `future` must
/// be cancel-safe or its owner done with it.
pub async fn until<F: Future>(future: F, stop: impl Future) -> Option<F::Output> {
    let (mut future, mut stop) = (pin!(future), pin!(stop));
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => stop.as_mut().poll(cx).map(|_| None),
    })
    .await
}

/// Runs `future` for at most `limit`; `None` where that was too short.
pub async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    until(future, timer::sleep(limit)).await
}
