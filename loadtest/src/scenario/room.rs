//! `room`: one group of all connections; one or a few of them send, and everybody else receives.

use anyhow::ensure;

use super::{Scenario, user};
use crate::peer::{Habit, Opening, PeerPlan};

pub fn room(run: u64, members: usize, senders: usize) -> anyhow::Result<Scenario> {
    ensure!(members >= 2, "a room needs two members");
    ensure!((1..=members).contains(&senders), "a room of {members} has between 1 and {members} senders");
    let everybody: Vec<String> = (0..members).map(|index| user(run, index)).collect();
    Ok(room_of(&everybody, senders))
}

/// The first of them makes the room, the first `senders` send.
pub(super) fn room_of(everybody: &[String], senders: usize) -> Scenario {
    let groups = (0..everybody.len()).map(|index| vec![member(everybody, index, senders)]).collect();
    Scenario { name: "room", groups, senders: senders as u32 }
}

fn member(everybody: &[String], index: usize, senders: usize) -> PeerPlan {
    let opening = if index == 0 { Opening::Create(everybody[1..].to_vec()) } else { Opening::Join };
    let sender = (index < senders).then_some(index as u32);
    let (user, audience, hears) = (everybody[index].clone(), everybody.len() as u32 - 1, 0..senders as u32);
    PeerPlan { user, sender, audience, hears, opening, habit: Habit::Reads, shard: None }
}
