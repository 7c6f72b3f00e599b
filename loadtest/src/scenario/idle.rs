//! `idle`: connections with a session each, and nothing else.

use super::{Scenario, user};
use crate::peer::{Opening, PeerPlan};

pub fn idle(run: u64, conns: usize) -> Scenario {
    let plan = |index| PeerPlan { user: user(run, index), sender: None, hears: 0..0, opening: Opening::Idle };
    let groups = (0..conns).map(|index| vec![plan(index)]).collect();
    Scenario { name: "idle", groups, senders: 0, receivers: 0 }
}
