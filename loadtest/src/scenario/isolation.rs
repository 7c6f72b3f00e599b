//! `isolation`: a room that is wholly one shard's, and pairs that are wholly another's.
//!
//! Homes follow from names, so names are chosen; the connections are asked for by shard.

use anyhow::ensure;
use chasqui_proto::ids::{ConvId, UserId};

use super::pairs::pairs_of;
use super::room::room_of;
use super::{Scenario, user};
use crate::stamp::opening_client_id;

/// One shard of several.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct At {
    pub shard: u16,
    pub shards: u16,
}

impl At {
    fn is_home(self, vshard: u16) -> bool {
        vshard % self.shards == self.shard
    }

    /// The run's users that are at home here.
    fn users(self, run: u64) -> impl Iterator<Item = String> {
        (0..).map(move |index| user(run, index)).filter(move |name| self.is_home(known(name).vshard()))
    }
}

/// Direct conversations of users, conversations and connections of this shard.
pub fn quiet_pairs(run: u64, conns: usize, at: At) -> anyhow::Result<Scenario> {
    ensure!(conns > 0 && conns.is_multiple_of(2), "pairs need an even number of connections");
    // A direct conversation is at home where one of its users is.
    Ok(connected(pairs_of(&mut at.users(run), conns / 2), at))
}

/// A group of users, conversation and connections of this shard, with one that sends.
pub fn busy_room(run: u64, members: usize, at: At) -> anyhow::Result<Scenario> {
    ensure!(members >= 2, "a room needs two members");
    // The room's home follows from who makes it.
    let makes_it_here = |name: &String| at.is_home(ConvId::group(&known(name), opening_client_id(run, 0)).vshard());
    let everybody: Vec<_> = at.users(run).skip_while(|name| !makes_it_here(name)).take(members).collect();
    Ok(connected(room_of(&everybody, 1), at))
}

fn connected(mut scenario: Scenario, at: At) -> Scenario {
    scenario.groups.iter_mut().flatten().for_each(|peer| peer.shard = Some(at.shard));
    scenario
}

fn known(name: &str) -> UserId {
    UserId::new(name).expect("the run's names are short and plain")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::Opening;

    #[test]
    fn all_of_it_is_at_home_where_it_should_be() {
        for shard in 0..2 {
            let at = At { shard, shards: 2 };
            let (pairs, room) = (quiet_pairs(7, 10, at).unwrap(), busy_room(7, 50, at).unwrap());
            assert_eq!((pairs.peers(), pairs.senders, room.peers(), room.receivers()), (10, 5, 50, Some(49)));
            for peer in pairs.groups.iter().chain(&room.groups).flatten() {
                let me = known(&peer.user);
                assert!(peer.shard == Some(shard) && at.is_home(me.vshard()));
                let conv = match &peer.opening {
                    Opening::Greet(partner) => ConvId::direct(&me, &known(partner)),
                    Opening::Create(_) => ConvId::group(&me, opening_client_id(7, 0)),
                    _ => continue,
                };
                assert!(at.is_home(conv.vshard()));
            }
        }
    }
}
