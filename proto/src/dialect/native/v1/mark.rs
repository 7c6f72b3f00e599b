//! MARK (0x03): a receipt cursor of the sender's.

use rkyv::with::InlineAsBox;
use rkyv::{Archive, Serialize};

use super::convert;
use crate::command::{Command, ReceiptKind};
use crate::dialect::DecodeError;
use crate::dialect::native::{body, type_id};
use crate::ids::{ConvId, Seq};

#[derive(Archive, Serialize)]
pub struct Mark<'a> {
    seq: u64,
    conv: [u8; 16],
    #[rkyv(with = InlineAsBox)]
    id: &'a str,
    kind: u8,
    zero: [u8; 3],
    tag: u32,
}

body::frozen!(ArchivedMark<'a>, MARK, 40, |it, cover| {
    cover.text(&it.id);
    cover.reserved(&it.zero);
});

pub fn encode(id: &str, conv: ConvId, seq: Seq, kind: ReceiptKind, out: &mut Vec<u8>) {
    let tag = body::tag(type_id::MARK);
    body::seal(&Mark { seq, conv: conv.0, id, kind: kind as u8, zero: [0; 3], tag }, out);
}

pub fn decode(bytes: &[u8]) -> Result<Command<'_>, DecodeError> {
    let it = body::open::<ArchivedMark<'_>>(bytes)?;
    let kind = convert::receipt_kind(it.kind).map_err(|e| e.with_id(&it.id))?;
    Ok(Command::Mark { id: &it.id, conv: ConvId(it.conv), seq: it.seq.to_native(), kind })
}
