//! RECEIPT (0x84): a member's delivered or read cursor has risen.

use rkyv::with::InlineAsBox;
use rkyv::{Archive, Serialize};

use super::convert;
use crate::dialect::DecodeError;
use crate::dialect::native::{body, type_id};
use crate::event::Event;
use crate::ids::ConvId;

#[derive(Archive, Serialize)]
pub struct Receipt<'a> {
    seq: u64,
    at: u64,
    conv: [u8; 16],
    #[rkyv(with = InlineAsBox)]
    user: &'a str,
    kind: u8,
    zero: [u8; 3],
    tag: u32,
}

body::frozen!(ArchivedReceipt<'a>, RECEIPT, 48, |it, cover| {
    cover.text(&it.user);
    cover.reserved(&it.zero);
});

pub fn encode(event: &Event, out: &mut Vec<u8>) {
    let Event::Receipt { conv, user, kind, seq, at } = event else {
        unreachable!("the dispatch passes receipts only");
    };
    let (user, kind, tag) = (user.as_str(), *kind as u8, body::tag(type_id::RECEIPT));
    body::seal(&Receipt { seq: *seq, at: *at, conv: conv.0, user, kind, zero: [0; 3], tag }, out);
}

pub fn decode(bytes: &[u8]) -> Result<Event, DecodeError> {
    let it = body::open::<ArchivedReceipt<'_>>(bytes)?;
    Ok(Event::Receipt {
        conv: ConvId(it.conv),
        user: convert::user(&it.user, "user")?,
        kind: convert::receipt_kind(it.kind)?,
        seq: it.seq.to_native(),
        at: it.at.to_native(),
    })
}
