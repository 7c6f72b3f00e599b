//! Full rings, retries, crashes: what is acked durable stays, what fell behind is caught up.
mod world;

use chasqui_proto::command::{AckLevel, Command, Target};
use chasqui_proto::row::StoreFailure;
use world::{Options, StoreMode, World, direct};

#[test]
fn a_shard_whose_ring_was_full_is_caught_up_in_order() {
    let mut w = World::new(Options { ring: 2, permits: 2, shards: 2, ..Options::default() });
    let conv = direct("alice", "bob");
    // The sender sits at the conversation's home, the recipient on the other shard.
    let home = conv.vshard() % 2;
    let (a, b) = (w.open(home, "alice"), w.open(1 - home, "bob"));
    w.send_to(a, "bob", 1, AckLevel::Durable);
    w.told(b);
    w.paused = true;
    for n in 2..=20 {
        w.send_to(a, "bob", n, AckLevel::Durable);
    }
    assert!(w.told(b).is_empty());
    w.paused = false;
    w.settle();
    let expected: Vec<String> = (2..=20).map(|n| format!("message {n} from alice: text {n}")).collect();
    assert_eq!(w.told(b), expected);
}

#[test]
fn an_unknown_outcome_is_written_again_and_never_retracted() {
    let mut w = World::new(Options::default());
    let (a, b) = (w.open(0, "alice"), w.open(2, "bob"));
    w.send_to(a, "bob", 1, AckLevel::Durable);
    w.told(a);
    w.told(b);
    w.mode = StoreMode::Fail(StoreFailure::Unknown);
    w.send_to(a, "bob", 2, AckLevel::Durable);
    w.send_to(a, "bob", 3, AckLevel::Durable);
    assert_eq!(w.told(a), ["error 3 store_unavailable"]);
    w.send(a, Target::User("bob"), 2, AckLevel::Durable, true);
    assert!(w.told(a).is_empty(), "a retry joins the pending append");
    w.mode = StoreMode::Answer;
    w.pass(1_500);
    assert_eq!(w.told(a), ["ack 2 Durable seq 2 durable 2", "ack 2 Durable seq 2 durable 2"]);
    assert_eq!(w.told(b), ["message 2 from alice: text 2"]);
}

#[test]
fn a_rejected_write_is_retracted_and_its_seq_stays_taken() {
    let mut w = World::new(Options::default());
    let (a, b) = (w.open(0, "alice"), w.open(2, "bob"));
    w.send_to(a, "bob", 1, AckLevel::Durable);
    w.told(a);
    w.told(b);
    w.mode = StoreMode::Fail(StoreFailure::Rejected);
    w.send_to(a, "bob", 2, AckLevel::Durable);
    assert_eq!(w.told(a), ["error 2 store_rejected", "retracted 2"]);
    w.mode = StoreMode::Answer;
    w.pass(1_500);
    w.send_to(a, "bob", 3, AckLevel::Durable);
    assert_eq!(w.told(a), ["ack 3 Durable seq 3 durable 3"]);
    assert_eq!(w.told(b), ["message 2 from alice: text 2", "retracted 2", "message 3 from alice: text 3"]);
    w.command(b, Command::Sync { id: "", cursors: vec![], next: "" });
    w.settle();
    assert_eq!(w.told(b), ["sync 3/3 more=false recovered=true [1 2x 3]"]);
}

#[test]
fn after_a_crash_the_head_is_what_was_committed_and_a_resend_is_known() {
    let mut w = World::new(Options::default());
    let a = w.open(0, "alice");
    for n in 1..=3 {
        w.send_to(a, "bob", n, AckLevel::Durable);
    }
    w.mode = StoreMode::Hold;
    w.send_to(a, "bob", 4, AckLevel::Durable);
    let mut w = World::over(Options { epoch: 2, ..Options::default() }, w.rows);
    let a = w.open(3, "alice");
    assert_eq!(w.told(a), ["welcome [3/3r0]"]);
    for n in 3..=5 {
        w.send(a, Target::User("bob"), n, AckLevel::Durable, true);
    }
    assert_eq!(
        w.told(a),
        ["ack 3 Durable seq 3 durable 3", "ack 4 Durable seq 4 durable 4", "ack 5 Durable seq 5 durable 5"]
    );
}

#[test]
fn a_hole_left_by_a_crash_is_filled_with_a_tombstone() {
    let mut w = World::new(Options::default());
    let a = w.open(0, "alice");
    for n in 1..=5 {
        w.send_to(a, "bob", n, AckLevel::Durable);
    }
    let mut rows = w.rows.clone();
    rows.messages.remove(&(direct("alice", "bob"), 4));
    let mut w = World::over(Options { epoch: 2, ..Options::default() }, rows);
    let b = w.open(0, "bob");
    w.send_to(b, "alice", 9, AckLevel::Durable);
    assert_eq!(w.told(b).last().unwrap(), "ack 9 Durable seq 6 durable 6");
    w.command(b, Command::Sync { id: "", cursors: vec![(direct("alice", "bob"), 2)], next: "" });
    w.settle();
    assert_eq!(w.told(b), ["sync 6/6 more=false recovered=true [3 4x 5 6]"]);
}

#[test]
fn an_evicted_conversation_comes_back_whole_and_long_history_is_paged() {
    let mut w = World::new(Options { evict_idle_ms: 1_000, ..Options::default() });
    let (a, b) = (w.open(0, "alice"), w.open(2, "bob"));
    for n in 1..=250 {
        w.send_to(a, "bob", n, AckLevel::Accepted);
    }
    w.pass(10_000);
    assert_eq!(w.shards.iter().map(|s| s.gauges().live_conversations).sum::<usize>(), 0);
    w.told(b);
    let conv = direct("alice", "bob");
    let mut cursor = 0;
    for (first, last, more) in [(1, 100, true), (101, 200, true), (201, 250, false)] {
        w.command(b, Command::Sync { id: "", cursors: vec![(conv, cursor)], next: "" });
        w.settle();
        let told = w.told(b);
        assert!(told[0].starts_with(&format!("sync 250/250 more={more} recovered=true [{first} ")), "{told:?}");
        assert!(told[0].ends_with(&format!(" {last}]")), "{told:?}");
        cursor = last;
    }
    w.send(a, Target::User("bob"), 7, AckLevel::Durable, true);
    assert_eq!(w.told(a).last().unwrap(), "ack 7 Durable seq 7 durable 250");
}
