//! `mixed`: what a day in a chat looks like. Half of the connections rest in no conversation; the others are in
//! groups whose sizes follow Zipf's law, and one member in ten of each writes.

use anyhow::ensure;

use super::{Scenario, user};
use crate::pacing::Random;
use crate::peer::{Habit, Opening, PeerPlan};

/// The least that makes a group of two and two that rest.
const CONNS_MIN: usize = 4;
/// Of all connections, those that rest.
const RESTING_DIVISOR: usize = 2;
/// Members of a group for one that writes.
const MEMBERS_PER_WRITER: usize = 10;
const GROUP_MEMBERS_MIN: usize = 2;
/// The frame that creates a group names all its members, and is to stay below the server's 64 KiB in either dialect.
const GROUP_MEMBERS_MAX: usize = 1_500;
/// Keeps these draws apart from those of the arrivals.
const SIZES_STREAM: u64 = 0x512e;

pub fn mixed(run: u64, conns: usize, seed: u64) -> anyhow::Result<Scenario> {
    ensure!(conns >= CONNS_MIN, "a mixed run needs {CONNS_MIN} connections");
    let resting = conns / RESTING_DIVISOR;
    let (mut groups, mut senders, mut index) = (Vec::with_capacity(conns), 0, 0);
    for size in sizes(conns - resting, seed) {
        groups.extend(group(run, index, size, senders).into_iter().map(|peer| vec![peer]));
        senders += writers(size) as u32;
        index += size;
    }
    groups.extend((index..conns).map(|index| vec![PeerPlan::resting(user(run, index))]));
    Ok(Scenario { name: "mixed", groups, senders })
}

fn writers(size: usize) -> usize {
    size.div_ceil(MEMBERS_PER_WRITER)
}

/// Sizes of groups that together have `members`: small ones are likely, a size n times as large n times less so.
fn sizes(members: usize, seed: u64) -> Vec<usize> {
    let mut random = Random::new(seed, SIZES_STREAM);
    let (mut left, mut sizes) = (members, Vec::new());
    while left >= GROUP_MEMBERS_MIN {
        let most = left.min(GROUP_MEMBERS_MAX);
        let size = zipf(&mut random, most);
        // Nobody is left over alone.
        let size = if left - size < GROUP_MEMBERS_MIN { size + (left - size) } else { size };
        sizes.push(size);
        left -= size;
    }
    sizes
}

/// From the least size to `most`, each as likely as one divided by it.
fn zipf(random: &mut Random, most: usize) -> usize {
    let weight = |size: usize| 1.0 / size as f64;
    let mut left = random.unit() * (GROUP_MEMBERS_MIN..=most).map(weight).sum::<f64>();
    for size in GROUP_MEMBERS_MIN..most {
        left -= weight(size);
        if left <= 0.0 {
            return size;
        }
    }
    most
}

fn group(run: u64, first: usize, size: usize, first_sender: u32) -> Vec<PeerPlan> {
    let users: Vec<String> = (first..first + size).map(|index| user(run, index)).collect();
    let writers = writers(size) as u32;
    let member = |index: usize| PeerPlan {
        user: users[index].clone(),
        sender: ((index as u32) < writers).then_some(first_sender + index as u32),
        audience: size as u32 - 1,
        hears: first_sender..first_sender + writers,
        opening: if index == 0 { Opening::Create(users[1..].to_vec()) } else { Opening::Join },
        habit: Habit::Reads,
        shard: None,
    };
    (0..size).map(member).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_use_everybody_up_and_small_ones_are_frequent() {
        for members in [2, 3, 7, 500, 20_000] {
            let sizes = sizes(members, 3);
            assert_eq!(sizes.iter().sum::<usize>(), members);
            assert!(sizes.iter().all(|size| (GROUP_MEMBERS_MIN..=GROUP_MEMBERS_MAX + 1).contains(size)));
        }
        let sizes = sizes(200_000, 3);
        let between = |low, high| sizes.iter().filter(|size| (low..high).contains(*size)).count();
        assert!(between(2, 20) > between(20, 200) / 2 && between(200, 1_502) > 10);
    }

    #[test]
    fn a_seed_makes_the_same_rooms_again() {
        assert_eq!(sizes(5_000, 1), sizes(5_000, 1));
        assert_ne!(sizes(5_000, 1), sizes(5_000, 2));
    }

    #[test]
    fn half_rest_and_every_group_has_a_creator_and_senders_it_hears() {
        let scenario = mixed(7, 100, 1).unwrap();
        let peers = scenario.groups.concat();
        assert_eq!((peers.len(), peers.iter().filter(|peer| matches!(peer.opening, Opening::Idle)).count()), (100, 50));
        let numbers: Vec<_> = peers.iter().filter_map(|peer| peer.sender).collect();
        assert_eq!(numbers, (0..scenario.senders).collect::<Vec<_>>());
        for peer in peers.iter().filter(|peer| peer.sender.is_some()) {
            assert!(peer.hears.contains(&peer.sender.unwrap()) && peer.audience > 0);
        }
        assert!(mixed(7, 3, 1).is_err());
    }
}
