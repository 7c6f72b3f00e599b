//! What has really happened in the worlds: a check of what never happens proves nothing.

use chasqui_chat::shard::Gauges;
use chasqui_proto::event::Event;
use chasqui_proto::ids::ClientId;
use chasqui_proto::row::{Op, Outcome, Read, Row, StoreFailure};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
        pub struct Coverage { $($(#[$doc])* pub $name: u64,)* }

        impl Coverage {
            pub fn add(&mut self, other: &Self) {
                $(self.$name += other.$name;)*
            }
            /// Every counter with its name.
            pub fn all(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name),)*]
            }
        }
    };
}

counters! {
    sends,
    /// Answers of any level to sends.
    acks,
    /// Answers of level delivered or read.
    acks_by_receipt,
    resends,
    /// Sends of what a former life had sent, and their answers.
    sent_again,
    acked_again,
    crashes,
    /// Stops in good order: refuse, come to rest, flush.
    drains,
    /// Connections cut by chance, with part of what the client wrote still arriving.
    drops,
    /// Connections cut because their client did not read.
    slow_readers,
    expiries,
    births,
    loads,
    evictions,
    /// Dedupe rows asked of the store.
    lookups,
    /// Messages a live conversation had to read again from the store.
    pages,
    /// Writes of tombstones for rejected messages, and for seqs that a crash left without one.
    tombstones,
    holes_filled,
    /// A shard fell behind in a conversation, and caught up.
    behind,
    caught_up,
    /// Messages that waited for room in a ring.
    debts,
    unknown,
    rejected,
    /// Refusals that may be retried.
    refused,
    members_added,
    /// Counted by the clients; see `chasqui_client_rules::Stats`.
    syncs,
    gaps,
    withdrawn,
    moved,
    retracted,
    clipped,
}

impl Coverage {
    /// A step of a shard took it from `before` to `after`.
    pub fn step(&mut self, before: Gauges, after: Gauges) {
        let rise = |from: usize, to: usize| to.saturating_sub(from) as u64;
        self.evictions += rise(after.live_conversations, before.live_conversations);
        self.behind += rise(before.behind, after.behind);
        self.debts += rise(before.debts, after.debts);
    }

    pub fn told(&mut self, event: &Event) {
        match event {
            Event::Error { code, .. } => self.refused += u64::from(code.retry()),
            Event::MemberAdded { id, .. } => self.members_added += u64::from(!id.is_empty()),
            _ => {}
        }
    }

    pub fn asked(&mut self, op: &Op) {
        match op {
            Op::Read(Read::Conversation { .. }) => self.loads += 1,
            Op::Read(Read::Dedupe { .. }) => self.lookups += 1,
            Op::Read(Read::Page { .. }) => self.pages += 1,
            Op::Read(_) => {}
            Op::Write(rows) => rows.iter().for_each(|row| self.written(row)),
        }
    }

    fn written(&mut self, row: &Row) {
        match row {
            Row::Conversation(_) => self.births += 1,
            Row::Message(message) if message.retracted && message.client_id == ClientId::default() => {
                self.holes_filled += 1;
            }
            Row::Message(message) => self.tombstones += u64::from(message.retracted),
            Row::Member(_) | Row::Receipt(_) => {}
        }
    }

    pub fn stored(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Failed(StoreFailure::Unknown) => self.unknown += 1,
            Outcome::Failed(StoreFailure::Rejected) => self.rejected += 1,
            Outcome::Persisted | Outcome::Found(_) => {}
        }
    }

    pub fn client(&mut self, stats: &chasqui_client_rules::Stats) {
        self.resends += stats.resends;
        self.syncs += stats.syncs;
        self.gaps += stats.gaps;
        self.withdrawn += stats.withdrawn;
        self.moved += stats.moved;
        self.retracted += stats.retracted;
        self.clipped += stats.clipped;
    }
}
