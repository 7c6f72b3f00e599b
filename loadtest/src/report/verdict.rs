//! Whether the server kept its promises, and whether the figures can be believed.

use serde::{Deserialize, Serialize};

use super::{ClientCost, CountsReport};
use crate::account::LatencyUs;

/// Above it the tool, not the server, is what was measured.
const CLIENT_SHARE_MAX: f64 = 0.9;
/// Below it what was measured is another rate than the one asked for.
const SENT_SHARE_MIN: f64 = 0.9;
/// Of fewer messages, chance alone may leave out a tenth.
const JUDGED_MESSAGES_MIN: f64 = 1_000.0;
/// A send lag above it, or above half of the p99 that is reported, is a good part of the latencies.
const SEND_LAG_P99_US_MAX: f64 = 1_000.0;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// Every message was acknowledged and reached everyone it was meant for, once and in order; of datagrams all but a few
    /// arrived.
    pub passed: bool,
    /// Why it failed.
    pub failures: Vec<String>,
    /// The client had CPU to spare, and made the rate.
    pub valid: bool,
    /// The client's own lag does not weigh on the latencies.
    pub latency_valid: bool,
    /// Why figures are not valid.
    pub doubts: Vec<String>,
}

impl Verdict {
    /// `must_send`: a run that sends nothing has shown nothing.
    pub fn of_counts(counts: &CountsReport, must_send: bool) -> Self {
        let inner = &counts.counts;
        let wrongs = [
            (if counts.lost > counts.lost_allowed { counts.lost } else { 0 }, "lost"),
            (inner.refused, "refused"),
            (counts.unanswered, "without an answer"),
            (inner.duplicated, "duplicated"),
            (inner.out_of_order, "out of order"),
            (inner.misdelivered, "misdelivered"),
            (inner.disconnected, "disconnected"),
            (inner.connect_failed, "attempts to connect failed"),
        ];
        let found = wrongs.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        let nothing = (must_send && inner.sent == 0).then(|| "nothing was sent".to_owned());
        let failures: Vec<_> = found.chain(nothing).collect();
        Self { passed: failures.is_empty(), failures, valid: true, latency_valid: true, doubts: Vec::new() }
    }

    /// Adds a failure, if there is one.
    pub fn fail_with(&mut self, failure: Option<String>) {
        self.failures.extend(failure);
        self.passed = self.failures.is_empty();
    }

    /// Those who read no more are to be ended by the server, or it has not been seen what it does with them.
    pub fn expect_cut(&mut self, stalling: u64, cut: u64) {
        let left = stalling.saturating_sub(cut);
        self.fail_with((left > 0).then(|| {
            format!(
                "{left} of {stalling} slow readers were not cut; a higher --rate, --size or --duration may be needed"
            )
        }));
    }

    /// In an open loop of `due` messages, were they sent when they should have been? A server that stops reading can
    /// hold them up as well as a tool that is too slow.
    pub fn doubt_rate(&mut self, due: f64, sent: u64) {
        let share = sent as f64 / due;
        if due >= JUDGED_MESSAGES_MIN && share < SENT_SHARE_MIN {
            self.valid = false;
            self.doubts.push(format!("only {:.0} % of the rate was sent", share * 100.0));
        }
    }

    /// Looks at what the client did to the figures, of which `headline` is the one that is read first. A closed loop is
    /// meant to be busy.
    pub fn doubting(
        mut self,
        open_loop: bool,
        client: &ClientCost,
        send_lag: &LatencyUs,
        headline: &LatencyUs,
    ) -> Self {
        if open_loop && client.share > CLIENT_SHARE_MAX {
            self.valid = false;
            self.doubts.push(format!("the client used {:.0} % of its CPU", client.share * 100.0));
        }
        let (lag, p99) = (send_lag.p99, headline.p99);
        if lag > SEND_LAG_P99_US_MAX || lag > p99 / 2.0 {
            self.latency_valid = false;
            self.doubts.push(format!("the client itself was late by {lag:.0} us at p99"));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Counts, LatencyUs};

    fn verdict(counts: Counts, lost: u64) -> Verdict {
        Verdict::of_counts(&CountsReport { counts, lost, lost_allowed: 0, unanswered: 0 }, true)
    }

    #[test]
    fn any_message_gone_wrong_fails_the_run() {
        let fine = Counts { sent: 5, acked: 5, delivered: 5, ..Counts::default() };
        assert!(verdict(fine, 0).passed);
        assert_eq!(verdict(fine, 1).failures, ["1 lost"]);
        for wrong in [
            Counts { refused: 1, ..fine },
            Counts { duplicated: 1, ..fine },
            Counts { out_of_order: 1, ..fine },
            Counts { misdelivered: 1, ..fine },
            Counts { disconnected: 1, ..fine },
            Counts { sent: 0, ..fine },
        ] {
            assert!(!verdict(wrong, 0).passed, "{wrong:?}");
        }
    }

    #[test]
    fn a_few_datagrams_may_be_lost() {
        for (delivered, passed) in [(1_000, true), (990, true), (989, false)] {
            let counts = Counts { sent: 1_000, unasked: 1_000, expected: 1_000, delivered, ..Counts::default() };
            assert_eq!(Verdict::of_counts(&CountsReport::of_datagrams(&counts), true).passed, passed, "{delivered}");
        }
    }

    #[test]
    fn a_busy_or_late_client_is_said() {
        let latency =
            |p99| LatencyUs { samples: 1, mean: 0.0, p50: 0.0, p90: 0.0, p99, p999: 0.0, p9999: 0.0, max: 0.0 };
        let judge = |open, share, lag, p99| {
            let fine = verdict(Counts { sent: 1, ..Counts::default() }, 0);
            let client = ClientCost { cores: share, share, sched_wait_us: None };
            let judged = fine.doubting(open, &client, &latency(lag), &latency(p99));
            (judged.valid, judged.latency_valid)
        };
        assert_eq!(judge(true, 0.5, 10.0, 500.0), (true, true));
        assert_eq!(judge(true, 0.95, 10.0, 500.0), (false, true));
        assert_eq!(judge(false, 0.95, 10.0, 500.0), (true, true));
        assert_eq!(judge(true, 0.5, 300.0, 500.0), (true, false));
        assert_eq!(judge(true, 0.5, 1_100.0, 9_000.0), (true, false));
    }

    #[test]
    fn slow_readers_that_stay_fail_the_run() {
        let judge = |stalling, cut| {
            let mut fine = verdict(Counts { sent: 1, ..Counts::default() }, 0);
            fine.expect_cut(stalling, cut);
            fine.passed
        };
        assert!(judge(0, 0) && judge(2, 2) && !judge(2, 1));
    }

    #[test]
    fn a_rate_that_was_not_made_is_said() {
        let judge = |due, sent| {
            let mut fine = verdict(Counts { sent: 1, ..Counts::default() }, 0);
            fine.doubt_rate(due, sent);
            fine.valid
        };
        assert!(judge(10_000.0, 9_500) && judge(100.0, 50) && !judge(10_000.0, 8_500));
    }
}
