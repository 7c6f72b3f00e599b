//! Generated worlds: one client of alice against a naive server that crashes, loses connections, refuses, rejects,
//! moves conversations to a new epoch, delivers out of order between two lanes and forgets to deliver at all.
//! After healing, the app shows exactly what the server has.

mod world;

use proptest::prelude::*;
use world::{CONVS, World};

#[derive(Clone, Debug)]
enum Op {
    /// Another member (0) or another device of alice (1) sends; lost ones are not delivered live.
    OtherSends {
        conv: usize,
        who: usize,
        delivered: bool,
    },
    /// A message lost by a crash is sent again by its sender.
    OtherResends,
    Send {
        conv: usize,
        durable: bool,
    },
    ServerTakes {
        refuse: bool,
    },
    Commit {
        conv: usize,
        rows: usize,
    },
    Reject {
        conv: usize,
    },
    Deliver {
        lane: usize,
        events: usize,
    },
    Pass {
        ms: u64,
    },
    Connect,
    /// What was under way to the server still arrives, or not.
    Disconnect {
        arrives: bool,
    },
    Crash,
    /// A new home takes over while the connection lives.
    NewHome {
        conv: usize,
    },
}

fn op() -> impl Strategy<Value = Op> {
    let conv = 0..CONVS;
    prop_oneof![
        6 => (conv.clone(), 0..2usize, prop::bool::weighted(0.9))
            .prop_map(|(conv, who, delivered)| Op::OtherSends { conv, who, delivered }),
        2 => Just(Op::OtherResends),
        5 => (conv.clone(), prop::bool::weighted(0.7)).prop_map(|(conv, durable)| Op::Send { conv, durable }),
        6 => prop::bool::weighted(0.1).prop_map(|refuse| Op::ServerTakes { refuse }),
        4 => (conv.clone(), 1..4usize).prop_map(|(conv, rows)| Op::Commit { conv, rows }),
        1 => conv.clone().prop_map(|conv| Op::Reject { conv }),
        9 => (0..2usize, 1..4usize).prop_map(|(lane, events)| Op::Deliver { lane, events }),
        3 => (0..7_000u64).prop_map(|ms| Op::Pass { ms }),
        4 => Just(Op::Connect),
        1 => any::<bool>().prop_map(|arrives| Op::Disconnect { arrives }),
        1 => Just(Op::Crash),
        1 => conv.prop_map(|conv| Op::NewHome { conv }),
    ]
}

fn apply(world: &mut World, op: &Op) {
    match *op {
        Op::OtherSends { conv, who, delivered } => world.other_sends(conv, who, delivered),
        Op::OtherResends => world.other_resends(),
        Op::Send { conv, durable } => world.send(conv, durable),
        Op::ServerTakes { refuse } => world.server_takes(refuse),
        Op::Commit { conv, rows } => world.commit(conv, rows),
        Op::Reject { conv } => world.reject(conv),
        Op::Deliver { lane, events } => (0..events).for_each(|_| world.deliver(lane)),
        Op::Pass { ms } => world.pass(ms),
        Op::Connect => world.connect(),
        Op::Disconnect { arrives } => world.disconnect(arrives),
        Op::Crash => world.crash(),
        Op::NewHome { conv } => world.new_home(conv),
    }
    world.check();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn the_app_ends_up_showing_exactly_what_the_server_has(lanes in any::<bool>(), ops in prop::collection::vec(op(), 1..150)) {
        let mut world = World::new(lanes);
        for op in &ops {
            apply(&mut world, op);
        }
        world.heal();
        world.check_converged();
    }
}
