//! How arrivals are booked, whichever way they came.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use chasqui_client::raw::Closed;
use chasqui_proto::codes::CloseCode;
use chasqui_proto::event::Message;
use tokio::sync::mpsc::UnboundedSender;

use super::{Habit, Hub, Notice, PeerPlan};
use crate::account::{Arrival, Flow, Pending, record};
use crate::clock::{self, Nanos};
use crate::stamp::Stamp;

/// What one connection's arrivals are booked with.
pub(super) struct Books {
    pub hub: Rc<Hub>,
    notices: UnboundedSender<Notice>,
    pending: Rc<RefCell<Pending>>,
    hears: Range<u32>,
    /// The peer itself, should it be in the range: what it sends is not told back to it.
    own: Option<u32>,
    audience: u32,
    pub habit: Habit,
    flows: Vec<Flow>,
}

impl Books {
    pub fn new(hub: Rc<Hub>, notices: UnboundedSender<Notice>, pending: Rc<RefCell<Pending>>, plan: &PeerPlan) -> Self {
        let flows = plan.hears.clone().map(|_| Flow::default()).collect();
        let PeerPlan { sender: own, audience, habit, .. } = *plan;
        Self { hub, notices, pending, hears: plan.hears.clone(), own, audience, habit, flows }
    }

    pub fn message(&mut self, message: &Message) {
        match Stamp::parse(&message.content) {
            // Nobody waits for what reaches a peer that reads no more.
            Some(_) if self.habit == Habit::Stalls => {}
            Some(stamp) => self.stamped(stamp),
            None => self.notify(Notice::Greeted),
        }
    }

    /// A message of a server without chat. An empty one tells that the room is entered.
    pub fn payload(&mut self, payload: &[u8]) {
        match str::from_utf8(payload).ok().and_then(Stamp::parse) {
            Some(stamp) => self.stamped(stamp),
            None => self.notify(Notice::Welcome),
        }
    }

    /// A typing signal. Of a sender that hears nobody it is no matter.
    pub fn typed(&mut self, on: bool) {
        let Some(sender) = self.hears.clone().next() else { return };
        let Some(signal) = self.hub.signal(sender) else { return };
        match signal.arrive(on) {
            Some((counter, due)) => self.arrived(Stamp { sender, counter, due }, clock::now()),
            None => self.hub.tally.borrow_mut().counts.late += 1,
        }
    }

    fn stamped(&mut self, stamp: Stamp) {
        let now = clock::now();
        let mut tally = self.hub.tally.borrow_mut();
        if !self.hears.contains(&stamp.sender) || self.own == Some(stamp.sender) {
            tally.counts.misdelivered += 1;
            return tally.trouble(|| format!("a message of sender {} came to somebody else", stamp.sender));
        }
        match self.flows[(stamp.sender - self.hears.start) as usize].arrive(stamp.counter) {
            Arrival::Duplicate => return tally.counts.duplicated += 1,
            Arrival::OutOfOrder => tally.counts.out_of_order += 1,
            Arrival::InOrder => {}
        }
        drop(tally);
        self.arrived(stamp, now);
    }

    /// Of a message that did not come before.
    fn arrived(&self, stamp: Stamp, now: Nanos) {
        let tally = &mut *self.hub.tally.borrow_mut();
        let after_its_step = stamp.due < self.hub.start.get();
        tally.counts.late += u64::from(after_its_step || now.saturating_sub(stamp.due) > self.hub.late_after);
        if after_its_step {
            return;
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

    pub fn acked(&mut self, id: &str) {
        let due = parse(id).and_then(|counter| self.pending.borrow_mut().answered(counter));
        let tally = &mut *self.hub.tally.borrow_mut();
        let Some(due) = due else {
            tally.counts.misdelivered += 1;
            return tally.trouble(|| format!("an ack nobody waits for: {id:?}"));
        };
        if due < self.hub.start.get() {
            return;
        }
        tally.counts.acked += 1;
        if self.hub.measured.get().contains(due) {
            record(&mut tally.ack, due, clock::now());
        }
        self.hub.progress.acked();
    }

    pub fn refused(&mut self, id: &str, name: &'static str) {
        self.hub.tally.borrow_mut().trouble(|| format!("the server answered {name}"));
        let Some(counter) = parse(id) else { return };
        let Some(due) = self.pending.borrow_mut().answered(counter) else { return };
        if due < self.hub.start.get() {
            return;
        }
        let counts = &mut self.hub.tally.borrow_mut().counts;
        counts.refused += 1;
        counts.expected -= u64::from(self.audience);
        self.hub.progress.refused(self.audience);
        if let Some(window) = self.own.and_then(|sender| self.hub.window(sender)) {
            window.refused(counter);
        }
    }

    pub fn ended(&self, why: &Closed) {
        if !self.hub.closing.get() {
            let tally = &mut *self.hub.tally.borrow_mut();
            if self.habit == Habit::Stalls && is_cut(why) {
                tally.counts.cut += 1;
            } else {
                tally.counts.disconnected += 1;
                tally.trouble(|| format!("a connection ended: {why}"));
            }
        }
        self.notify(Notice::Ended(why.to_string()));
    }

    pub fn notify(&self, notice: Notice) {
        // Nobody listens once the load runs.
        let _ = self.notices.send(notice);
    }
}

/// Ended for reading too slowly. The server's word for it may be stuck behind what was not read, so an end without a
/// word is one, too; but not one for another reason, such as pings without an answer.
fn is_cut(why: &Closed) -> bool {
    match why {
        Closed::ByPeer { .. } => why.code() == Some(CloseCode::SlowConsumer),
        Closed::Lost(_) => true,
        Closed::Malformed(_) | Closed::Silent => false,
    }
}

/// Request ids of load are the message's counter.
fn parse(id: &str) -> Option<u64> {
    id.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Counts;
    use crate::clock::NANOS_PER_SECOND;
    use crate::peer::{Opening, hub::tests::hub};
    use crate::stamp::Content;
    use chasqui_proto::ids::{ClientId, ConvId, MsgId, UserId};

    fn books(hub: &Rc<Hub>, habit: Habit, pending: Pending) -> Books {
        let opening = Opening::Idle;
        let plan = PeerPlan { user: "u".into(), sender: None, audience: 3, hears: 0..2, opening, habit, shard: None };
        Books::new(hub.clone(), tokio::sync::mpsc::unbounded_channel().0, Rc::new(RefCell::new(pending)), &plan)
    }

    fn message(sender: u32, counter: u64, due: clock::Nanos) -> Message {
        Message {
            conv: ConvId([0; 16]),
            msg_id: MsgId(1),
            seq: 1,
            epoch: 1,
            sender: UserId::new("other").unwrap(),
            client_id: ClientId([0; 16]),
            content: Content::new(0).stamped(Stamp { sender, counter, due }).into(),
            at: 0,
            retracted: false,
        }
    }

    fn counts(hub: &Hub) -> Counts {
        hub.tally.borrow().counts
    }

    #[test]
    fn what_comes_after_its_step_is_late_and_not_delivered() {
        let (hub, now) = (hub(), clock::now());
        hub.start.set(now);
        let mut books = books(&hub, Habit::Reads, Pending::default());
        books.message(&message(0, 0, now - 1));
        books.message(&message(0, 1, now));
        books.message(&message(1, 0, now - 2 * NANOS_PER_SECOND));
        assert_eq!((counts(&hub).delivered, counts(&hub).late), (1, 2));
    }

    #[test]
    fn what_comes_beyond_the_allowance_is_late_and_delivered() {
        let (hub, now) = (hub(), clock::now());
        hub.start.set(now - 5 * NANOS_PER_SECOND);
        let mut books = books(&hub, Habit::Reads, Pending::default());
        books.message(&message(0, 0, now - 4 * NANOS_PER_SECOND));
        books.message(&message(0, 1, clock::now()));
        assert_eq!((counts(&hub).delivered, counts(&hub).late), (2, 1));
    }

    #[test]
    fn each_way_to_go_wrong_is_told_apart() {
        let (hub, now) = (hub(), clock::now());
        hub.start.set(now);
        let mut books = books(&hub, Habit::Reads, Pending::default());
        for (sender, counter) in [(0, 1), (0, 1), (0, 0), (2, 0)] {
            books.message(&message(sender, counter, now));
        }
        let found = counts(&hub);
        assert_eq!((found.delivered, found.duplicated, found.out_of_order, found.misdelivered), (2, 1, 1, 1));
    }

    #[test]
    fn a_refusal_takes_back_what_was_expected_unless_its_step_is_over() {
        let (hub, now) = (hub(), clock::now());
        hub.start.set(now);
        hub.tally.borrow_mut().counts.expected = 3;
        hub.progress.sent(3);
        let mut pending = Pending::default();
        pending.sent(now - 1);
        pending.sent(now);
        let mut books = books(&hub, Habit::Reads, pending);
        books.refused("0", "overloaded");
        assert_eq!((counts(&hub).refused, counts(&hub).expected), (0, 3));
        books.refused("1", "overloaded");
        assert_eq!((counts(&hub).refused, counts(&hub).expected), (1, 0));
    }

    #[test]
    fn only_an_end_for_reading_slowly_is_a_cut() {
        let by_peer = |code| Closed::ByPeer { code, reason: String::new() };
        for (habit, why, cut) in [
            (Habit::Stalls, by_peer(4001), 1),
            (Habit::Stalls, Closed::Lost("reset".into()), 1),
            (Habit::Stalls, by_peer(4002), 0),
            (Habit::Reads, by_peer(4001), 0),
        ] {
            let hub = hub();
            books(&hub, habit, Pending::default()).ended(&why);
            assert_eq!((counts(&hub).cut, counts(&hub).disconnected), (cut, 1 - cut), "{why}");
        }
    }
}
