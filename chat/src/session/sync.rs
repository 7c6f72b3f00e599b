//! A sync: one page of the user's conversations, asked of their homes and put together here.

use std::collections::BTreeMap;

use chasqui_proto::codes::ErrorCode;
use chasqui_proto::event::Event;
use chasqui_proto::ids::{ConvId, ReqId, Seq, SessionId};
use chasqui_proto::limits::{SYNC_CONVERSATIONS_MAX, SYNC_CURSORS_MAX, SYNC_PAGE_BYTES_MAX};
use smol_str::{SmolStr, ToSmolStr};

use super::{Session, Sessions};
use crate::msg::{Msg, SyncPiece};
use crate::shard::Cx;

/// A sync page being put together.
pub(super) struct SyncRun {
    run: u32,
    id: ReqId,
    next: SmolStr,
    /// Homes that have not answered yet.
    waiting: usize,
    pieces: BTreeMap<ConvId, SyncPiece>,
}

impl Session {
    pub(super) fn start_sync(
        &mut self,
        cx: &mut Cx,
        id: SessionId,
        req: &str,
        cursors: &[(ConvId, Seq)],
        next: &str,
    ) -> Result<(), ErrorCode> {
        if self.sync.is_some() || self.opening.is_some() {
            return Err(ErrorCode::SyncInProgress);
        }
        if cursors.len() > SYNC_CURSORS_MAX {
            return Err(ErrorCode::InvalidField);
        }
        let after = match next {
            "" => None,
            text => Some(ConvId::parse(text).ok_or(ErrorCode::InvalidField)?),
        };
        let (page, next) = self.page(cursors, after);
        let homes: Vec<_> = cx.by_home(page.into_iter(), |(conv, _)| conv.vshard());
        self.sync_runs += 1;
        let run = self.sync_runs;
        let budget = SYNC_PAGE_BYTES_MAX / homes.len().max(1);
        let waiting = homes.len();
        for (home, items) in homes {
            let msg = Msg::Sync { origin: self.origin(id, req), run, items, budget };
            if !cx.router.ask(home, msg) {
                return Err(ErrorCode::Overloaded);
            }
        }
        self.sync = Some(SyncRun { run, id: ReqId::new(req), next, waiting, pieces: BTreeMap::new() });
        if waiting == 0 {
            self.finish_sync(cx, id);
        }
        Ok(())
    }

    /// The next conversations to answer, in rising id, and the cursor of the page after.
    fn page(&self, cursors: &[(ConvId, Seq)], after: Option<ConvId>) -> (Vec<(ConvId, Seq)>, SmolStr) {
        let mut all: BTreeMap<ConvId, Seq> = self.convs.iter().map(|conv| (*conv, 0)).collect();
        all.extend(cursors.iter().copied());
        let mut rest = all.into_iter().filter(|(conv, _)| after.is_none_or(|after| *conv > after));
        let page: Vec<_> = rest.by_ref().take(SYNC_CONVERSATIONS_MAX).collect();
        let next = match (rest.next(), page.last()) {
            (Some(_), Some((last, _))) => last.to_smolstr(),
            _ => SmolStr::default(),
        };
        (page, next)
    }

    fn finish_sync(&mut self, cx: &mut Cx, id: SessionId) {
        let Some(run) = self.sync.take() else { return };
        let (conversations, receipts): (Vec<_>, Vec<_>) =
            run.pieces.into_values().map(|piece| (piece.conversation, piece.receipts)).unzip();
        cx.out.send(id, Event::SyncResult { id: run.id, conversations, next: run.next });
        for receipt in receipts.into_iter().flatten() {
            cx.out.send(id, receipt);
        }
    }
}

impl Sessions {
    pub(crate) fn sync_answer(&mut self, cx: &mut Cx, id: SessionId, run: u32, pieces: Option<Vec<SyncPiece>>) {
        let Some(session) = self.map.get_mut(&id) else {
            return;
        };
        // An answer to a run given up is dropped.
        let Some(sync) = session.sync.as_mut().filter(|sync| sync.run == run) else {
            return;
        };
        let Some(pieces) = pieces else {
            let failed = Event::error(&sync.id, ErrorCode::StoreUnavailable);
            session.sync = None;
            return cx.out.send(id, failed);
        };
        sync.pieces.extend(pieces.into_iter().map(|piece| (piece.conversation.conv, piece)));
        sync.waiting -= 1;
        if sync.waiting == 0 {
            session.finish_sync(cx, id);
        }
    }
}
