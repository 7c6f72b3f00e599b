//! What a connection has still to write: one buffer, filled by anyone, drained by one writer task.
//!
//! Whatever is put in while a write is under way leaves with the next one, so many frames share a system call.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::Notify;

/// Above this, `put` waits for the writer. A burst of small frames fits; a peer that does not read costs no more.
pub const OUTGOING_BYTES_MAX: usize = 256 * 1024;

#[derive(Default, Debug)]
struct State {
    bytes: Vec<u8>,
    /// No more will be put in; the writer ends when the buffer is empty.
    finished: bool,
    /// The writer has ended: what is put in goes nowhere.
    broken: bool,
}

#[derive(Default, Debug)]
pub struct Outgoing {
    state: Mutex<State>,
    filled: Notify,
    drained: Notify,
}

/// The right to put in. When the last holder drops it, the writer ends after what is there.
#[derive(Debug)]
pub struct Feed(pub Arc<Outgoing>);

impl Drop for Feed {
    fn drop(&mut self) {
        self.0.finish();
    }
}

/// The connection is over; the receiver knows why.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the connection is closed")]
pub struct Broken;

impl Outgoing {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no code panics while it holds this lock")
    }

    /// Lets `write` append to the buffer, as soon as there is room.
    pub async fn put(&self, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), Broken> {
        loop {
            // Listening begins before the look at the buffer, so that no wake-up falls between.
            let drained = self.drained.notified();
            {
                let mut state = self.state();
                if state.broken || state.finished {
                    return Err(Broken);
                }
                if state.bytes.len() < OUTGOING_BYTES_MAX {
                    write(&mut state.bytes);
                    self.filled.notify_one();
                    return Ok(());
                }
            }
            drained.await;
        }
    }

    /// Answers that must not wait (pong, close); small, and as many as the peer asks for, so past the limit they go.
    pub fn put_now(&self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        if state.bytes.len() < 2 * OUTGOING_BYTES_MAX && !state.finished {
            write(&mut state.bytes);
            self.filled.notify_one();
        }
    }

    /// After what was put in, nothing follows.
    pub fn finish(&self) {
        self.state().finished = true;
        self.filled.notify_one();
    }

    fn break_off(&self) {
        self.state().broken = true;
        self.drained.notify_waiters();
    }

    /// Takes what is there; `None` when nothing follows.
    async fn take(&self, mut spare: Vec<u8>) -> Option<Vec<u8>> {
        spare.clear();
        loop {
            {
                let mut state = self.state();
                if !state.bytes.is_empty() {
                    std::mem::swap(&mut state.bytes, &mut spare);
                    return Some(spare);
                }
                if state.finished {
                    return None;
                }
            }
            self.filled.notified().await;
        }
    }

    /// The writer task.
    pub async fn drain_into(self: Arc<Self>, mut stream: impl AsyncWrite + Unpin) -> io::Result<()> {
        let mut spare = Vec::new();
        let result = loop {
            let Some(bytes) = self.take(spare).await else { break stream.shutdown().await };
            self.drained.notify_waiters();
            if let Err(error) = write(&mut stream, &bytes).await {
                break Err(error);
            }
            spare = bytes;
        };
        self.break_off();
        result
    }
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn everything_arrives_in_order_and_then_the_end() {
        let (near, mut far) = tokio::io::duplex(7);
        let outgoing = Arc::new(Outgoing::default());
        let writer = tokio::spawn(outgoing.clone().drain_into(near));
        for i in 0..100u8 {
            outgoing.put(|bytes| bytes.extend([i; 3])).await.unwrap();
            tokio::task::yield_now().await;
        }
        outgoing.finish();
        assert_eq!(outgoing.put(|_| ()).await, Err(Broken));
        let mut got = Vec::new();
        far.read_to_end(&mut got).await.unwrap();
        assert_eq!(got, (0..100u8).flat_map(|i| [i; 3]).collect::<Vec<_>>());
        writer.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_peer_that_does_not_read_costs_no_more_than_the_limit() {
        let (near, far) = tokio::io::duplex(16);
        let outgoing = Arc::new(Outgoing::default());
        let writer = tokio::spawn(outgoing.clone().drain_into(near));
        let filler = outgoing.clone();
        let mut put = tokio::spawn(async move { while filler.put(|bytes| bytes.extend([0; 1000])).await.is_ok() {} });
        while outgoing.state().bytes.len() < OUTGOING_BYTES_MAX {
            tokio::task::yield_now().await;
        }
        (0..1000).for_each(|_| outgoing.put_now(|bytes| bytes.extend([0; 1000])));
        assert!(outgoing.state().bytes.len() < 2 * OUTGOING_BYTES_MAX + 1000);
        assert!(!put.is_finished());
        drop(far);
        assert!(writer.await.unwrap().is_err());
        (&mut put).await.unwrap();
    }
}
