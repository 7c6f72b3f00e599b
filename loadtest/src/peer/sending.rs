//! The task that sends what is due.

use std::cell::RefCell;
use std::fmt::Write;
use std::rc::Rc;

use chasqui_client::raw::Sender;
use chasqui_proto::command::{Command, Target};
use chasqui_proto::ids::ConvId;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::{Hub, Place, Signal};
use crate::account::{Pending, record};
use crate::clock::{self, Nanos};
use crate::stamp::{Content, Stamp, client_id};

/// Grows while the server does not take what is sent; an open loop does not slow down for it. Bounded by the run.
pub type Outbox = UnboundedSender<Due>;

/// A message to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    pub place: Place,
    pub at: Nanos,
}

/// One sender's voice.
pub(super) struct Speaker {
    to: Sender,
    hub: Rc<Hub>,
    pending: Rc<RefCell<Pending>>,
    number: u32,
    audience: u32,
    content: Content,
    id: String,
}

/// Sends until the peer or its connection is gone; the reader tells of the latter.
pub(super) async fn run(mut speaker: Speaker, mut queue: UnboundedReceiver<Due>) {
    while let Some(due) = queue.recv().await {
        if speaker.say(due).await.is_err() {
            return;
        }
    }
}

impl Speaker {
    pub fn new(to: Sender, hub: Rc<Hub>, pending: Rc<RefCell<Pending>>, number: u32, audience: u32) -> Self {
        let content = Content::new(hub.size);
        Self { to, hub, pending, number, audience, content, id: String::new() }
    }

    async fn say(&mut self, due: Due) -> anyhow::Result<()> {
        let counter = self.pending.borrow().next();
        self.book(due.at);
        if due.place == Place::Floor {
            self.expect_no_answer(counter);
        }
        if let (Some(signal), Place::Conversation(conv)) = (self.hub.signal(self.number), due.place) {
            return self.signal(&signal, conv, counter, due.at).await;
        }
        let content = self.content.stamped(Stamp { sender: self.number, counter, due: due.at });
        let Place::Conversation(conv) = due.place else {
            return Ok(self.to.send_payload(content.as_bytes()).await?);
        };
        self.id.clear();
        write!(self.id, "{counter}")?;
        let command = Command::Send {
            id: &self.id,
            target: Target::Conversation(conv),
            client_id: client_id(self.hub.run, self.number, counter),
            content,
            ack: self.hub.ack,
            resend: false,
        };
        Ok(self.to.send(&command).await?)
    }

    /// Types, and waits until the partner knows or cannot be expected to.
    async fn signal(&mut self, signal: &Signal, conv: ConvId, counter: u64, due: Nanos) -> anyhow::Result<()> {
        self.expect_no_answer(counter);
        self.id.clear();
        write!(self.id, "{counter}")?;
        let on = signal.begin(counter, due);
        self.to.send(&Command::Typing { id: &self.id, conv, on }).await?;
        if !signal.settled().await
            && let Some(window) = self.hub.window(self.number)
        {
            window.refused(counter);
        }
        Ok(())
    }

    fn expect_no_answer(&self, counter: u64) {
        self.pending.borrow_mut().answered(counter);
        self.hub.tally.borrow_mut().counts.unasked += 1;
        // To the run it is one answer less to wait for.
        self.hub.progress.acked();
    }

    fn book(&mut self, due: Nanos) {
        self.pending.borrow_mut().sent(due);
        self.hub.progress.sent(self.audience);
        let tally = &mut *self.hub.tally.borrow_mut();
        tally.counts.sent += 1;
        tally.counts.expected += u64::from(self.audience);
        if self.hub.measured.get().contains(due) {
            record(&mut tally.send_lag, due, clock::now());
        }
    }
}
