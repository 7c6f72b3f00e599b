//! Answers put together from several conversations of this home: heads for a session's start, sync pages.

use std::collections::{BTreeMap, VecDeque};

use chasqui_proto::ids::{ConvId, Seq, SessionId, UserId};

use crate::msg::{Origin, SyncPiece};

#[derive(Default)]
pub struct Jobs {
    next: u64,
    pub(super) heads: BTreeMap<u64, HeadJob>,
    pub(super) syncs: BTreeMap<u64, SyncJob>,
}

/// Heads for one session; some are being read from the store.
pub(super) struct HeadJob {
    pub user: UserId,
    pub session: SessionId,
    pub convs: Vec<ConvId>,
}

/// One home's part of a sync page. Holds a permit of its session's shard, which bounds the jobs.
pub(super) struct SyncJob {
    pub origin: Origin,
    pub run: u32,
    /// Conversations not asked yet, with their cursors.
    pub rest: VecDeque<(ConvId, Seq)>,
    /// Conversations asked and not answered.
    pub waiting: usize,
    /// Message bytes left.
    pub budget: usize,
    pub pieces: Vec<SyncPiece>,
    pub failed: bool,
}

impl Jobs {
    pub(super) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}
