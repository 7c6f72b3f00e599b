//! A shard's way to the store, whichever engine it is.

use chasqui_proto::row::{Completion, Outcome, StoreFailure, StoreRequest};
use chasqui_storage::memory::Volatile;
use chasqui_storage::service::ShardHandle;

pub enum StoreHandle {
    /// Threads of their own; the answer comes through the shard's inbox. The queue holds as many as the core has slots.
    Service(ShardHandle),
    /// Answers at once.
    Volatile(Volatile),
}

impl StoreHandle {
    /// Sends the request on. What is answered at once is returned.
    pub fn submit(&mut self, request: StoreRequest) -> Option<Completion> {
        match self {
            // Only a stopped store refuses: nobody knows whether the request was carried out.
            Self::Service(handle) => handle
                .submit(request)
                .err()
                .map(|request| Completion { ticket: request.ticket, outcome: Outcome::Failed(StoreFailure::Unknown) }),
            Self::Volatile(store) => Some(store.answer(request)),
        }
    }
}
