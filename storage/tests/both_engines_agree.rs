//! The same rows in the same order give the same answers whichever engine keeps them, across any grouping, and the
//! embedded engine still gives them after it was closed and opened again.

mod common;

use std::sync::Arc;

use chasqui_proto::command::ReceiptKind;
use chasqui_proto::event::Message;
use chasqui_proto::ids::{ClientId, ConvId, MsgId, UserId};
use chasqui_proto::row::{
    ConvKind, ConversationRow, Found, MemberRow, Op, Outcome, Read, ReceiptRow, Role, Row, StoreRequest, StoredHead,
    Ticket,
};
use chasqui_storage::embedded::Embedded;
use chasqui_storage::engine::{Engine, Reader};
use chasqui_storage::memory::{SharedMemory, VOLATILE_MESSAGES_MAX, Volatile};
use common::{conv, message, quick_folder, user};
use proptest::prelude::*;

/// Runs `check` over a fresh store of each kind.
fn on_both(check: impl Fn(&mut dyn Port)) {
    check(&mut SharedMemory::default());
    check(&mut AtOnce(Volatile::default()));
    let folder = quick_folder();
    check(&mut Embedded::open(folder.path()).unwrap());
}

/// What these tests need of an engine, whatever its reader.
trait Port {
    fn write(&mut self, rows: &[Row]);
    fn find(&self, read: Read) -> Found;
}

impl<E: Engine> Port for E {
    fn write(&mut self, rows: &[Row]) {
        self.commit(&[rows]).unwrap();
    }
    fn find(&self, read: Read) -> Found {
        self.read(&read).unwrap()
    }
}

struct AtOnce(Volatile);

impl AtOnce {
    fn ask(&self, op: Op) -> Outcome {
        let completion = self.0.answer(StoreRequest { ticket: Ticket(7), op });
        assert_eq!(completion.ticket, Ticket(7));
        completion.outcome
    }
}

impl Port for AtOnce {
    fn write(&mut self, rows: &[Row]) {
        assert_eq!(self.ask(Op::Write(rows.to_vec().into())), Outcome::Persisted);
    }
    fn find(&self, read: Read) -> Found {
        match self.ask(Op::Read(read)) {
            Outcome::Found(found) => found,
            other => panic!("a read was answered {other:?}"),
        }
    }
}

#[test]
fn a_volatile_store_keeps_the_newest_messages() {
    let mut store = AtOnce(Volatile::default());
    let newest = VOLATILE_MESSAGES_MAX as u64 + 5;
    (1..=newest).for_each(|seq| store.write(&[Row::Message(message(1, seq, seq, "a"))]));
    assert_eq!(contents(store.find(page(0, 1)))[0].0, 6);
    assert_eq!(contents(store.find(page(newest - 1, 9))).len(), 1);
}

fn receipt(name: &str, kind: ReceiptKind, seq: u64) -> Row {
    Row::from(ReceiptRow { conv: conv(1), user: user(name), kind, seq, at: seq * 10 })
}

fn contents(found: Found) -> Vec<(u64, u64, String)> {
    let Found::Page(page) = found else { panic!("a page was asked for") };
    page.iter().map(|m| (m.seq, m.msg_id.0, m.content.to_string())).collect()
}

fn page(after: u64, limit: usize) -> Read {
    Read::Page { conv: conv(1), after, limit }
}

fn dedupe(name: &str, client: u8) -> Read {
    Read::Dedupe { conv: conv(1), sender: user(name), client_id: ClientId([client; 16]) }
}

#[test]
fn an_empty_store_finds_nothing() {
    on_both(|store| {
        assert_eq!(store.find(Read::Conversation { conv: conv(1), tail: 9 }), Found::Conversation(None));
        assert_eq!(store.find(page(0, 9)), Found::Page(vec![]));
        assert_eq!(store.find(dedupe("a", 1)), Found::Dedupe(None));
        assert_eq!(store.find(Read::UserConversations { user: user("a") }), Found::UserConversations(vec![]));
        let heads = Read::Heads { user: user("a"), convs: vec![conv(1)] };
        assert_eq!(store.find(heads), Found::Heads(vec![StoredHead::default()]));
    });
}

#[test]
fn a_conversation_loads_with_all_that_belongs_to_it_and_nothing_else() {
    on_both(|store| {
        let row = |n: u8| ConversationRow {
            conv: conv(n),
            kind: ConvKind::Group,
            title: "tea".into(),
            created_by: user("a"),
            created_at: 5,
        };
        let member =
            |n: u8, name: &str| MemberRow { conv: conv(n), user: user(name), role: Role::Admin, joined_seq: 0 };
        let mut rows = vec![Row::from(row(1)), Row::from(row(2)), Row::from(member(2, "z"))];
        rows.extend(["b", "a", "ab"].map(|name| Row::from(member(1, name))));
        rows.extend((1..=5).map(|seq| Row::Message(message(1, seq, seq, "a"))));
        rows.extend([Row::Message(message(2, 1, 9, "z")), receipt("b", ReceiptKind::Read, 2)]);
        rows.extend([receipt("ab", ReceiptKind::Delivered, 4), receipt("b", ReceiptKind::Delivered, 5)]);
        store.write(&rows);
        let Found::Conversation(Some(loaded)) = store.find(Read::Conversation { conv: conv(1), tail: 3 }) else {
            panic!("it was written")
        };
        assert_eq!(loaded.row, row(1));
        assert_eq!(loaded.members, ["a", "ab", "b"].map(|name| member(1, name)), "rising in user");
        assert_eq!(loaded.tail, [3, 4, 5].map(|seq| message(1, seq, seq, "a")), "rising in seq");
        let receipts: Vec<_> = loaded.receipts.iter().map(|r| (r.user.as_str(), r.kind, r.seq)).collect();
        let (delivered, read) = (ReceiptKind::Delivered, ReceiptKind::Read);
        assert_eq!(receipts, [("ab", delivered, 4), ("b", delivered, 5), ("b", read, 2)]);
    });
}

#[test]
fn of_two_messages_with_one_seq_the_greater_id_is_read() {
    on_both(|store| {
        let rows = [(1, 1), (2, 7), (2, 8), (2, 3), (3, 4), (4, 6), (4, 5)];
        store.write(&rows.map(|(seq, id)| Row::Message(message(1, seq, id, "a"))));
        let ids = |found| contents(found).iter().map(|m| (m.0, m.1)).collect::<Vec<_>>();
        assert_eq!(ids(store.find(page(0, 9))), [(1, 1), (2, 8), (3, 4), (4, 6)]);
        assert_eq!(ids(store.find(page(0, 2))), [(1, 1), (2, 8)], "the limit counts seqs");
        assert_eq!(ids(store.find(page(2, 1))), [(3, 4)]);
        assert_eq!(ids(store.find(page(u64::MAX, 9))), []);
        assert_eq!(ids(store.find(page(0, 0))), []);
        store.write(&[Row::from(ConversationRow {
            conv: conv(1),
            kind: ConvKind::Direct,
            title: "".into(),
            created_by: user("a"),
            created_at: 0,
        })]);
        let Found::Conversation(Some(loaded)) = store.find(Read::Conversation { conv: conv(1), tail: 3 }) else {
            panic!("it was written")
        };
        assert_eq!(loaded.tail.iter().map(|m| (m.seq, m.msg_id.0)).collect::<Vec<_>>(), [(2, 8), (3, 4), (4, 6)]);
    });
}

#[test]
fn a_message_written_again_replaces_itself() {
    on_both(|store| {
        let mut row = message(1, 1, 1, "a");
        store.write(&[Row::Message(row.clone())]);
        Arc::make_mut(&mut row).content = "edited".into();
        store.write(&[Row::Message(row.clone()), Row::Message(row)]);
        assert_eq!(contents(store.find(page(0, 9))), [(1, 1, "edited".to_owned())]);
    });
}

#[test]
fn a_retraction_drops_its_own_dedupe_row_only() {
    on_both(|store| {
        let sent = |seq: u64, client: u8| {
            let mut row = message(1, seq, seq, "a");
            Arc::make_mut(&mut row).client_id = ClientId([client; 16]);
            row
        };
        let taken_back = |seq: u64, client: u8| {
            let mut row = sent(seq, client);
            let taken_back = Arc::make_mut(&mut row);
            (taken_back.retracted, taken_back.content) = (true, String::new());
            Row::Message(row)
        };
        store.write(&[Row::Message(sent(1, 1)), Row::Message(sent(2, 2))]);
        assert_eq!(store.find(dedupe("a", 1)), Found::Dedupe(Some((1, MsgId(1), sent(1, 1).at))));
        store.write(&[taken_back(1, 1)]);
        assert_eq!(store.find(dedupe("a", 1)), Found::Dedupe(None));
        // The client sends 2 anew before its retraction arrives, in the same group or a former one.
        store.write(&[Row::Message(sent(3, 2)), taken_back(2, 2)]);
        assert_eq!(store.find(dedupe("a", 2)), Found::Dedupe(Some((3, MsgId(3), sent(3, 2).at))));
        store.write(&[taken_back(2, 2)]);
        assert_eq!(store.find(dedupe("a", 2)), Found::Dedupe(Some((3, MsgId(3), sent(3, 2).at))));
        // Written and taken back within one group.
        store.write(&[Row::Message(sent(4, 4)), taken_back(4, 4)]);
        assert_eq!(store.find(dedupe("a", 4)), Found::Dedupe(None));
        let heads = Read::Heads { user: user("a"), convs: vec![conv(1)] };
        assert_eq!(store.find(heads), Found::Heads(vec![StoredHead { last_seq: 4, read_seq: 0 }]));
    });
}

#[test]
fn receipts_only_rise() {
    on_both(|store| {
        store.write(&[receipt("a", ReceiptKind::Read, 5), receipt("a", ReceiptKind::Read, 3)]);
        store.write(&[receipt("a", ReceiptKind::Read, 4), receipt("a", ReceiptKind::Delivered, 9)]);
        let read_seq = |store: &dyn Port| match store.find(Read::Heads { user: user("a"), convs: vec![conv(1)] }) {
            Found::Heads(heads) => heads[0].read_seq,
            other => panic!("{other:?}"),
        };
        assert_eq!(read_seq(store), 5);
        store.write(&[receipt("a", ReceiptKind::Read, 6)]);
        assert_eq!(read_seq(store), 6);
    });
}

#[test]
fn users_with_a_common_prefix_are_kept_apart() {
    on_both(|store| {
        let member = |n: u8, name: &str| {
            Row::from(MemberRow { conv: conv(n), user: user(name), role: Role::Member, joined_seq: 0 })
        };
        store.write(&[member(3, "a"), member(1, "a"), member(2, "ab")]);
        let of = |name: &str| store.find(Read::UserConversations { user: user(name) });
        assert_eq!(of("a"), Found::UserConversations(vec![conv(1), conv(3)]));
        assert_eq!(of("ab"), Found::UserConversations(vec![conv(2)]));
        assert_eq!(of("b"), Found::UserConversations(vec![]));
    });
}

const NAMES: [&str; 4] = ["a", "ab", "b", "é"];

fn any_user() -> impl Strategy<Value = UserId> {
    (0..NAMES.len()).prop_map(|i| user(NAMES[i]))
}

fn any_conv() -> impl Strategy<Value = ConvId> {
    prop_oneof![4 => (0..3u8).prop_map(conv), 1 => Just(ConvId([0xff; 16]))]
}

fn any_kind() -> impl Strategy<Value = ReceiptKind> {
    any::<bool>().prop_map(|read| if read { ReceiptKind::Read } else { ReceiptKind::Delivered })
}

fn any_seq() -> impl Strategy<Value = u64> {
    prop_oneof![9 => 0..8u64, 1 => Just(u64::MAX)]
}

fn any_row() -> impl Strategy<Value = Row> {
    let message = (any_conv(), any_seq(), 0..3u64, any_user(), 0..4u8, ".{0,4}", any::<bool>()).prop_map(
        |(conv, seq, id, sender, client, content, retracted)| {
            let (msg_id, client_id) = (MsgId(id), ClientId([client; 16]));
            let base = Arc::unwrap_or_clone(message(0, seq, id, "a"));
            Row::Message(Arc::new(Message { conv, msg_id, sender, client_id, content, retracted, ..base }))
        },
    );
    let member = (any_conv(), any_user(), any_seq())
        .prop_map(|(conv, user, joined_seq)| Row::from(MemberRow { conv, user, role: Role::Member, joined_seq }));
    let conversation = (any_conv(), any_user(), ".{0,4}").prop_map(|(conv, created_by, title)| {
        let title = title.into();
        Row::from(ConversationRow { conv, kind: ConvKind::Group, title, created_by, created_at: 1 })
    });
    let receipt = (any_conv(), any_user(), any_kind(), any_seq(), 0..9u64)
        .prop_map(|(conv, user, kind, seq, at)| Row::from(ReceiptRow { conv, user, kind, seq, at }));
    prop_oneof![4 => message, 1 => member, 1 => conversation, 2 => receipt]
}

fn any_read() -> impl Strategy<Value = Read> {
    prop_oneof![
        (any_conv(), 0..9usize).prop_map(|(conv, tail)| Read::Conversation { conv, tail }),
        (any_conv(), any_seq(), 0..9usize).prop_map(|(conv, after, limit)| Read::Page { conv, after, limit }),
        (any_conv(), any_user(), 0..4u8).prop_map(|(conv, sender, c)| Read::Dedupe {
            conv,
            sender,
            client_id: ClientId([c; 16])
        }),
        any_user().prop_map(|user| Read::UserConversations { user }),
        (any_user(), prop::collection::vec(any_conv(), 0..4)).prop_map(|(user, convs)| Read::Heads { user, convs }),
    ]
}

/// Requests of one group commit, then reads.
type Turn = (Vec<Vec<Row>>, Vec<Read>);

fn any_turn() -> impl Strategy<Value = Turn> {
    let groups = prop::collection::vec(prop::collection::vec(any_row(), 0..6), 0..4);
    (groups, prop::collection::vec(any_read(), 0..8))
}

fn agree(embedded: &Embedded, memory: &SharedMemory, reads: &[Read]) {
    for read in reads {
        assert_eq!(embedded.read(read), memory.read(read), "{read:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_history_reads_the_same(turns in prop::collection::vec(any_turn(), 1..8)) {
        let folder = quick_folder();
        let mut embedded = Embedded::open(folder.path()).unwrap();
        let mut memory = SharedMemory::default();
        for (groups, reads) in &turns {
            let groups: Vec<&[Row]> = groups.iter().map(|rows| &rows[..]).collect();
            embedded.commit(&groups).unwrap();
            memory.commit(&groups).unwrap();
            agree(&embedded, &memory, reads);
        }
        drop(embedded);
        memory.with(|memory, _| memory.crash());
        let embedded = Embedded::open(folder.path()).unwrap();
        prop_assert_eq!(embedded.boot_epoch(), memory.boot_epoch());
        for (_, reads) in &turns {
            agree(&embedded, &memory, reads);
        }
    }
}
