//! Sessions as a load: each is opened when it is due, however many are still on their way.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use chasqui_client::Connector;
use tokio::task::spawn_local;

use super::Settings;
use crate::account::record;
use crate::clock::{self, Nanos};
use crate::dial::Dialer;
use crate::pacing::{Share, Timer, Times};
use crate::peer::{Hub, Peer, PeerPlan};

/// Peers that have come; kept to the end of the run.
pub(super) type Come = Rc<RefCell<Vec<Peer>>>;

/// Starts this thread's share, which ends when all its peers have been tried.
pub(super) fn start(
    settings: &Arc<Settings>,
    hub: &Rc<Hub>,
    plans: Vec<PeerPlan>,
    share: Share,
    come: &Come,
) -> anyhow::Result<()> {
    if plans.is_empty() {
        return Ok(());
    }
    let times = Times::new(settings.arrivals, share);
    let dialer = Dialer::new(&settings.connect, &settings.bind_ips)?;
    spawn_local(open_all(settings.clone(), hub.clone(), plans, times, Timer::new()?, dialer, come.clone()));
    Ok(())
}

async fn open_all(
    settings: Arc<Settings>,
    hub: Rc<Hub>,
    plans: Vec<PeerPlan>,
    mut times: Times,
    timer: Timer,
    mut dialer: Dialer,
    come: Come,
) {
    for plan in plans {
        let (due, _) = times.next_due();
        timer.sleep_until(due).await.expect("a timer that was made can be set");
        record(&mut hub.tally.borrow_mut().send_lag, due, clock::now());
        hub.progress.sent(0);
        let token = settings.token(&plan.user);
        let connector = dialer.connector(false);
        let (hub, come) = (hub.clone(), come.clone());
        spawn_local(async move {
            match open(&hub, plan, token, connector, due).await {
                Ok(peer) => come.borrow_mut().push(peer),
                Err(error) => failed(&hub, &error),
            }
        });
    }
}

async fn open(
    hub: &Rc<Hub>,
    plan: PeerPlan,
    token: anyhow::Result<String>,
    connector: anyhow::Result<Connector>,
    due: Nanos,
) -> anyhow::Result<Peer> {
    let peer = Peer::connect(hub.clone(), connector?, plan, token?).await?;
    let tally = &mut *hub.tally.borrow_mut();
    tally.counts.connected += 1;
    record(&mut tally.connect, due, clock::now());
    hub.progress.acked();
    Ok(peer)
}

fn failed(hub: &Hub, error: &anyhow::Error) {
    let tally = &mut *hub.tally.borrow_mut();
    tally.counts.connect_failed += 1;
    tally.trouble(|| format!("a session could not be opened: {error:#}"));
    hub.progress.refused(0);
}
