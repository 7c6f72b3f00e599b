//! Forgetting conversations nobody uses; only what nothing is under way for.

use chasqui_proto::codes::ErrorCode;
use chasqui_proto::event::Event;

use super::live::LevelWaiter;
use super::{Convs, Entry, State};
use crate::contract::Class;
use crate::limits::{EVICT_FOR_ROOM_ENTRIES_MAX, EVICT_SWEEP_ENTRIES_MAX};
use crate::msg::Msg;
use crate::shard::Cx;

impl Convs {
    pub(crate) fn sweep(&mut self, cx: &mut Cx) {
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
                entry.evict(cx);
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
    pub(super) fn has_room(&mut self, cx: &mut Cx) -> bool {
        for _ in 0..self.hand.len().min(EVICT_FOR_ROOM_ENTRIES_MAX) {
            if self.live < cx.cfg.live_conversations_max {
                break;
            }
            self.hand.rotate_left(1);
            let entry = self.hand.back().and_then(|conv| self.map.get_mut(conv));
            if let Some(entry) = entry.filter(|entry| entry.is_evictable(cx, true)) {
                entry.evict(cx);
                self.live -= 1;
            }
        }
        self.live < cx.cfg.live_conversations_max
    }
}

impl Entry {
    fn is_evictable(&self, cx: &Cx, full: bool) -> bool {
        let rested = cx.now.mono_ms.saturating_sub(self.touched_ms) >= cx.cfg.evict_idle_ms;
        let quiet = self.live().is_some_and(|live| live.is_quiet() && (full || live.waiters.is_empty()));
        quiet && self.pins == 0 && self.behind.is_empty() && (rested || full)
    }

    /// A receipt may be waited for for ever, and must not keep others from being loaded: who waits asks again.
    fn evict(&mut self, cx: &mut Cx) {
        if let State::Live(live) = &mut self.state {
            for LevelWaiter { origin, .. } in live.waiters.drain(..) {
                let event = Event::error(&origin.id, ErrorCode::Overloaded);
                let session = origin.session;
                cx.router.owe(session.shard(), Class::Delivery, Msg::Late { session, event });
            }
        }
        self.state = State::Absent;
    }
}
