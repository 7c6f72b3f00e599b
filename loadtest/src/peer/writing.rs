//! The task that writes: stamps and encodes what is due, and gathers what has queued up into one write.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use chasqui_proto::command::{Command, Target};
use chasqui_proto::dialect::encode_command;
use chasqui_proto::ids::ConvId;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::Hub;
use crate::account::{Pending, record};
use crate::clock::{self, Nanos};
use crate::stamp::{Content, Stamp, client_id};
use crate::wire::Writer;

/// Frames in one write. What is due must not wait for a crowd behind it.
const BATCH_MAX: usize = 64;

/// Grows while the server does not take what is sent; an open loop does not slow down for it. Bounded by the run.
pub type Outbox = UnboundedSender<Outgoing>;

/// Something to be written.
#[derive(Debug)]
pub enum Outgoing {
    /// A message of the load.
    Message {
        conv: ConvId,
        due: Nanos,
    },
    /// An encoded command.
    Frame(Vec<u8>),
    Pong(Bytes),
    Close,
}

struct Speaker {
    writer: Writer,
    hub: Rc<Hub>,
    pending: Rc<RefCell<Pending>>,
    sender: u32,
    content: Content,
    frame: Vec<u8>,
    id: String,
}

/// Writes until told to close, or the connection is gone; the reader tells of the latter.
pub(super) async fn run(
    writer: Writer,
    mut queue: UnboundedReceiver<Outgoing>,
    hub: Rc<Hub>,
    pending: Rc<RefCell<Pending>>,
    sender: u32,
) {
    let content = Content::new(hub.size);
    let mut speaker = Speaker { writer, hub, pending, sender, content, frame: Vec::new(), id: String::new() };
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while queue.recv_many(&mut batch, BATCH_MAX).await > 0 {
        for outgoing in batch.drain(..) {
            if let Outgoing::Close = outgoing {
                return speaker.writer.close().await;
            }
            if speaker.write(outgoing).await.is_err() {
                return;
            }
        }
        if speaker.writer.flush().await.is_err() {
            return;
        }
    }
}

impl Speaker {
    async fn write(&mut self, outgoing: Outgoing) -> anyhow::Result<()> {
        match outgoing {
            Outgoing::Message { conv, due } => {
                self.encode(conv, due);
                self.writer.frame(&mut self.frame).await
            }
            Outgoing::Frame(mut frame) => self.writer.frame(&mut frame).await,
            Outgoing::Pong(payload) => self.writer.pong(payload).await,
            Outgoing::Close => Ok(()),
        }
    }

    fn encode(&mut self, conv: ConvId, due: Nanos) {
        use std::fmt::Write;
        let counter = self.pending.borrow().next();
        self.id.clear();
        write!(self.id, "{counter}").expect("a string takes what is written");
        let content = self.content.stamped(Stamp { sender: self.sender, counter, due });
        self.frame.clear();
        let command = Command::Send {
            id: &self.id,
            target: Target::Conversation(conv),
            client_id: client_id(self.hub.run, self.sender, counter),
            content,
            ack: self.hub.ack,
            resend: false,
        };
        encode_command(self.hub.dialect, &command, &mut self.frame);
        self.book(due);
    }

    fn book(&mut self, due: Nanos) {
        self.pending.borrow_mut().sent(due);
        self.hub.progress.sent();
        let tally = &mut *self.hub.tally.borrow_mut();
        tally.counts.sent += 1;
        if self.hub.measured.get().contains(due) {
            record(&mut tally.send_lag, due, clock::now());
        }
    }
}
