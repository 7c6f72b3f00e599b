//! When to connect again, and when not.

use std::time::Duration;

use crate::raw::{Closed, ConnectError};

/// The first wait after a connection that had worked; each further failure doubles it.
pub const FIRST_WAIT: Duration = Duration::from_millis(250);
/// The longest wait: a server that comes back after hours should have its clients within half a minute.
pub const LAST_WAIT: Duration = Duration::from_secs(30);

/// Counts failures in a row.
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// A session was welcomed.
    pub fn worked(&mut self) {
        self.failures = 0;
    }

    /// The wait after the next failure: half of it fixed, half by `jitter` (0 to 1), so that clients of one server
    /// do not come back together.
    pub fn next(&mut self, jitter: f64) -> Duration {
        let doubled = FIRST_WAIT.saturating_mul(1 << self.failures.min(16));
        self.failures += 1;
        doubled.min(LAST_WAIT).mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0))
    }

    /// What to do after a connection has ended. `None`: stop. `hint`: the server said how long to stay away.
    pub fn after_close(&mut self, closed: &Closed, hint: Option<Duration>, jitter: f64) -> Option<Duration> {
        if closed.code().is_some_and(|code| !code.reconnect()) || is_stop(closed) {
            return None;
        }
        let wait = self.next(jitter);
        // The hint is jittered by the server; a little more keeps apart clients that were given the same.
        Some(hint.map_or(wait, |hint| hint.mul_f64(1.0 + 0.1 * jitter)))
    }

    /// What to do after an attempt has failed. `None`: stop, no later attempt will fare better.
    pub fn after_refusal(&mut self, error: &ConnectError, jitter: f64) -> Option<Duration> {
        match error {
            ConnectError::Refused { status: 400 | 401 | 403 | 404 | 426, .. } => None,
            _ => Some(self.next(jitter)),
        }
    }
}

/// A code of the stopping range that this version does not know by name.
fn is_stop(closed: &Closed) -> bool {
    matches!(closed, Closed::ByPeer { code: 4100..=4199, .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_peer(code: u16) -> Closed {
        Closed::ByPeer { code, reason: String::new() }
    }

    #[test]
    fn the_range_of_the_close_code_decides() {
        let lost = Closed::Lost("gone".to_owned());
        for closed in [by_peer(4000), by_peer(4004), by_peer(4099), by_peer(1001), by_peer(1006), lost, Closed::Silent]
        {
            assert!(Backoff::default().after_close(&closed, None, 0.5).is_some(), "{closed}");
        }
        for closed in [by_peer(4100), by_peer(4106), by_peer(4199)] {
            assert_eq!(Backoff::default().after_close(&closed, None, 0.5), None, "{closed}");
        }
    }

    #[test]
    fn waits_double_up_to_a_limit_and_start_over_once_it_worked() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..10).map(|_| backoff.next(1.0).as_millis() as u64).collect();
        assert_eq!(waits, [250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
        backoff.worked();
        assert_eq!(backoff.next(0.0).as_millis(), 125);
    }

    #[test]
    fn a_draining_server_s_hint_is_kept() {
        let hint = Some(Duration::from_secs(3));
        let wait = Backoff::default().after_close(&by_peer(4000), hint, 1.0).unwrap();
        assert_eq!(wait, Duration::from_millis(3300));
    }

    #[test]
    fn a_refused_token_is_not_shown_again() {
        let refused = |status| ConnectError::Refused { status, message: String::new() };
        assert_eq!(Backoff::default().after_refusal(&refused(401), 0.5), None);
        assert!(Backoff::default().after_refusal(&refused(503), 0.5).is_some());
        assert!(Backoff::default().after_refusal(&ConnectError::TimedOut, 0.5).is_some());
    }
}
