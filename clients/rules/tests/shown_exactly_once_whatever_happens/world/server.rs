//! The naive server: one list of rows per conversation, and how many of them are durable.

use std::sync::Arc;

use chasqui_client_rules::{Known, OwnedCommand, OwnedTarget};
use chasqui_proto::codes::ErrorCode;
use chasqui_proto::command::AckLevel;
use chasqui_proto::event::{Event, Head, Limits, Message, SyncConversation};
use chasqui_proto::ids::{ClientId, ConvId, MsgId, ReqId, Seq, SessionId, UserId};

use super::{CONVS, conv_id, user};

const SYNC_MESSAGES: usize = 3;

#[derive(Clone)]
pub struct Row {
    pub msg_id: MsgId,
    pub epoch: u64,
    pub sender: UserId,
    pub client_id: ClientId,
    pub retracted: bool,
    /// Sent by the client under test, which alone may send it again.
    pub ours: bool,
}

#[derive(Default)]
pub struct Log {
    pub rows: Vec<Row>,
    durable: usize,
    epoch: u64,
    /// Acks that wait for their row: request, row index, level.
    waiting: Vec<(ReqId, usize, AckLevel)>,
}

#[derive(Default)]
pub struct Server {
    pub logs: [Log; CONVS],
    pub says: Vec<Event>,
    /// What crashes took from other senders.
    lost: Vec<(usize, UserId, ClientId)>,
    msg_ids: u64,
}

impl Log {
    fn find(&self, sender: &UserId, client_id: ClientId) -> Option<usize> {
        self.rows.iter().position(|r| r.sender == *sender && r.client_id == client_id && !r.retracted)
    }
}

impl Server {
    pub fn welcome(&self) -> Event {
        let head = |(i, log): (usize, &Log)| Head {
            conv: conv_id(i),
            last_seq: log.rows.len() as Seq,
            durable_seq: log.durable as Seq,
            epoch: log.epoch,
            read_seq: 0,
        };
        let heads = self.logs.iter().enumerate().map(head).collect();
        let limits = Limits { max_frame_bytes: 65_536, sends_per_second: 10, burst: 20 };
        Event::Welcome { id: "".into(), user: user("alice"), session: SessionId(1), heads, limits }
    }

    pub fn append(&mut self, conv: usize, sender: UserId, client_id: ClientId, delivered: bool, ours: bool) -> usize {
        self.msg_ids += 1;
        let log = &mut self.logs[conv];
        let row = Row { msg_id: MsgId(self.msg_ids), epoch: log.epoch, sender, client_id, retracted: false, ours };
        log.rows.push(row);
        let at = log.rows.len() - 1;
        if delivered {
            let durable_seq = log.durable as Seq;
            let message = self.message(conv, at);
            self.says.push(Event::Message { message, durable_seq });
        }
        at
    }

    fn message(&self, conv: usize, at: usize) -> Arc<Message> {
        let Row { msg_id, epoch, sender, client_id, retracted, .. } = self.logs[conv].rows[at].clone();
        let seq = at as Seq + 1;
        let (conv, content) = (conv_id(conv), "hi".into());
        Arc::new(Message { conv, msg_id, seq, epoch, sender, client_id, content, at: 0, retracted })
    }

    pub fn has_lost(&self) -> bool {
        !self.lost.is_empty()
    }

    pub fn resend_lost(&mut self) {
        if let Some((conv, sender, client_id)) = self.lost.pop() {
            self.append(conv, sender, client_id, true, false);
        }
    }

    /// `live`: the connection the command came by still stands.
    pub fn take(&mut self, command: &OwnedCommand, refuse: bool, live: bool) {
        match command {
            OwnedCommand::Sync { id, .. } | OwnedCommand::Send { id, .. } if refuse => {
                self.says.push(Event::error(id, ErrorCode::Overloaded));
            }
            OwnedCommand::Send { id, target: OwnedTarget::Conversation(conv), client_id, ack, resend, .. } => {
                let conv = conv.0[0] as usize - 1;
                let known = self.logs[conv].find(&user("alice"), *client_id);
                assert!(known.is_none() || *resend, "a send sent twice is not marked so");
                let at = known.unwrap_or_else(|| self.append(conv, user("alice"), *client_id, !live, true));
                if live {
                    self.logs[conv].waiting.push((id.clone(), at, *ack));
                    self.answer(conv);
                }
            }
            OwnedCommand::Sync { id, cursors, next, .. } => self.sync(id, cursors, next),
            OwnedCommand::Mark { .. } => {}
            other => panic!("unexpected {other:?}"),
        }
    }

    /// One conversation per page, in rising id.
    fn sync(&mut self, id: &ReqId, cursors: &[(ConvId, Seq)], next: &str) {
        let conv: usize = next.parse().unwrap_or(0);
        let cursor = cursors.iter().find(|(c, _)| *c == conv_id(conv)).map_or(0, |(_, seq)| *seq);
        let log = &self.logs[conv];
        let (last_seq, durable_seq, epoch) = (log.rows.len() as Seq, log.durable as Seq, log.epoch);
        let end = log.rows.len().min(cursor as usize + SYNC_MESSAGES);
        let messages = (cursor as usize..end).map(|at| self.message(conv, at)).collect();
        let (more, recovered) = (end < self.logs[conv].rows.len(), cursor <= last_seq);
        let part = SyncConversation { conv: conv_id(conv), last_seq, durable_seq, epoch, recovered, more, messages };
        let next = if conv + 1 < CONVS { (conv + 1).to_string().into() } else { "".into() };
        self.says.push(Event::SyncResult { id: id.clone(), conversations: vec![part], next });
    }

    pub fn commit(&mut self, conv: usize, rows: usize) {
        let log = &mut self.logs[conv];
        log.durable = log.rows.len().min(log.durable.saturating_add(rows));
        self.answer(conv);
    }

    fn answer(&mut self, conv: usize) {
        let log = &mut self.logs[conv];
        let durable = log.durable;
        let ready = |(_, at, level): &(ReqId, usize, AckLevel)| *level == AckLevel::Accepted || *at < durable;
        let (ready, waiting) = std::mem::take(&mut log.waiting).into_iter().partition::<Vec<_>, _>(ready);
        log.waiting = waiting;
        for (id, at, level) in ready {
            let (seq, durable_seq, msg_id) = (at as Seq + 1, durable as Seq, log.rows[at].msg_id);
            let (conv, epoch) = (conv_id(conv), log.epoch);
            self.says.push(Event::Ack { id, level, conv, msg_id, seq, durable_seq, epoch, at: 0 });
        }
    }

    /// The store definitely refuses the first row that is not durable.
    pub fn reject(&mut self, conv: usize) {
        let log = &mut self.logs[conv];
        let at = log.durable;
        let Some(row) = log.rows.get_mut(at).filter(|r| !r.retracted) else { return };
        row.retracted = true;
        let retracted = Event::Retracted { conv: conv_id(conv), msg_id: row.msg_id, seq: at as Seq + 1 };
        self.says.push(retracted);
        let (refused, waiting) = std::mem::take(&mut log.waiting).into_iter().partition::<Vec<_>, _>(|w| w.1 == at);
        log.waiting = waiting;
        for (id, ..) in refused {
            self.says.push(Event::error(&id, ErrorCode::StoreRejected));
        }
    }

    pub fn forget_connection(&mut self) {
        self.logs.iter_mut().for_each(|log| log.waiting.clear());
    }

    pub fn new_home(&mut self, conv: usize) {
        let log = &mut self.logs[conv];
        log.epoch += 1;
        log.waiting.clear();
        for row in log.rows.split_off(log.durable) {
            if !row.retracted && !row.ours {
                self.lost.push((conv, row.sender, row.client_id));
            }
        }
    }

    pub fn last_seq(&self, conv: usize) -> Seq {
        self.logs[conv].rows.len() as Seq
    }

    /// Up to the cursor, the client has exactly the durable rows.
    pub fn check_prefix(&self, conv: usize, cursor: Seq, known: impl Iterator<Item = Known>) {
        let log = &self.logs[conv];
        assert!(cursor as usize <= log.durable, "cursor {cursor} beyond durable {}", log.durable);
        let confirmed: Vec<_> = known.filter(|k| !k.provisional).map(|k| (k.seq, k.msg_id)).collect();
        let expected = log.rows[..cursor as usize].iter().zip(1..).map(|(row, seq)| (seq, row.msg_id));
        assert_eq!(confirmed, expected.collect::<Vec<_>>());
    }
}
