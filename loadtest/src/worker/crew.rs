//! The run's handle on its threads.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use anyhow::{anyhow, bail};
use tokio::sync::watch;

use super::{Phase, Settings, Step, Told, thread as worker};
use crate::account::Tally;
use crate::peer::PeerPlan;

/// Threads that hold the connections of `plans`.
pub struct Crew {
    phases: watch::Sender<Phase>,
    told: mpsc::Receiver<Told>,
    threads: Vec<JoinHandle<Tally>>,
}

impl Crew {
    /// Starts a thread for each plan and waits until all are connected.
    pub fn connect(settings: &Arc<Settings>, plans: Vec<Vec<PeerPlan>>) -> anyhow::Result<Self> {
        Self::start(settings, plans, false)
    }

    /// Starts a thread for each plan, whose peers connect when their load says so.
    pub fn assemble(settings: &Arc<Settings>, plans: Vec<Vec<PeerPlan>>) -> anyhow::Result<Self> {
        Self::start(settings, plans, true)
    }

    fn start(settings: &Arc<Settings>, plans: Vec<Vec<PeerPlan>>, connect_later: bool) -> anyhow::Result<Self> {
        let (phases, watched) = watch::channel(Phase::Connect);
        let (tell, told) = mpsc::channel();
        let whole = plans.len();
        let threads = plans.into_iter().enumerate().map(|(index, peers)| {
            let worker = worker::Worker { settings: settings.clone(), peers, connect_later, place: (index, whole) };
            let (phases, tell) = (watched.clone(), tell.clone());
            thread::Builder::new().name(format!("load-{index}")).spawn(move || worker.run(phases, &tell))
        });
        let crew = Self { phases, told, threads: threads.collect::<Result<_, _>>()? };
        crew.await_all(|told| matches!(told, Told::Connected))?;
        Ok(crew)
    }

    /// Brings all peers into their conversations.
    pub fn prepare(&self) -> anyhow::Result<()> {
        self.phases.send(Phase::Prepare)?;
        self.await_all(|told| matches!(told, Told::Prepared))
    }

    /// Announces a load.
    pub fn run(&self, step: Step) -> anyhow::Result<()> {
        Ok(self.phases.send(Phase::Run(step))?)
    }

    /// Adds up the books since the last time.
    pub fn collect(&self) -> anyhow::Result<Tally> {
        self.phases.send(Phase::Collect)?;
        let mut sum = Tally::default();
        for _ in &self.threads {
            match self.told.recv()? {
                Told::Books(tally) => sum.merge(&tally),
                Told::Failed(error) => return Err(error),
                told => bail!("a load thread is out of step: {told:?}"),
            }
        }
        Ok(sum)
    }

    /// Closes all connections and adds the books up.
    pub fn finish(self) -> anyhow::Result<Tally> {
        // A thread that failed takes no phases; the join tells.
        let _ = self.phases.send(Phase::Finish);
        let mut sum = Tally::default();
        for thread in self.threads {
            sum.merge(&thread.join().map_err(|_| anyhow!("a load thread panicked"))?);
        }
        Ok(sum)
    }

    fn await_all(&self, is: impl Fn(&Told) -> bool) -> anyhow::Result<()> {
        for _ in &self.threads {
            match self.told.recv()? {
                Told::Failed(error) => return Err(error),
                told if is(&told) => {}
                told => bail!("a load thread is out of step: {told:?}"),
            }
        }
        Ok(())
    }
}
