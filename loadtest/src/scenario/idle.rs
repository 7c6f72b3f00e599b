//! `idle`: connections with a session each, and nothing else.

use super::{Scenario, user};
use crate::peer::PeerPlan;

pub fn idle(run: u64, conns: usize) -> Scenario {
    let plan = |index| PeerPlan::resting(user(run, index));
    let groups = (0..conns).map(|index| vec![plan(index)]).collect();
    Scenario { name: "idle", groups, senders: 0 }
}
