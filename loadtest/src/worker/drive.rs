//! What makes the senders send: the clock in an open loop, deliveries in a closed one.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_local;
use tokio::time::sleep;

use super::{Load, Settings, Timing};
use crate::clock::{self, Nanos};
use crate::pacing::{Schedule, Timer};
use crate::peer::{Due, Outbox, Place};

/// A refused sender of a closed loop waits: the run has failed, but should not become a flood.
const REFUSED_PAUSE: Duration = Duration::from_millis(10);

/// One sender of this thread.
pub(super) struct Sending {
    pub sender: u32,
    pub place: Place,
    pub outbox: Outbox,
}

impl Sending {
    fn send(&self, due: Nanos) {
        // A connection that has ended is booked by its reader.
        let _ = self.outbox.send(Due { place: self.place, at: due });
    }
}

/// Starts this thread's share of the load, which ends by itself.
pub(super) fn start(
    settings: &Arc<Settings>,
    senders: Vec<Sending>,
    timing: Timing,
    (index, whole): (usize, usize),
) -> anyhow::Result<()> {
    match settings.load {
        Load::None => {}
        _ if senders.is_empty() => {}
        Load::Open { rate } => {
            let share = senders.len() as u64;
            // Threads take turns rather than send at the same moment.
            let step = Schedule::new(0, rate, share, settings.senders.into()).due(1);
            let start = timing.start + step * index as u64 / whole as u64;
            let schedule = Schedule::new(start, rate, share, settings.senders.into());
            spawn_local(pace(Timer::new()?, schedule, senders, timing.measured.until));
        }
        Load::Closed { .. } => {
            for sending in senders {
                spawn_local(refill(settings.clone(), sending, timing));
            }
        }
    }
    Ok(())
}

/// Hands each message to its sender when it is due, senders in turn.
async fn pace(timer: Timer, schedule: Schedule, senders: Vec<Sending>, until: Nanos) {
    for (k, sending) in (0..).zip(senders.iter().cycle()) {
        let due = schedule.due(k);
        if due >= until {
            return;
        }
        timer.sleep_until(due).await.expect("a timer that was made can be set");
        sending.send(due);
    }
}

/// Keeps the sender's window full.
async fn refill(settings: Arc<Settings>, sending: Sending, timing: Timing) {
    let window = &settings.windows[sending.sender as usize];
    for counter in 0.. {
        if window.take(counter, settings.receivers).await {
            sleep(REFUSED_PAUSE).await;
        }
        let now = clock::now();
        if now >= timing.measured.until {
            return;
        }
        sending.send(now);
    }
}
