//! What happens while a run waits: a line on the terminal that is rewritten, or nothing where nobody looks.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use crate::account::{Progress, Snapshot};
use crate::clock::{self, NANOS_PER_SECOND, Nanos, nanos};

const REDRAW_EVERY: Duration = Duration::from_millis(250);

/// Something that looks on until a moment has come.
pub(super) trait Watch {
    fn wait_until(&mut self, at: Nanos, progress: &Progress) -> anyhow::Result<()>;
}

/// The line. Only standard error gets it, so that output that is kept has none of it.
pub(super) struct Live {
    shown: bool,
    began: Nanos,
    last: (Nanos, Snapshot),
}

impl Live {
    pub fn new(progress: &Progress) -> Self {
        let began = clock::now();
        Self { shown: std::io::stderr().is_terminal(), began, last: (began, progress.snapshot()) }
    }

    fn draw(&mut self, progress: &Progress) {
        let (now, counts) = (clock::now(), progress.snapshot());
        let line = line(now - self.began, now - self.last.0, &counts, &self.last.1);
        self.last = (now, counts);
        // A terminal that is gone misses nothing.
        let _ = write!(std::io::stderr(), "\r\x1b[K{line}");
    }
}

impl Watch for Live {
    fn wait_until(&mut self, at: Nanos, progress: &Progress) -> anyhow::Result<()> {
        while self.shown && clock::now() + nanos(REDRAW_EVERY) < at {
            std::thread::sleep(REDRAW_EVERY);
            self.draw(progress);
        }
        clock::sleep_until(at);
        Ok(())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

fn line(run_ns: Nanos, span_ns: Nanos, now: &Snapshot, last: &Snapshot) -> String {
    let per_second = |now: u64, last: u64| (now - last) * NANOS_PER_SECOND / span_ns.max(1);
    let Snapshot { sent, acked, refused, expected, delivered, .. } = *now;
    format!(
        "{:6.1} s  sent {sent} ({}/s)  unanswered {}  delivered {delivered} ({}/s)  under way {}",
        run_ns as f64 / 1e9,
        per_second(sent, last.sent),
        sent.saturating_sub(acked + refused),
        per_second(delivered, last.delivered),
        expected.saturating_sub(delivered),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_rates_and_what_is_missing() {
        let last = Snapshot { sent: 100, acked: 90, refused: 0, expected: 200, delivered: 150, ..Snapshot::default() };
        let now = Snapshot { sent: 200, acked: 190, refused: 2, expected: 396, delivered: 390, ..Snapshot::default() };
        let told = line(NANOS_PER_SECOND, NANOS_PER_SECOND / 2, &now, &last);
        assert_eq!(told, "   1.0 s  sent 200 (200/s)  unanswered 8  delivered 390 (480/s)  under way 6");
    }
}
