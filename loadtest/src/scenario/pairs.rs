//! `pairs`: half of the connections each send to a partner of their own, in a direct conversation.

use anyhow::ensure;

use super::{Scenario, user};
use crate::peer::{Opening, PeerPlan};

pub fn pairs(run: u64, conns: usize) -> anyhow::Result<Scenario> {
    ensure!(conns > 0 && conns.is_multiple_of(2), "pairs need an even number of connections");
    Ok(pairs_of(&mut (0..conns).map(|index| user(run, index)), conns / 2))
}

/// Pairs of users as they come.
pub(super) fn pairs_of(users: &mut dyn Iterator<Item = String>, pairs: usize) -> Scenario {
    let next = &mut || users.next().expect("names do not end");
    let groups = (0..pairs as u32).map(|pair| couple(next(), next(), pair)).collect();
    Scenario { name: "pairs", groups, senders: pairs as u32 }
}

fn couple(from: String, to: String, number: u32) -> Vec<PeerPlan> {
    let plan = |user, opening| PeerPlan { opening, ..PeerPlan::resting(user) };
    let sender =
        PeerPlan { sender: Some(number), audience: 1, hears: number..number, ..plan(from, Opening::Greet(to.clone())) };
    let receiver = PeerPlan { hears: number..number + 1, ..plan(to, Opening::BeGreeted) };
    vec![sender, receiver]
}
