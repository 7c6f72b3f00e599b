//! Draws commands: abstract moves of four users with two sessions each, made concrete against the model.

use chasqui_proto::command::{AckLevel, ReceiptKind};
use proptest::prelude::*;
use proptest::sample::select;

use super::model::{EVICTED_AFTER_MS, Model};
use crate::script::command::{Ask, Cmd};

const USERS: &[&str] = &["alice", "bob", "carol", "dave"];
const DEVICES: u8 = 2;
/// Groups, and who creates them: their ids depend on it.
const GROUPS: &[(&str, &str)] = &[("alice", "red"), ("bob", "blue")];
/// Twice this is more than a conversation keeps in memory; once is less, so that whoever is made a member by a flood's
/// first message is told all of it.
const FLOOD: u32 = 60;
const FLOOD_FIRST: u32 = 1_000;

/// Whom, with which device.
#[derive(Clone, Copy, Debug)]
pub struct Who {
    user: &'static str,
    device: u8,
}

impl Who {
    fn name(self) -> String {
        format!("{}{}", &self.user[..1], self.device)
    }
}

/// A move; one that cannot be made is skipped, so that shrinking may leave others out.
#[derive(Clone, Debug)]
pub enum Move {
    Open(Who, u16),
    Close(Who),
    Ask(Who, Ask),
    Pass(u64),
    Crash,
}

impl Move {
    /// The command, where it makes sense now. A session that asks is opened first.
    pub fn commands(&self, model: &Model) -> Vec<Cmd> {
        let open =
            |who: &Who, shard: u16| Cmd::Open { name: who.name(), user: who.user.to_owned(), shard, expires_ms: None };
        let is_open = |who: &Who| model.sessions.contains_key(&who.name());
        match self {
            Self::Open(who, shard) if !is_open(who) => vec![open(who, *shard)],
            Self::Close(who) if is_open(who) => vec![Cmd::Close { name: who.name() }],
            Self::Ask(who, ask) if is_open(who) => vec![Cmd::Ask(who.name(), ask.clone())],
            Self::Ask(who, ask) => vec![open(who, u16::from(who.device)), Cmd::Ask(who.name(), ask.clone())],
            Self::Pass(ms) => vec![Cmd::Pass(*ms)],
            Self::Crash => vec![Cmd::Crash],
            _ => Vec::new(),
        }
    }
}

/// Lists of moves.
pub fn plans() -> impl Strategy<Value = Vec<Move>> {
    prop::collection::vec(a_move(), 1..70)
}

fn a_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        6 => (who(), 0..4u16).prop_map(|(who, shard)| Move::Open(who, shard)),
        3 => who().prop_map(Move::Close),
        40 => (who(), ask()).prop_map(|(who, ask)| Move::Ask(who, ask)),
        4 => owners(),
        2 => flood(),
        3 => again(),
        2 => Just(Move::Pass(300)),
        2 => Just(Move::Pass(EVICTED_AFTER_MS)),
        2 => Just(Move::Crash),
    ]
}

fn who() -> impl Strategy<Value = Who> {
    (a_user(), 1..=DEVICES).prop_map(|(user, device)| Who { user, device })
}

fn a_user() -> impl Strategy<Value = &'static str> {
    select(USERS)
}

fn ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        8 => send(),
        6 => mark(),
        2 => (conv(), any::<bool>()).prop_map(|(conv, on)| Ask::Typing { conv, on }),
        1 => (group(), a_user()).prop_map(|((_, group), user)| add(group, user)),
        4 => sync(),
        1 => Just(Ask::Authenticate),
    ]
}

fn send() -> impl Strategy<Value = Ask> {
    // Few client ids, so that they come again.
    let n = prop_oneof![0..4u32, 4..40u32];
    let ack = select(&[AckLevel::Accepted, AckLevel::Durable, AckLevel::Delivered, AckLevel::Read][..]);
    (target(), n, ack, any::<bool>()).prop_map(|(to, n, ack, resend)| Ask::Send { to, n, ack, resend, bytes: None })
}

/// Always in the same conversation, so that a sync page has room for all others too. Sent again, the store is asked:
/// what is in memory while a flood goes on depends on when its messages are committed.
fn flood() -> impl Strategy<Value = Move> {
    (flooder(), 30..FLOOD).prop_map(|((user, to), n)| {
        let (first, last) = (FLOOD_FIRST, FLOOD_FIRST + n);
        let ask = Ask::Flood { to: to.to_owned(), first, last, ack: AckLevel::Accepted, resend: true };
        Move::Ask(Who { user, device: 1 }, ask)
    })
}

/// One of a flood, sent again: whether it is known depends on how much came since, and on the flag.
fn again() -> impl Strategy<Value = Move> {
    (flooder(), 1..=DEVICES, 0..FLOOD, any::<bool>()).prop_map(|((user, to), device, n, resend)| {
        let (to, n) = (to.to_owned(), FLOOD_FIRST + n);
        Move::Ask(Who { user, device }, Ask::Send { to, n, ack: AckLevel::Durable, resend, bytes: None })
    })
}

fn flooder() -> impl Strategy<Value = (&'static str, &'static str)> {
    select(&[("alice", "@bob"), ("bob", "@alice")][..])
}

fn mark() -> impl Strategy<Value = Ask> {
    let kind = select(&[ReceiptKind::Delivered, ReceiptKind::Read][..]);
    (conv(), seq(), kind).prop_map(|(conv, seq, kind)| Ask::Mark { conv, seq, kind })
}

fn sync() -> impl Strategy<Value = Ask> {
    let cursors = prop::collection::vec((conv(), seq()), 0..4);
    cursors.prop_map(|cursors| Ask::Sync { cursors, next: None, unknown: 0 })
}

fn seq() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..6u64, 2 => 6..30u64, 1 => 30..400u64]
}

fn target() -> impl Strategy<Value = String> {
    prop_oneof![a_user().prop_map(|user| format!("@{user}")), conv()]
}

fn conv() -> impl Strategy<Value = String> {
    let direct = (a_user(), a_user()).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b)));
    prop_oneof![direct, group().prop_map(|(_, label)| label.to_owned())]
}

fn group() -> impl Strategy<Value = (&'static str, &'static str)> {
    select(GROUPS)
}

/// What only the creator of a group may do.
fn owners() -> impl Strategy<Value = Move> {
    let members = prop::collection::vec(a_user(), 0..3);
    (group(), 1..=DEVICES, members, a_user(), any::<bool>()).prop_map(
        |((user, group), device, members, new, create)| {
            let members = members.into_iter().map(str::to_owned).collect();
            let create = create.then(|| Ask::Create { group: group.to_owned(), members, bytes: None });
            Move::Ask(Who { user, device }, create.unwrap_or_else(|| add(group, new)))
        },
    )
}

fn add(group: &str, user: &str) -> Ask {
    Ask::Add { group: group.to_owned(), user: user.to_owned() }
}
