//! One thread's way through the phases.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, spawn_local};

use super::drive::{self, Sending};
use super::{Phase, Settings, Timing, Told};
use crate::account::Tally;
use crate::clock::Span;
use crate::dial::{self, Dialer};
use crate::peer::{Hub, Opening, Peer, PeerPlan, Place};

/// Handshakes under way, so that a listen queue is not overrun.
const CONNECTING_MAX: usize = 32;
/// Tasks run between two looks at the sockets and the pacing timer.
const EVENT_INTERVAL: u32 = 16;
/// Until closes have left.
const GOODBYE: Duration = Duration::from_millis(50);

pub(super) struct Worker {
    pub settings: Arc<Settings>,
    pub peers: Vec<PeerPlan>,
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
        let plans = std::mem::take(&mut self.peers);
        let peers = self.connect(hub, plans).await?;
        tell.send(Told::Connected)?;
        let mut peers: Prepared = peers.into_iter().map(|peer| (peer, None)).collect();
        if phases.wait_for(|phase| *phase != Phase::Connect).await.is_ok_and(|phase| *phase == Phase::Prepare) {
            peers = prepare(hub, peers).await?;
            tell.send(Told::Prepared)?;
            if let Phase::Run(timing) = *phases.wait_for(|phase| *phase != Phase::Prepare).await? {
                self.load(hub, &peers, timing)?;
            }
        }
        phases.wait_for(|phase| *phase == Phase::Finish).await?;
        goodbye(hub, &peers).await;
        Ok(())
    }

    async fn connect(&self, hub: &Rc<Hub>, plans: Vec<PeerPlan>) -> anyhow::Result<Vec<Peer>> {
        let settings = &*self.settings;
        let mut dialer = Dialer::new(settings.connect.clone())?;
        let gate = Rc::new(Semaphore::new(CONNECTING_MAX));
        let mut tasks = Vec::with_capacity(plans.len());
        for plan in plans {
            let token =
                settings.signer.as_ref().map(|signer| signer.token(&plan.user)).transpose()?.unwrap_or_default();
            let connector = match &plan.opening {
                Opening::Enter(room) => dial::floor(settings.server, room)?,
                _ => dialer.connector()?,
            };
            let (hub, gate) = (hub.clone(), gate.clone());
            tasks.push(spawn_local(async move {
                let _turn = gate.acquire().await?;
                Peer::connect(hub, &connector, plan, &token).await
            }));
        }
        all(tasks).await
    }

    fn load(&self, hub: &Rc<Hub>, peers: &Prepared, timing: Timing) -> anyhow::Result<()> {
        hub.measured.set(timing.measured);
        let sending = peers.iter().filter_map(|(peer, place)| {
            Some(Sending { sender: peer.plan.sender?, place: (*place)?, outbox: peer.outbox.clone() })
        });
        drive::start(&self.settings, sending.collect(), timing, self.place)
    }

    fn hub(&self) -> Rc<Hub> {
        let settings = &*self.settings;
        Rc::new(Hub {
            ack: settings.ack.unwrap_or_default(),
            size: settings.size,
            run: settings.run,
            tally: RefCell::new(Tally::default()),
            progress: settings.progress.clone(),
            windows: settings.windows.clone(),
            measured: Cell::new(Span::NEVER),
            closing: Cell::new(false),
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
    hub.closing.set(true);
    for (peer, _) in peers {
        peer.close();
    }
    tokio::time::sleep(GOODBYE).await;
}
