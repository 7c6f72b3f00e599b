//! One thread's way through the phases.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::{JoinHandle, spawn_local};

use super::drive::{self, Sending};
use super::{Load, Phase, Settings, Step, Told, pin, sessions};
use crate::account::Tally;
use crate::clock::{Nanos, Span, nanos};
use crate::dial::Dialer;
use crate::pacing::Share;
use crate::peer::{Habit, Hub, Opening, Peer, PeerPlan, Place};

/// Handshakes under way, so that a listen queue is not overrun.
const CONNECTING_MAX: usize = 32;
/// Tasks run between two looks at the sockets and the pacing timer.
const EVENT_INTERVAL: u32 = 16;
/// Until closes have left.
const GOODBYE: Duration = Duration::from_millis(50);

pub(super) struct Worker {
    pub settings: Arc<Settings>,
    pub peers: Vec<PeerPlan>,
    /// Peers connect as a load of sessions, not before.
    pub connect_later: bool,
    /// Its number, and how many there are.
    pub place: (usize, usize),
}

type Prepared = Vec<(Peer, Option<Place>)>;

impl Worker {
    pub fn run(self, mut phases: watch::Receiver<Phase>, tell: &mpsc::Sender<Told>) -> Tally {
        let hub = self.hub();
        let runtime = Builder::new_current_thread()
            .enable_all()
            .event_interval(EVENT_INTERVAL)
            .build_local(LocalOptions::default())
            .expect("a runtime can be made");
        if let Err(error) = runtime.block_on(self.phases(&hub, &mut phases, tell)) {
            // The run has the error; should it be gone, nobody is interested.
            let _ = tell.send(Told::Failed(error));
        }
        drop(runtime);
        hub.into_tally()
    }

    async fn phases(
        mut self,
        hub: &Rc<Hub>,
        phases: &mut watch::Receiver<Phase>,
        tell: &mpsc::Sender<Told>,
    ) -> anyhow::Result<()> {
        pin(&self.settings.pin, self.place.0)?;
        let now = if self.connect_later { Vec::new() } else { std::mem::take(&mut self.peers) };
        let peers = self.connect(hub, now).await?;
        let come = Rc::default();
        tell.send(Told::Connected)?;
        let mut peers: Prepared = peers.into_iter().map(|peer| (peer, None)).collect();
        loop {
            phases.changed().await?;
            let phase = *phases.borrow_and_update();
            match phase {
                Phase::Connect => {}
                Phase::Prepare => {
                    peers = prepare(hub, peers).await?;
                    tell.send(Told::Prepared)?;
                }
                Phase::Run(Step { load: Load::Sessions { rate, whole }, timing }) => {
                    hub.begin(timing);
                    let plans = std::mem::take(&mut self.peers);
                    let share = Share { start: timing.start, rate, own: plans.len(), whole, ..self.share() };
                    sessions::start(&self.settings, hub, plans, share, &come)?;
                }
                Phase::Run(step) => self.load(hub, &peers, step)?,
                Phase::Collect => tell.send(Told::Books(Box::new(hub.tally.take())))?,
                Phase::Finish => break,
            }
        }
        peers.extend(come.take().into_iter().map(|peer| (peer, None)));
        goodbye(hub, &peers).await;
        Ok(())
    }

    /// All of a share but the load.
    fn share(&self) -> Share {
        Share { start: 0, rate: 1, own: 1, whole: 1, place: self.place, seed: self.settings.seed }
    }

    async fn connect(&self, hub: &Rc<Hub>, plans: Vec<PeerPlan>) -> anyhow::Result<Vec<Peer>> {
        let settings = &*self.settings;
        let mut dialer = Dialer::new(&settings.connect, &settings.bind_ips)?;
        let gate = Rc::new(Semaphore::new(CONNECTING_MAX));
        let mut tasks = Vec::with_capacity(plans.len());
        for plan in plans {
            let token = settings.token(&plan.user)?;
            let (hub, gate) = (hub.clone(), gate.clone());
            let connector = match &plan.opening {
                Opening::Enter(room) => dialer.floor(settings.server, room)?,
                _ => dialer.connector(plan.habit == Habit::Stalls)?,
            };
            tasks.push(spawn_local(async move {
                let _turn = gate.acquire().await?;
                Peer::connect(hub, connector, plan, token).await
            }));
        }
        all(tasks).await
    }

    fn load(&self, hub: &Rc<Hub>, peers: &Prepared, step: Step) -> anyhow::Result<()> {
        hub.begin(step.timing);
        let sending = peers.iter().filter_map(|(peer, to)| {
            let (sender, audience) = (peer.plan.sender?, peer.plan.audience);
            Some(Sending { sender, audience, to: (*to)?, outbox: peer.outbox.clone() })
        });
        drive::start(&self.settings, sending.collect(), step, self.place)?;
        let droppers = peers.iter().filter_map(|(peer, _)| peer.dropper()).collect();
        drive::start_drops(&self.settings, droppers, step.timing, self.place)
    }

    fn hub(&self) -> Rc<Hub> {
        let settings = &*self.settings;
        let away = settings.drops.map(|drops| drops.away).unwrap_or_default();
        Rc::new(Hub {
            ack: settings.ack,
            size: settings.size,
            run: settings.run,
            late_after: nanos(settings.late_after),
            away,
            tally: RefCell::new(Tally::default()),
            progress: settings.progress.clone(),
            windows: settings.windows.clone(),
            signals: settings.signals.then(RefCell::default),
            start: Cell::new(Nanos::MAX),
            measured: Cell::new(Span::NEVER),
            closing: Cell::new(false),
            stalled: Notify::new(),
        })
    }
}

async fn prepare(hub: &Rc<Hub>, peers: Prepared) -> anyhow::Result<Prepared> {
    let tasks = peers.into_iter().map(|(mut peer, _)| {
        let hub = hub.clone();
        spawn_local(async move {
            let place = peer.prepare(&hub).await?;
            Ok((peer, place))
        })
    });
    all(tasks.collect()).await
}

/// The results in order, or the first error.
async fn all<T>(tasks: Vec<JoinHandle<anyhow::Result<T>>>) -> anyhow::Result<Vec<T>> {
    let mut results = Vec::with_capacity(tasks.len());
    for task in tasks {
        results.push(task.await??);
    }
    Ok(results)
}

async fn goodbye(hub: &Hub, peers: &Prepared) {
    let stalling = peers.iter().filter(|(peer, _)| peer.plan.habit == Habit::Stalls).count() as u64;
    if stalling > 0 {
        hub.read_on(stalling).await;
    }
    hub.closing.set(true);
    for (peer, _) in peers {
        peer.close();
    }
    tokio::time::sleep(GOODBYE).await;
}
