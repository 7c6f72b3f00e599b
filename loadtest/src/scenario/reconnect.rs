//! `reconnect`: pairs whose receivers drop their connections and come back.

use super::{Scenario, pairs};
use crate::peer::Habit;

pub fn reconnect(run: u64, conns: usize) -> anyhow::Result<Scenario> {
    let mut scenario = Scenario { name: "reconnect", ..pairs(run, conns)? };
    for peer in scenario.groups.iter_mut().flatten().filter(|peer| peer.sender.is_none()) {
        peer.habit = Habit::Drops;
    }
    Ok(scenario)
}
