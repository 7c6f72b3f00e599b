//! ACK (0x82): a send has come as far as was asked.

use rkyv::with::InlineAsBox;
use rkyv::{Archive, Serialize};

use super::convert;
use crate::dialect::DecodeError;
use crate::dialect::native::{body, type_id};
use crate::event::Event;
use crate::ids::{ConvId, MsgId};

#[derive(Archive, Serialize)]
pub struct Ack<'a> {
    msg_id: u64,
    seq: u64,
    durable_seq: u64,
    epoch: u64,
    at: u64,
    conv: [u8; 16],
    #[rkyv(with = InlineAsBox)]
    id: &'a str,
    level: u8,
    zero: [u8; 3],
    tag: u32,
}

body::frozen!(ArchivedAck<'a>, ACK, 72, |it, cover| {
    cover.text(&it.id);
    cover.reserved(&it.zero);
});

pub fn encode(event: &Event, out: &mut Vec<u8>) {
    let Event::Ack { id, level, conv, msg_id, seq, durable_seq, epoch, at } = event else {
        unreachable!("the dispatch passes acks only");
    };
    let ack = Ack {
        msg_id: msg_id.0,
        seq: *seq,
        durable_seq: *durable_seq,
        epoch: *epoch,
        at: *at,
        conv: conv.0,
        id,
        level: *level as u8,
        zero: [0; 3],
        tag: body::tag(type_id::ACK),
    };
    body::seal(&ack, out);
}

pub fn decode(bytes: &[u8]) -> Result<Event, DecodeError> {
    let it = body::open::<ArchivedAck<'_>>(bytes)?;
    Ok(Event::Ack {
        id: convert::text(&it.id),
        level: convert::ack_level(it.level, "level")?,
        conv: ConvId(it.conv),
        msg_id: MsgId(it.msg_id.to_native()),
        seq: it.seq.to_native(),
        durable_seq: it.durable_seq.to_native(),
        epoch: it.epoch.to_native(),
        at: it.at.to_native(),
    })
}
