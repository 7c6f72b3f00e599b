//! Rounds of SYNC.
//!
//! A round asks for everything: conversations a SYNC leaves out are answered as if nothing of them were held. It goes
//! on page by page (`next`) until the server has answered all, and is followed by another round while any
//! conversation has `more`. Cursors go in chunks of `SYNC_CURSORS_MAX`, rising in id as the server answers.

use chasqui_proto::event::SyncConversation;
use chasqui_proto::ids::{ConvId, Millis, Seq};
use chasqui_proto::limits::SYNC_CURSORS_MAX;
use smol_str::{SmolStr, format_smolstr};

use crate::config::{SYNC_WAIT_MS, retry_wait};
use crate::conversation::Conversation;
use crate::io::{Notice, OwnedCommand};
use crate::rules::Rules;
use crate::timers::Timer;

#[derive(Default, Debug)]
pub struct SyncState {
    /// A round should start as soon as it may.
    pub wanted: bool,
    /// Request id of the page that is outstanding.
    outstanding: Option<SmolStr>,
    /// Outstanding: when it is given up. Else: when a refused round may start again.
    due: Option<Millis>,
    refusals: u32,
    round: u64,
    last_serial: u64,
    /// The highest conversation answered in this round.
    answered_to: Option<ConvId>,
    /// Some conversation has more, or must be asked anew.
    more: bool,
    /// This round brought something, so that another one will not be in vain.
    progress: bool,
}

impl SyncState {
    pub fn busy(&self) -> bool {
        self.outstanding.is_some()
    }
}

impl Rules {
    pub(crate) fn start_sync_if_wanted(&mut self, now: Millis) {
        let sync = &mut self.sync;
        if !self.connected || !sync.wanted || sync.busy() || sync.due.is_some() {
            return;
        }
        sync.wanted = false;
        sync.round += 1;
        (sync.answered_to, sync.more, sync.progress) = (None, false, false);
        self.stats.syncs += 1;
        self.ask_page(now, SmolStr::default());
    }

    fn ask_page(&mut self, now: Millis, next: SmolStr) {
        let (round, after) = (self.sync.round, self.sync.answered_to);
        let few = self.convs.len() <= SYNC_CURSORS_MAX;
        let unanswered = |(id, c): &(&ConvId, &Conversation)| {
            c.answered_round != round && (few || after.is_none_or(|after| **id > after))
        };
        let cursors = self.convs.iter().filter(unanswered).take(SYNC_CURSORS_MAX);
        let cursors = cursors.map(|(id, c)| (*id, c.base())).collect();
        self.sync.last_serial += 1;
        let id = format_smolstr!("s{}", self.sync.last_serial);
        self.sync.outstanding = Some(id.clone());
        self.timers.arm(&mut self.sync.due, now + SYNC_WAIT_MS, Timer::Sync);
        self.command(OwnedCommand::Sync { id, cursors, next });
    }

    pub(crate) fn on_sync_result(&mut self, now: Millis, id: &SmolStr, parts: &[SyncConversation], next: &SmolStr) {
        if self.sync.outstanding.as_ref() != Some(id) {
            self.stats.stray_answers += 1;
            return;
        }
        for part in parts {
            self.merge(part);
        }
        if next.is_empty() {
            self.end_round(now);
        } else {
            self.ask_page(now, next.clone());
        }
    }

    fn end_round(&mut self, now: Millis) {
        self.sync.outstanding = None;
        self.timers.disarm(&mut self.sync.due, Timer::Sync);
        if self.sync.more && self.sync.progress {
            self.sync.wanted = true;
            return;
        }
        if self.sync.more {
            self.put_off(now, 0);
        } else {
            self.sync.refusals = 0;
            self.tell(Notice::Synced);
        }
        self.look_at_all(now);
        self.release_waiting(now, true);
    }

    /// Holes that a complete round left open are not asked for again at once.
    fn look_at_all(&mut self, now: Millis) {
        let convs: Vec<ConvId> = self.convs.keys().copied().collect();
        for conv in convs {
            let Some(c) = self.convs.get_mut(&conv) else { continue };
            c.fruitless_at = c.has_hole().then_some(c.reach);
            self.timers.disarm(&mut c.hole_due, Timer::Hole(conv));
            self.watch_hole(now, conv);
            self.note_marks(now, conv);
        }
    }

    fn put_off(&mut self, now: Millis, hint_ms: u32) {
        self.sync.wanted = true;
        self.sync.refusals += 1;
        let due = now + retry_wait(self.sync.refusals, hint_ms);
        self.timers.arm(&mut self.sync.due, due, Timer::Sync);
    }

    pub(crate) fn on_sync_refused(&mut self, now: Millis, id: &SmolStr, hint_ms: u32) {
        if self.sync.outstanding.as_ref() != Some(id) {
            self.stats.stray_answers += 1;
            return;
        }
        self.sync.outstanding = None;
        self.put_off(now, hint_ms);
        self.release_waiting(now, false);
    }

    pub(crate) fn on_sync_due(&mut self, now: Millis) {
        self.sync.due = None;
        if self.sync.outstanding.take().is_some() {
            self.sync.wanted = true;
            self.release_waiting(now, false);
        }
    }

    pub(crate) fn forget_sync(&mut self) {
        self.timers.disarm(&mut self.sync.due, Timer::Sync);
        (self.sync.outstanding, self.sync.wanted, self.sync.refusals) = (None, false, 0);
        for (conv, c) in &mut self.convs {
            (c.continue_from, c.fruitless_at) = (None, None);
            // A retraction may be missed from now on, so what is provisional has to be confirmed by a SYNC.
            c.suspect_above(c.cursor);
            self.timers.disarm(&mut c.hole_due, Timer::Hole(*conv));
        }
    }

    /// Takes over one conversation's part of an answer.
    fn merge(&mut self, part: &SyncConversation) {
        let conv = part.conv;
        self.sync.answered_to = self.sync.answered_to.max(Some(conv));
        let c = self.convs.entry(conv).or_default();
        c.answered_round = self.sync.round;
        let base = c.base();
        let other_epoch = c.epoch.is_some_and(|epoch| part.epoch != epoch);
        if c.continue_from.is_some() && (other_epoch || !part.recovered) {
            // What former pages gave above the cursor is of an epoch that is over: from the cursor again.
            c.continue_from = None;
            (self.sync.more, self.sync.progress) = (true, true);
            return;
        }
        if !part.recovered && base > 0 {
            return self.read_afresh(conv);
        }
        if c.epoch.is_some_and(|epoch| part.epoch < epoch) {
            self.stats.stale += 1;
            return;
        }
        let given_to = part.messages.last().map_or(base, |m| m.seq.max(base));
        self.sync.more |= part.more;
        if part.more && given_to == base {
            return;
        }
        c.epoch = Some(part.epoch);
        c.suspect_above(base);
        c.durable_seen = c.durable_seen.max(part.durable_seq);
        self.merge_messages(part, base);
        self.close_part(part, base, given_to);
        let keep_log = self.config.keep_log;
        self.convs.entry(conv).or_default().settle(keep_log);
    }

    fn close_part(&mut self, part: &SyncConversation, base: Seq, given_to: Seq) {
        let c = self.convs.entry(part.conv).or_default();
        c.continue_from = part.more.then_some(given_to);
        if part.more {
            self.sync.progress = true;
            return;
        }
        let empty = given_to == base;
        if base == 0 && empty && part.last_seq > 0 {
            // Joined after the last message: there is nothing to read before it.
            c.reach = c.reach.max(part.last_seq.min(part.durable_seq));
            self.stats.clipped += 1;
        }
        self.withdraw_suspects(part.conv);
    }

    fn merge_messages(&mut self, part: &SyncConversation, base: Seq) {
        for message in &part.messages {
            if message.seq <= base {
                self.stats.overlaps += 1;
                continue;
            }
            let c = self.convs.entry(part.conv).or_default();
            if base == 0 && c.held.is_empty() && message.seq > c.reach + 1 {
                // Messages from before the time of membership are not for this user.
                c.reach = message.seq - 1;
                self.stats.clipped += 1;
            }
            self.take_new(message, message.seq > part.durable_seq);
        }
    }

    /// The server no longer has the range: nothing held of this conversation can be trusted.
    fn read_afresh(&mut self, conv: ConvId) {
        let c = self.convs.entry(conv).or_default();
        c.reset();
        self.stats.resets += 1;
        (self.sync.more, self.sync.progress) = (true, true);
        self.tell(Notice::Reset { conv });
    }
}
