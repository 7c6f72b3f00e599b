//! Forgetting conversations nobody uses; only what nothing is under way for.

use super::{Convs, Entry, State};
use crate::limits::{EVICT_FOR_ROOM_ENTRIES_MAX, EVICT_SWEEP_ENTRIES_MAX};
use crate::shard::Cx;

impl Convs {
    pub(crate) fn sweep(&mut self, cx: &mut Cx<'_>) {
        for _ in 0..self.hand.len().min(EVICT_SWEEP_ENTRIES_MAX) {
            let Some(conv) = self.hand.pop_front() else {
                return;
            };
            let Some(entry) = self.map.get_mut(&conv) else {
                continue;
            };
            // A full shard forgets whatever is at rest.
            let full = self.live >= cx.cfg.live_conversations_max;
            if entry.is_evictable(cx, full) {
                entry.state = State::Absent;
                self.live -= 1;
            }
            if entry.is_idle() {
                self.map.remove(&conv);
            } else {
                self.hand.push_back(conv);
            }
        }
    }
}

impl Convs {
    /// Whether one more conversation may come to life; a full shard first looks for one at rest.
    pub(super) fn has_room(&mut self, cx: &Cx<'_>) -> bool {
        for _ in 0..self.hand.len().min(EVICT_FOR_ROOM_ENTRIES_MAX) {
            if self.live < cx.cfg.live_conversations_max {
                break;
            }
            self.hand.rotate_left(1);
            let entry = self.hand.back().and_then(|conv| self.map.get_mut(conv));
            if let Some(entry) = entry.filter(|entry| entry.is_evictable(cx, true)) {
                entry.state = State::Absent;
                self.live -= 1;
            }
        }
        self.live < cx.cfg.live_conversations_max
    }
}

impl Entry {
    fn is_evictable(&self, cx: &Cx<'_>, full: bool) -> bool {
        let rested = cx.now.mono_ms.saturating_sub(self.touched_ms) >= cx.cfg.evict_idle_ms;
        let quiet = self.live().is_some_and(|live| live.is_quiet());
        quiet && self.pins == 0 && self.behind.is_empty() && (rested || full)
    }
}
