//! One message: to every device of every member, with exactly one ack at the level asked for.
mod world;

use chasqui_chat::DeliveryOrder;
use chasqui_proto::command::{AckLevel, Command, ReceiptKind, Target};
use chasqui_proto::ids::{ClientId, ConvId};
use world::{Options, StoreMode, World, direct, user};

#[test]
fn a_first_direct_message_creates_the_conversation_and_reaches_all_devices() {
    let mut w = World::new(Options::default());
    let (a1, a2) = (w.open(0, "alice"), w.open(1, "alice"));
    let (b1, b2) = (w.open(2, "bob"), w.open(3, "bob"));
    for session in [a1, a2, b1, b2] {
        assert_eq!(w.told(session), ["welcome []"]);
    }
    w.send_to(a1, "bob", 1, AckLevel::Durable);
    let told = w.told(a1);
    assert!(told.contains(&"ack 1 Durable seq 1 durable 1".to_string()), "{told:?}");
    assert!(told.iter().all(|l| !l.starts_with("message")), "the sending session gets the ack only: {told:?}");
    for session in [a2, b1, b2] {
        let told = w.told(session);
        assert!(told[0].starts_with("created"), "{told:?}");
        assert_eq!(told.iter().filter(|l| *l == "message 1 from alice: text 1").count(), 1, "{told:?}");
    }
    w.send_to(b1, "alice", 2, AckLevel::Durable);
    assert_eq!(w.told(b1).last().unwrap(), "ack 2 Durable seq 2 durable 2");
    for session in [a1, a2, b2] {
        assert_eq!(w.told(session).last().unwrap(), "message 2 from bob: text 2");
    }
}

#[test]
fn delivery_does_not_wait_for_the_disk_unless_told_to() {
    for (order, expected) in [(DeliveryOrder::RelayFirst, 1), (DeliveryOrder::DurableFirst, 0)] {
        let mut w = World::new(Options { order, ..Options::default() });
        let (a, b) = (w.open(0, "alice"), w.open(2, "bob"));
        w.send_to(a, "bob", 1, AckLevel::Durable);
        w.told(a);
        w.told(b);
        w.mode = StoreMode::Hold;
        w.send_to(a, "bob", 2, AckLevel::Durable);
        w.send_to(a, "bob", 3, AckLevel::Accepted);
        let early: Vec<_> = w.told(b).into_iter().filter(|l| l.contains("text 2")).collect();
        assert_eq!(early.len(), expected, "{order:?}");
        assert_eq!(w.told(a), ["ack 3 Accepted seq 3 durable 1"]);
        w.mode = StoreMode::Answer;
        w.settle();
        assert_eq!(w.told(a), ["ack 2 Durable seq 2 durable 2"]);
        assert_eq!(w.told(b).iter().filter(|l| l.contains("text")).count(), 2 * (1 - expected));
    }
}

#[test]
fn an_ack_at_level_delivered_or_read_waits_for_the_others() {
    let mut w = World::new(Options::default());
    let (a, b) = (w.open(0, "alice"), w.open(2, "bob"));
    w.send_to(a, "bob", 1, AckLevel::Delivered);
    w.send_to(a, "bob", 2, AckLevel::Read);
    let acks = |w: &mut World| w.told(a).into_iter().filter(|l| l.starts_with("ack")).collect::<Vec<_>>();
    assert!(acks(&mut w).is_empty());
    let conv = direct("alice", "bob");
    w.command(b, Command::Mark { id: "", conv, seq: 2, kind: ReceiptKind::Delivered });
    w.settle();
    assert_eq!(acks(&mut w), ["ack 1 Delivered seq 1 durable 2"]);
    w.command(b, Command::Mark { id: "", conv, seq: 9, kind: ReceiptKind::Read });
    w.settle();
    assert_eq!(acks(&mut w), ["ack 2 Read seq 2 durable 2"]);
}

#[test]
fn a_chat_with_oneself_works() {
    let mut w = World::new(Options::default());
    let (a1, a2) = (w.open(0, "alice"), w.open(1, "alice"));
    w.send_to(a1, "alice", 1, AckLevel::Read);
    assert!(w.told(a1).contains(&"ack 1 Read seq 1 durable 1".to_string()));
    assert!(w.told(a2).contains(&"message 1 from alice: text 1".to_string()));
}

#[test]
fn a_group_is_created_once_and_grows() {
    let mut w = World::new(Options::default());
    let (a, b, d) = (w.open(0, "alice"), w.open(1, "bob"), w.open(3, "dave"));
    let create = Command::CreateConversation {
        id: "2",
        client_id: ClientId([9; 16]),
        title: "team",
        members: vec!["bob", "carol"],
    };
    w.command(a, create.clone());
    w.settle();
    w.command(a, create);
    w.settle();
    let told = w.told(a);
    assert_eq!(told.iter().filter(|l| *l == "created 2 team [alice, bob, carol]").count(), 2, "{told:?}");
    assert!(w.told(b).contains(&"created  team [alice, bob, carol]".to_string()));
    let conv = ConvId::group(&user("alice"), ClientId([9; 16]));
    w.send(b, Target::Conversation(conv), 1, AckLevel::Durable, false);
    w.send(d, Target::Conversation(conv), 2, AckLevel::Durable, false);
    assert_eq!(w.told(d).last().unwrap(), "error 2 not_a_participant");
    w.command(b, Command::AddMember { id: "3", conv, user: "dave" });
    w.settle();
    assert_eq!(w.told(b).last().unwrap(), "error 3 not_admin");
    w.command(a, Command::AddMember { id: "3", conv, user: "dave" });
    w.settle();
    assert_eq!(w.told(b), ["added  dave by alice", "dave online"]);
    assert!(w.told(a).contains(&"added 3 dave by alice".to_string()));
    let told = w.told(d);
    assert!(told[0].starts_with("created  team"), "{told:?}");
    w.send(b, Target::Conversation(conv), 4, AckLevel::Durable, false);
    assert_eq!(w.told(d), ["message 2 from bob: text 4"]);
    w.command(d, Command::Sync { id: "s", cursors: vec![], next: "" });
    w.settle();
    assert_eq!(w.told(d), ["sync 2/2 more=false recovered=true [2]"], "a member sees what came after joining");
}
