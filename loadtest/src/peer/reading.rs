//! The task that reads and books what arrives.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use chasqui_client::raw::{Closed, Receiver};
use chasqui_proto::event::Event;
use tokio::sync::mpsc::UnboundedSender;

use super::prepare::OPENING_ID;
use super::{Hub, Notice, PeerPlan};
use crate::account::{Arrival, Flow, Pending, record};
use crate::clock;
use crate::stamp::Stamp;

/// What one connection's arrivals are booked with.
pub(super) struct Listener {
    hub: Rc<Hub>,
    notices: UnboundedSender<Notice>,
    pending: Rc<RefCell<Pending>>,
    hears: Range<u32>,
    /// The peer itself, should it be in the range: what it sends is not told back to it.
    own: Option<u32>,
    flows: Vec<Flow>,
}

/// Reads until the connection ends.
pub(super) async fn run(mut receiver: Receiver, mut listener: Listener) {
    loop {
        match receiver.next().await {
            Ok(event) => listener.event(event),
            Err(closed) => return listener.ended(&closed),
        }
    }
}

/// The same on a server without chat.
pub(super) async fn run_on_floor(mut receiver: Receiver, mut listener: Listener) {
    loop {
        match receiver.next_payload().await {
            Ok(payload) => listener.payload(&payload),
            Err(closed) => return listener.ended(&closed),
        }
    }
}

impl Listener {
    pub fn new(hub: Rc<Hub>, notices: UnboundedSender<Notice>, pending: Rc<RefCell<Pending>>, plan: &PeerPlan) -> Self {
        let flows = plan.hears.clone().map(|_| Flow::default()).collect();
        Self { hub, notices, pending, hears: plan.hears.clone(), own: plan.sender, flows }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Message { message, .. } => match Stamp::parse(&message.content) {
                Some(stamp) => self.message(stamp),
                None => self.notify(Notice::Greeted),
            },
            Event::Ack { id, conv, .. } if id == OPENING_ID => self.notify(Notice::Ready(conv)),
            Event::Ack { id, .. } => self.acked(&id),
            Event::ConversationCreated { id, conv, .. } => {
                self.notify(if id == OPENING_ID { Notice::Ready(conv) } else { Notice::Joined(conv) });
            }
            Event::Error { id, code, .. } if id != OPENING_ID => self.refused(&id, code.name()),
            Event::Error { code, .. } => self.notify(Notice::Refused { name: code.name(), retry: code.retry() }),
            Event::Welcome { .. } => self.notify(Notice::Welcome),
            Event::Receipt { .. }
            | Event::MemberAdded { .. }
            | Event::Typing { .. }
            | Event::Presence { .. }
            | Event::SyncResult { .. }
            | Event::Retracted { .. }
            | Event::Draining { .. } => {}
        }
    }

    fn payload(&mut self, payload: &[u8]) {
        match str::from_utf8(payload).ok().and_then(Stamp::parse) {
            Some(stamp) => self.message(stamp),
            // An empty message tells that the room is entered.
            None => self.notify(Notice::Welcome),
        }
    }

    fn message(&mut self, stamp: Stamp) {
        let now = clock::now();
        let tally = &mut *self.hub.tally.borrow_mut();
        if !self.hears.contains(&stamp.sender) || self.own == Some(stamp.sender) {
            tally.counts.misdelivered += 1;
            return tally.trouble(|| format!("a message of sender {} came to somebody else", stamp.sender));
        }
        match self.flows[(stamp.sender - self.hears.start) as usize].arrive(stamp.counter) {
            Arrival::Duplicate => return tally.counts.duplicated += 1,
            Arrival::OutOfOrder => tally.counts.out_of_order += 1,
            Arrival::InOrder => {}
        }
        tally.counts.delivered += 1;
        if self.hub.measured.get().contains(stamp.due) {
            record(&mut tally.delivery, stamp.due, now);
            tally.timeline.record(self.hub.measured.get(), stamp.due, now);
        }
        self.hub.progress.delivered();
        if let Some(window) = self.hub.window(stamp.sender) {
            window.delivered(stamp.counter);
        }
    }

    fn acked(&mut self, id: &str) {
        let due = parse(id).and_then(|counter| self.pending.borrow_mut().answered(counter));
        let tally = &mut *self.hub.tally.borrow_mut();
        let Some(due) = due else {
            tally.counts.misdelivered += 1;
            return tally.trouble(|| format!("an ack nobody waits for: {id:?}"));
        };
        tally.counts.acked += 1;
        if self.hub.measured.get().contains(due) {
            record(&mut tally.ack, due, clock::now());
        }
        self.hub.progress.acked();
    }

    fn refused(&mut self, id: &str, name: &'static str) {
        self.hub.tally.borrow_mut().trouble(|| format!("the server answered {name}"));
        let Some(counter) = parse(id) else { return };
        if self.pending.borrow_mut().answered(counter).is_none() {
            return;
        }
        self.hub.tally.borrow_mut().counts.refused += 1;
        self.hub.progress.refused();
        if let Some(window) = self.own.and_then(|sender| self.hub.window(sender)) {
            window.refused(counter);
        }
    }

    fn ended(&self, why: &Closed) {
        if !self.hub.closing.get() {
            let tally = &mut *self.hub.tally.borrow_mut();
            tally.counts.disconnected += 1;
            tally.trouble(|| format!("a connection ended: {why}"));
        }
        self.notify(Notice::Ended(why.to_string()));
    }

    fn notify(&self, notice: Notice) {
        // Nobody listens once the load runs.
        let _ = self.notices.send(notice);
    }
}

/// Request ids of load are the message's counter.
fn parse(id: &str) -> Option<u64> {
    id.parse().ok()
}
