//! SYNC (0x07): what the client holds, per conversation.

use rkyv::with::InlineAsBox;
use rkyv::{Archive, Serialize};

use crate::command::Command;
use crate::dialect::DecodeError;
use crate::dialect::native::{body, type_id};
use crate::ids::{ConvId, Seq};
use crate::limits::SYNC_CURSORS_MAX;

#[derive(Archive, Serialize)]
pub struct Sync<'a> {
    #[rkyv(with = InlineAsBox)]
    id: &'a str,
    #[rkyv(with = InlineAsBox)]
    cursors: &'a [Cursor],
    #[rkyv(with = InlineAsBox)]
    next: &'a str,
    tag: u32,
}

#[derive(Archive, Serialize)]
pub struct Cursor {
    seq: u64,
    conv: [u8; 16],
}

const _: () = assert!(size_of::<ArchivedCursor>() == 24);

body::frozen!(ArchivedSync<'a>, SYNC, 28, |it, cover| {
    cover.text(&it.id);
    cover.list(&it.cursors);
    cover.text(&it.next);
});

pub fn encode(id: &str, cursors: &[(ConvId, Seq)], next: &str, out: &mut Vec<u8>) {
    let cursors: Vec<Cursor> = cursors.iter().map(|(conv, seq)| Cursor { seq: *seq, conv: conv.0 }).collect();
    body::seal_lists(&Sync { id, cursors: &cursors, next, tag: body::tag(type_id::SYNC) }, out);
}

pub fn decode(bytes: &[u8]) -> Result<Command<'_>, DecodeError> {
    let it = body::open::<ArchivedSync<'_>>(bytes)?;
    if it.cursors.len() > SYNC_CURSORS_MAX {
        return Err(DecodeError::invalid("conversations").with_id(&it.id));
    }
    let cursors = it.cursors.iter().map(|cursor| (ConvId(cursor.conv), cursor.seq.to_native())).collect();
    Ok(Command::Sync { id: &it.id, cursors, next: &it.next })
}
