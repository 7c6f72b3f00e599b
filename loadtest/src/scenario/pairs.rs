//! `pairs`: half of the connections each send to a partner of their own, in a direct conversation.

use anyhow::ensure;

use super::{Scenario, user};
use crate::peer::{Habit, Opening, PeerPlan};

pub fn pairs(run: u64, conns: usize) -> anyhow::Result<Scenario> {
    ensure!(conns > 0 && conns.is_multiple_of(2), "pairs need an even number of connections");
    let groups = (0..conns / 2).map(|pair| couple(run, pair)).collect();
    Ok(Scenario { name: "pairs", groups, senders: (conns / 2) as u32 })
}

fn couple(run: u64, pair: usize) -> Vec<PeerPlan> {
    let (from, to) = (user(run, pair * 2), user(run, pair * 2 + 1));
    let number = pair as u32;
    let (opening, habit) = (Opening::Greet(to.clone()), Habit::Reads);
    let sender = PeerPlan { user: from, sender: Some(number), audience: 1, hears: number..number, opening, habit };
    let hears = number..number + 1;
    let receiver = PeerPlan { user: to, sender: None, audience: 0, hears, opening: Opening::BeGreeted, habit };
    vec![sender, receiver]
}
