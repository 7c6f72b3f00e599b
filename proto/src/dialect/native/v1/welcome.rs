//! WELCOME (0x81): the session has begun; where its conversations stand.

use rkyv::with::InlineAsBox;
use rkyv::{Archive, Serialize};

use super::convert;
use crate::dialect::DecodeError;
use crate::dialect::native::{body, type_id};
use crate::event::{self, Event, Limits};
use crate::ids::{ConvId, SessionId};

#[derive(Archive, Serialize)]
pub struct Welcome<'a> {
    session: u64,
    #[rkyv(with = InlineAsBox)]
    id: &'a str,
    #[rkyv(with = InlineAsBox)]
    user: &'a str,
    #[rkyv(with = InlineAsBox)]
    heads: &'a [Head],
    max_frame_bytes: u32,
    sends_per_second: u32,
    burst: u32,
    tag: u32,
}

#[derive(Archive, Serialize)]
pub struct Head {
    last_seq: u64,
    durable_seq: u64,
    epoch: u64,
    read_seq: u64,
    conv: [u8; 16],
}

const _: () = assert!(size_of::<ArchivedHead>() == 48);

body::frozen!(ArchivedWelcome<'a>, WELCOME, 48, |it, cover| {
    cover.text(&it.id);
    cover.text(&it.user);
    cover.list(&it.heads);
});

pub fn encode(event: &Event, out: &mut Vec<u8>) {
    let Event::Welcome { id, user, session, heads, limits } = event else {
        unreachable!("the dispatch passes welcomes only");
    };
    let heads: Vec<Head> = heads.iter().map(write_head).collect();
    let welcome = Welcome {
        session: session.0,
        id,
        user: user.as_str(),
        heads: &heads,
        max_frame_bytes: limits.max_frame_bytes,
        sends_per_second: limits.sends_per_second,
        burst: limits.burst,
        tag: body::tag(type_id::WELCOME),
    };
    body::seal_lists(&welcome, out);
}

pub fn decode(bytes: &[u8]) -> Result<Event, DecodeError> {
    let it = body::open::<ArchivedWelcome<'_>>(bytes)?;
    let limits = Limits {
        max_frame_bytes: it.max_frame_bytes.to_native(),
        sends_per_second: it.sends_per_second.to_native(),
        burst: it.burst.to_native(),
    };
    Ok(Event::Welcome {
        id: convert::text(&it.id),
        user: convert::user(&it.user, "user")?,
        session: SessionId(it.session.to_native()),
        heads: it.heads.iter().map(read_head).collect(),
        limits,
    })
}

fn write_head(head: &event::Head) -> Head {
    let event::Head { conv, last_seq, durable_seq, epoch, read_seq } = *head;
    Head { last_seq, durable_seq, epoch, read_seq, conv: conv.0 }
}

fn read_head(head: &ArchivedHead) -> event::Head {
    event::Head {
        conv: ConvId(head.conv),
        last_seq: head.last_seq.to_native(),
        durable_seq: head.durable_seq.to_native(),
        epoch: head.epoch.to_native(),
        read_seq: head.read_seq.to_native(),
    }
}
