//! What makes the senders send: the clock in an open loop, deliveries in a closed one. And what makes receivers drop
//! their connections, where the scenario has them do so.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_local;
use tokio::time::sleep;

use super::{Load, Settings, Step, Timing};
use crate::clock::{self, Nanos};
use crate::pacing::{Arrivals, Share, Timer, Times, keep};
use crate::peer::{Dropper, Due, Outbox, Place};

/// A refused sender of a closed loop waits: the run has failed, but should not become a flood.
const REFUSED_PAUSE: Duration = Duration::from_millis(10);
/// Keeps what drops draw from a seed apart from what messages draw.
const DROPS_SEED: u64 = 0xd505;

/// One sender of this thread.
pub(super) struct Sending {
    pub sender: u32,
    /// Deliveries of each message.
    pub audience: u32,
    pub to: Place,
    pub outbox: Outbox,
}

impl Sending {
    fn send(&self, due: Nanos) {
        // A connection that has ended is booked by its reader.
        let _ = self.outbox.send(Due { place: self.to, at: due });
    }
}

/// Starts this thread's share of the load, which ends by itself.
pub(super) fn start(
    settings: &Arc<Settings>,
    senders: Vec<Sending>,
    step: Step,
    place: (usize, usize),
) -> anyhow::Result<()> {
    match step.load {
        Load::Sessions { .. } => {}
        _ if senders.is_empty() => {}
        Load::Open { rate } => {
            let (own, whole) = (senders.len(), settings.senders as usize);
            let share = Share { start: step.timing.start, rate, own, whole, place, seed: settings.seed };
            let times = Times::new(settings.arrivals, share);
            let until = step.timing.measured.until;
            spawn_local(keep(Timer::new()?, times, until, move |due, source| senders[source].send(due)));
        }
        Load::Closed { .. } => {
            for sending in senders {
                spawn_local(refill(settings.clone(), sending, Timer::new()?, step.timing));
            }
        }
    }
    Ok(())
}

/// Keeps the sender's window full.
async fn refill(settings: Arc<Settings>, sending: Sending, timer: Timer, timing: Timing) {
    let window = &settings.windows[sending.sender as usize];
    timer.sleep_until(timing.start).await.expect("a timer that was made can be set");
    loop {
        if window.free().await {
            sleep(REFUSED_PAUSE).await;
        }
        let now = clock::now();
        if now >= timing.measured.until {
            return;
        }
        window.take(sending.audience);
        sending.send(now);
    }
}

/// Has this thread's peers drop their connections, in turn.
pub(super) fn start_drops(
    settings: &Settings,
    droppers: Vec<Dropper>,
    timing: Timing,
    place: (usize, usize),
) -> anyhow::Result<()> {
    let Some(drops) = settings.drops.filter(|_| !droppers.is_empty()) else { return Ok(()) };
    let (own, whole, seed) = (droppers.len(), drops.peers, settings.seed ^ DROPS_SEED);
    let share = Share { start: timing.start, rate: drops.rate, own, whole, place, seed };
    let times = Times::new(Arrivals::Const, share);
    let progress = settings.progress.clone();
    let act = move |_, source: usize| {
        progress.dropped();
        droppers[source].drop_connection();
    };
    spawn_local(keep(Timer::new()?, times, timing.measured.until, act));
    Ok(())
}
