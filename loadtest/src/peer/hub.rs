//! What the peers of one thread share.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use chasqui_proto::command::AckLevel;

use crate::account::{Progress, Tally};
use crate::clock::Span;
use crate::window::Window;

/// One thread's settings and books.
pub struct Hub {
    pub ack: AckLevel,
    /// Bytes of a message's content.
    pub size: usize,
    /// Tells runs apart in client ids.
    pub run: u64,
    pub tally: RefCell<Tally>,
    pub progress: Arc<Progress>,
    /// By sender; empty in an open loop.
    pub windows: Arc<[Window]>,
    /// Latencies of messages due in this span are recorded.
    pub measured: Cell<Span>,
    /// The run is over: connections may end.
    pub closing: Cell<bool>,
}

impl Hub {
    pub fn window(&self, sender: u32) -> Option<&Window> {
        self.windows.get(sender as usize)
    }

    /// The tally, once no peer uses it any more.
    pub fn into_tally(self: Rc<Self>) -> Tally {
        self.tally.take()
    }
}
