//! One message of 128 bytes, and what travels because of it.

use std::sync::Arc;

use chasqui_proto::command::{AckLevel, Command, Target};
use chasqui_proto::dialect::{Dialect, encode_command, encode_event};
use chasqui_proto::event::{Event, Message};
use chasqui_proto::ids::{ClientId, ConvId, MsgId, UserId};
use chasqui_proto::ws::Opcode;
use chasqui_proto::ws::encode::frame_head;
use chasqui_proto::ws::mask::unmask;
use rkyv::util::AlignedVec;

/// 128 bytes of ASCII, as most of a chat is.
pub const CONTENT: &str = "The runner reaches the next post, hands the knotted cords over \
                           with a few words, and rests; the message is on its way again now.";
const _: () = assert!(CONTENT.len() == 128);

pub fn user(name: &str) -> UserId {
    UserId::new(name).expect("a valid user id")
}

pub fn conv() -> ConvId {
    ConvId::direct(&user("alice"), &user("bob"))
}

pub fn send<'a>() -> Command<'a> {
    Command::Send {
        id: "1742",
        target: Target::Conversation(conv()),
        client_id: ClientId([7; 16]),
        content: CONTENT,
        ack: AckLevel::Durable,
        resend: false,
    }
}

pub fn ack() -> Event {
    Event::Ack {
        id: "1742".into(),
        level: AckLevel::Durable,
        conv: conv(),
        msg_id: MsgId(1 << 40),
        seq: 1742,
        durable_seq: 1742,
        epoch: 3,
        at: 1_800_000_000_000,
    }
}

pub fn message() -> Event {
    Event::Message { message: row(1742), durable_seq: 1741 }
}

/// A message as the store keeps it.
pub fn row(seq: u64) -> Arc<Message> {
    let mut client_id = [7; 16];
    client_id[8..].copy_from_slice(&seq.to_be_bytes());
    Arc::new(Message {
        conv: conv(),
        msg_id: MsgId(seq),
        seq,
        epoch: 3,
        sender: user("alice"),
        client_id: ClientId(client_id),
        content: CONTENT.into(),
        at: 1_800_000_000_000,
        retracted: false,
    })
}

pub fn command_frame(dialect: Dialect, command: &Command<'_>) -> Vec<u8> {
    let mut frame = Vec::new();
    encode_command(dialect, command, &mut frame);
    frame
}

pub fn event_frame(dialect: Dialect, event: &Event) -> Vec<u8> {
    let mut frame = Vec::new();
    encode_event(dialect, event, &mut frame);
    frame
}

/// Masked client frames, one after another, as one read brings them.
pub fn client_chunk(frames: usize) -> Vec<u8> {
    const KEY: [u8; 4] = [0x3a, 0x91, 0x5c, 0x07];
    let mut payload = command_frame(Dialect::Native, &send());
    let mut head = frame_head(Opcode::Binary, payload.len()).to_vec();
    head[1] |= 0x80;
    unmask(&mut payload, KEY);
    [head, KEY.to_vec(), payload].concat().repeat(frames)
}

/// The frame where the relay's receive buffers put it: on an 8-byte boundary.
pub fn aligned(frame: &[u8]) -> AlignedVec<8> {
    let mut aligned = AlignedVec::with_capacity(frame.len());
    aligned.extend_from_slice(frame);
    aligned
}
