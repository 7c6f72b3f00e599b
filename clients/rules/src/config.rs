//! Options of a client, and the limits every client keeps.

use chasqui_proto::ids::Millis;

/// A hole that an own unanswered send may explain becomes a gap after this long.
pub const HOLE_WAIT_MS: Millis = 5_000;
/// Other holes wait this long: an ack or another lane may be a moment ahead of the missing message.
pub const GAP_GRACE_MS: Millis = 20;
/// Waits before a refused but retryable command is sent again; the last one repeats.
pub const RETRY_WAITS_MS: [Millis; 3] = [2_000, 4_000, 8_000];
/// An ack of level accepted or durable that takes longer than this is asked for again.
pub const ANSWER_WAIT_MS: Millis = 10_000;
/// A SYNC page that takes longer than this is asked for again.
pub const SYNC_WAIT_MS: Millis = 10_000;
/// Live events held while a SYNC is outstanding; what comes beyond is left to one more SYNC.
pub const HELD_EVENTS_MAX: usize = 8_192;
/// Retractions of one conversation that are remembered because their message is not here yet.
pub const RETRACTED_AHEAD_MAX: usize = 64;
/// Sends without an answer; beyond, the app is told at once.
pub const OUTBOX_SENDS_MAX: usize = 65_536;

#[derive(Clone, Debug)]
pub struct Config {
    /// Mark received messages as delivered, gathered over this many milliseconds; `None`: the app does it.
    pub mark_delivered_after: Option<Millis>,
    /// Keep the ids of all messages, not only of those above the cursor. For checkers; grows without bound.
    pub keep_log: bool,
    /// On the first connect, begin where conversations stand instead of reading them from the start.
    pub start_at_head: bool,
    /// See [`GAP_GRACE_MS`].
    pub gap_grace: Millis,
}

impl Default for Config {
    fn default() -> Self {
        Self { mark_delivered_after: None, keep_log: false, start_at_head: false, gap_grace: GAP_GRACE_MS }
    }
}

/// The wait after the `tries`-th refusal (from 1), or the server's own hint where that is longer.
pub(crate) fn retry_wait(tries: u32, hint_ms: u32) -> Millis {
    let step = (tries.max(1) as usize - 1).min(RETRY_WAITS_MS.len() - 1);
    RETRY_WAITS_MS[step].max(Millis::from(hint_ms))
}
