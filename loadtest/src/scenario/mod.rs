//! Who connects, who sends, and who hears whom.
//!
//! One file per scenario, each a function from its size to a [`Scenario`]. Users are new in every run, so that what
//! former runs have left in the store weighs on none.

mod floor;
mod idle;
mod isolation;
mod mixed;
mod pairs;
mod reconnect;
mod room;
mod slow_reader;

pub use idle::idle;
pub use isolation::{At, busy_room, quiet_pairs};
pub use mixed::mixed;
pub use pairs::pairs;
pub use reconnect::reconnect;
pub use room::room;
pub use slow_reader::slow_reader;

use crate::peer::{Habit, PeerPlan};

/// A plan that is independent of threads.
#[derive(Debug)]
pub struct Scenario {
    pub name: &'static str,
    /// Peers that belong on one thread.
    pub groups: Vec<Vec<PeerPlan>>,
    pub senders: u32,
}

impl Scenario {
    pub fn peers(&self) -> usize {
        self.groups.iter().map(Vec::len).sum()
    }

    /// Deliveries of each message, where all messages have as many.
    pub fn receivers(&self) -> Option<u32> {
        let mut audiences = self.groups.iter().flatten().filter(|peer| peer.sender.is_some()).map(|peer| peer.audience);
        let first = audiences.next()?;
        audiences.all(|audience| audience == first).then_some(first)
    }

    /// How many peers have this habit.
    pub fn with_habit(&self, habit: Habit) -> usize {
        self.groups.iter().flatten().filter(|peer| peer.habit == habit).count()
    }

    /// One plan per thread, the groups dealt out in turn; no more threads than groups.
    pub fn deal(self, threads: usize) -> Vec<Vec<PeerPlan>> {
        let threads = threads.clamp(1, self.groups.len().max(1));
        let mut plans: Vec<Vec<PeerPlan>> = (0..threads).map(|_| Vec::new()).collect();
        for (index, group) in self.groups.into_iter().enumerate() {
            plans[index % threads].extend(group);
        }
        plans
    }
}

/// The name of the run's user `index`.
fn user(run: u64, index: usize) -> String {
    format!("load-{run:012x}-{index}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::Opening;
    use std::collections::BTreeSet;

    #[test]
    fn every_pair_has_one_sender_that_only_its_partner_hears() {
        let scenario = pairs(7, 10).unwrap();
        assert_eq!((scenario.peers(), scenario.senders, scenario.receivers()), (10, 5, Some(1)));
        for (pair, group) in scenario.groups.iter().enumerate() {
            let (sender, receiver) = (&group[0], &group[1]);
            assert_eq!((sender.sender, sender.hears.len()), (Some(pair as u32), 0));
            assert_eq!((receiver.sender, receiver.hears.clone()), (None, pair as u32..pair as u32 + 1));
            assert!(matches!(&sender.opening, Opening::Greet(user) if *user == receiver.user));
        }
        assert!(pairs(7, 9).is_err() && pairs(7, 0).is_err());
    }

    #[test]
    fn a_room_has_one_creator_and_everybody_hears_all_senders() {
        let scenario = room(7, 5, 2).unwrap();
        assert_eq!((scenario.senders, scenario.receivers()), (2, Some(4)));
        let peers: Vec<_> = scenario.groups.concat();
        assert_eq!(peers.iter().filter(|peer| matches!(peer.opening, Opening::Create(_))).count(), 1);
        assert_eq!(peers.iter().filter_map(|peer| peer.sender).collect::<Vec<_>>(), [0, 1]);
        assert!(peers.iter().all(|peer| peer.hears == (0..2)));
        assert!(room(7, 1, 1).is_err() && room(7, 5, 0).is_err() && room(7, 5, 6).is_err());
    }

    #[test]
    fn slow_readers_are_not_waited_for_and_never_send() {
        let scenario = slow_reader(7, 6, 2).unwrap();
        assert_eq!((scenario.with_habit(Habit::Stalls), scenario.receivers()), (2, Some(3)));
        assert!(scenario.groups.concat().iter().all(|peer| peer.habit == Habit::Reads || peer.sender.is_none()));
        assert!(slow_reader(7, 3, 2).is_err() && slow_reader(7, 6, 0).is_err());
    }

    #[test]
    fn only_receivers_drop_their_connections() {
        let peers = reconnect(7, 8).unwrap().groups.concat();
        assert!(peers.iter().all(|peer| peer.sender.is_none() == (peer.habit == Habit::Drops)));
    }

    #[test]
    fn users_differ_and_are_dealt_out_evenly() {
        let scenario = idle(7, 10);
        let users: BTreeSet<_> = scenario.groups.concat().into_iter().map(|peer| peer.user).collect();
        assert_eq!(users.len(), 10);
        let sizes: Vec<_> = scenario.deal(3).iter().map(Vec::len).collect();
        assert_eq!(sizes, [4, 3, 3]);
        assert_eq!(pairs(7, 4).unwrap().deal(8).len(), 2);
    }
}
