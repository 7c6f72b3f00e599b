//! A completion sink that hands whole batches to the test.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use chasqui_proto::row::{Completion, Outcome, Read, Row, StoreRequest, Ticket};
use chasqui_storage::service::CompletionSink;

/// Long enough for any machine; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct BatchSink {
    batch: Vec<Completion>,
    out: Sender<Vec<Completion>>,
}

pub struct Batches(Receiver<Vec<Completion>>);

pub fn batch_sink() -> (Box<dyn CompletionSink>, Batches) {
    let (out, batches) = channel();
    (Box::new(BatchSink { batch: Vec::new(), out }), Batches(batches))
}

impl CompletionSink for BatchSink {
    fn complete(&mut self, completion: Completion) {
        self.batch.push(completion);
    }
    fn flush(&mut self) {
        // A test that has seen enough may have dropped its end.
        let _ = self.out.send(std::mem::take(&mut self.batch));
    }
}

impl Batches {
    pub fn next(&self) -> Vec<Completion> {
        self.0.recv_timeout(PATIENCE).expect("a completion comes")
    }
    /// Waits for exactly `count` completions.
    pub fn take(&self, count: usize) -> Vec<Completion> {
        let mut all = Vec::new();
        while all.len() < count {
            all.extend(self.next());
        }
        assert_eq!(all.len(), count, "no completion too many");
        all
    }
    /// Everything that has come and will come, once the service is gone.
    pub fn rest(&self) -> Vec<Completion> {
        self.0.iter().flatten().collect()
    }
}

pub fn write(ticket: u64, rows: Vec<Row>) -> StoreRequest {
    StoreRequest { ticket: Ticket(ticket), op: chasqui_proto::row::Op::Write(rows.into()) }
}

pub fn read(ticket: u64, read: Read) -> StoreRequest {
    StoreRequest { ticket: Ticket(ticket), op: chasqui_proto::row::Op::Read(read) }
}

pub fn tickets(completions: &[Completion]) -> Vec<u64> {
    completions.iter().map(|c| c.ticket.0).collect()
}

pub fn all_persisted(completions: &[Completion]) -> bool {
    completions.iter().all(|c| c.outcome == Outcome::Persisted)
}
