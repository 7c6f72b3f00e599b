//! What a shard has to do is its own affair: a room costs another shard nothing, or one message for all of its members
//! there; and a member that does not read costs the others nothing.
//!
//! Asserted are queue lengths, messages and turns, by the relay's own count; times would be the machine's.

mod relay_common;

use std::time::{Duration, Instant};

use relay_common::Server;
use relay_common::party::{Member, Party, room_at, settled, users};

const LIFTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/bench.toml");
/// Messages under way. A ring never holds more.
const WINDOW: u64 = 32;
/// A shard without anything to do looks around this often.
const IDLE_LOOK: Duration = Duration::from_millis(50);
/// Turns it may take for each, and beside them.
const TURNS_PER_LOOK: u128 = 3;
const TURNS_BESIDE: u128 = 50;

fn start(data: &std::path::Path) -> Server {
    Server::start(data, &["--shards", "2", "--config", LIFTED])
}

/// Says `count` messages, a window of them at a time, until all members have all of them.
async fn flood(members: &mut [Member], conv: chasqui_client::ConvId, count: u64, bytes: usize) {
    let from = members[0].seen.borrow().acked;
    for number in from..from + count {
        members[0].say(conv, number, bytes).await;
        if (number + 1) % WINDOW == 0 || number + 1 == from + count {
            members[0].wait(|seen| seen.acked == number + 1).await;
            for member in &mut members[1..] {
                member.wait(|seen| seen.messages == number + 1).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_of_one_shard_is_nothing_to_the_other() {
    const MEMBERS: usize = 250;
    const MESSAGES: u64 = 640;
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path());
    let users = users("u", 0, MEMBERS);
    let mut members = Party::new(&server, data.path()).members(&users, 0).await;
    let conv = members[0].create(room_at(&users[0], 0), &users).await;
    for member in &mut members {
        assert_eq!(member.joined().await, conv);
    }
    let before = settled(&server, [MEMBERS as u64, 0]).await;
    let began = Instant::now();
    flood(&mut members, conv, MESSAGES, 128).await;
    let after = settled(&server, [MEMBERS as u64, 0]).await;
    let looks = began.elapsed().as_millis() / IDLE_LOOK.as_millis();

    let sent = MESSAGES * (MEMBERS as u64 - 1);
    assert_eq!(after.grown(&before, 0, "frames_out_total"), sent + MESSAGES, "messages and acks");
    for series in ["frames_in_total", "frames_out_total", "writes_total", "mesh_messages_total", "mesh_ring_depth_max"]
    {
        assert_eq!(after.grown(&before, 1, series), 0, "{series} of the shard beside");
    }
    assert!(after.is_quiet(1), "{after:?}");
    let turns = u128::from(after.grown(&before, 1, "turns_total"));
    assert!(turns <= looks * TURNS_PER_LOOK + TURNS_BESIDE, "{turns} turns and {looks} looks: {after:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_on_another_shard_cost_it_one_message_together() {
    const MEMBERS: usize = 200;
    const MESSAGES: u64 = 320;
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path());
    let users = users("u", 0, MEMBERS + 1);
    let party = Party::new(&server, data.path());
    let mut members = party.members(&users[..1], 0).await;
    // They come one by one to a room that is there, since a room made around them would fill the rings for once.
    let conv = members[0].create(room_at(&users[0], 0), &users).await;
    members.extend(party.members(&users[1..], 1).await);
    let before = settled(&server, [1, MEMBERS as u64]).await;
    flood(&mut members, conv, MESSAGES, 128).await;
    let after = settled(&server, [1, MEMBERS as u64]).await;

    assert_eq!(after.grown(&before, 1, "mesh_messages_total"), MESSAGES, "one for each message, whoever listens");
    assert_eq!(after.grown(&before, 1, "frames_out_total"), MESSAGES * MEMBERS as u64);
    assert_eq!(after.grown(&before, 0, "mesh_messages_total"), 0, "nothing comes back");
    let most = WINDOW.max(before.of(1, "mesh_ring_depth_max"));
    assert!(after.of(1, "mesh_ring_depth_max") <= most, "more than {most} were waiting in a ring: {after:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_is_cut_at_its_bound_and_the_others_miss_nothing() {
    const MEMBERS: usize = 8;
    /// A window of them is half of what may wait for a reader, so that one who reads is safe.
    const BYTES: usize = 16 * 1024;
    /// What the outbox and the sockets hold, and some more.
    const MESSAGES_MAX: u64 = 1280;
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path());
    let mut users = users("u", 0, MEMBERS + 1);
    let party = Party::new(&server, data.path());
    let mut members = party.members(&users[..MEMBERS / 2], 0).await;
    members.extend(party.members(&users[MEMBERS / 2..MEMBERS], 1).await);
    let slow = party.stalled(&users[MEMBERS], 0).await;
    let conv = members[0].create(room_at(&users[0], 0), &users).await;
    users.pop();
    for member in &mut members {
        assert_eq!(member.joined().await, conv);
    }
    let half = MEMBERS as u64 / 2;
    let before = settled(&server, [half + 1, half]).await;
    assert_eq!(before.of(0, "slow_consumers_total"), 0);
    let mut sent = 0;
    while relay_common::metrics::Metrics::read(&server).of(0, "slow_consumers_total") == 0 {
        assert!(sent < MESSAGES_MAX, "{sent} messages of {BYTES} bytes are unread, and the reader is still there");
        flood(&mut members, conv, WINDOW, BYTES).await;
        sent += WINDOW;
    }
    let after = settled(&server, [half, half]).await;
    assert_eq!((after.of(0, "slow_consumers_total"), after.of(1, "slow_consumers_total")), (1, 0));
    flood(&mut members, conv, WINDOW, BYTES).await;
    assert!(members[1..].iter().all(|member| member.seen.borrow().messages == sent + WINDOW));
    drop(slow);
}
