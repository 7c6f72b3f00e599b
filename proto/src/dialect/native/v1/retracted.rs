//! RETRACTED (0x8a): a message delivered earlier was refused by the store; its seq holds nothing.

use rkyv::{Archive, Serialize};

use crate::dialect::DecodeError;
use crate::dialect::native::{body, type_id};
use crate::event::Event;
use crate::ids::{ConvId, MsgId, Seq};

#[derive(Archive, Serialize)]
pub struct Retracted {
    msg_id: u64,
    seq: u64,
    conv: [u8; 16],
    zero: [u8; 4],
    tag: u32,
}

body::frozen!(ArchivedRetracted, RETRACTED, 40, |it, cover| cover.reserved(&it.zero));

pub fn encode(conv: ConvId, msg_id: MsgId, seq: Seq, out: &mut Vec<u8>) {
    let tag = body::tag(type_id::RETRACTED);
    body::seal(&Retracted { msg_id: msg_id.0, seq, conv: conv.0, zero: [0; 4], tag }, out);
}

pub fn decode(bytes: &[u8]) -> Result<Event, DecodeError> {
    let it = body::open::<ArchivedRetracted>(bytes)?;
    Ok(Event::Retracted { conv: ConvId(it.conv), msg_id: MsgId(it.msg_id.to_native()), seq: it.seq.to_native() })
}
