//! A store that keeps nothing across a restart and answers at once, on the thread that asks.
//!
//! For benches and tests of the relay itself: it has no durable copy, no thread and no queue, so what it costs is one
//! look into ordered maps under a lock.

use std::sync::{Arc, Mutex};

use chasqui_proto::row::{Completion, Op, Outcome, StoreRequest};

use super::tables::Tables;

/// One store, reached by all shards.
#[derive(Clone, Default, Debug)]
pub struct Volatile(Arc<Mutex<Tables>>);

impl Volatile {
    pub fn answer(&self, request: StoreRequest) -> Completion {
        let mut tables = self.0.lock().expect("no holder of this lock panics");
        let outcome = match request.op {
            Op::Write(rows) => {
                rows.iter().for_each(|row| tables.write(row));
                Outcome::Persisted
            }
            Op::Read(read) => Outcome::Found(tables.read(&read)),
        };
        Completion { ticket: request.ticket, outcome }
    }
}
