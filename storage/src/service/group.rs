//! One group commit: the requests it covers, and what became of each.

use chasqui_proto::row::{Outcome, Row, StoreFailure, Ticket};

use super::shard::WriteRequest;
use super::{GROUP_BYTES_MAX, GROUP_ROWS_MAX};
use crate::engine::{CommitError, Engine};

#[derive(Default)]
pub(super) struct Group {
    /// In the order they were taken: per shard, the order of submission.
    requests: Vec<(usize, WriteRequest)>,
    rows: usize,
    bytes: usize,
}

impl Group {
    pub(super) fn add(&mut self, shard: usize, request: WriteRequest) {
        self.rows += request.1.len();
        self.bytes += request.1.iter().map(text_bytes).sum::<usize>();
        self.requests.push((shard, request));
    }

    pub(super) fn is_full(&self) -> bool {
        self.rows >= GROUP_ROWS_MAX || self.bytes >= GROUP_BYTES_MAX || self.requests.len() >= GROUP_ROWS_MAX
    }

    pub(super) fn requests(&self) -> usize {
        self.requests.len()
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Commits all requests at once and tells the outcome of each, in order.
    pub(super) fn commit(self, engine: &mut impl Engine, mut done: impl FnMut(usize, Ticket, Outcome)) {
        let groups: Vec<&[Row]> = self.requests.iter().map(|(_, (_, rows))| &rows[..]).collect();
        match engine.commit(&groups) {
            // One bad request must not take its neighbours with it.
            Err(CommitError::Rejected) if groups.len() > 1 => {
                for (shard, (ticket, rows)) in &self.requests {
                    done(*shard, *ticket, outcome(engine.commit(&[rows])));
                }
            }
            result => {
                for (shard, (ticket, _)) in &self.requests {
                    done(*shard, *ticket, outcome(result.clone()));
                }
            }
        }
    }
}

fn outcome(result: Result<(), CommitError>) -> Outcome {
    match result {
        Ok(()) => Outcome::Persisted,
        Err(CommitError::Unknown) => Outcome::Failed(StoreFailure::Unknown),
        Err(CommitError::Rejected) => Outcome::Failed(StoreFailure::Rejected),
    }
}

fn text_bytes(row: &Row) -> usize {
    match row {
        Row::Message(message) => message.content.len(),
        Row::Conversation(row) => row.title.len(),
        Row::Member(_) | Row::Receipt(_) => 0,
    }
}
