//! `slow-reader`: a group of which some members stop reading once the load begins. Those count for nothing but
//! being cut; what is measured is the others.

use anyhow::ensure;

use super::{Scenario, room};
use crate::peer::Habit;

pub fn slow_reader(run: u64, members: usize, slow: usize) -> anyhow::Result<Scenario> {
    ensure!(slow > 0, "--slow must not be zero");
    ensure!(members >= slow + 2, "besides the slow ones a room needs a sender and a receiver");
    let mut scenario = Scenario { name: "slow-reader", ..room(run, members, 1)? };
    let mut peers: Vec<_> = scenario.groups.iter_mut().flatten().collect();
    peers.iter_mut().rev().take(slow).for_each(|peer| peer.habit = Habit::Stalls);
    peers.iter_mut().for_each(|peer| peer.audience -= slow as u32);
    Ok(scenario)
}
