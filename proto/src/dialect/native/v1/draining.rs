//! DRAINING (0x8b): the server shuts down; reconnect after the hint.

use rkyv::{Archive, Serialize};

use crate::dialect::DecodeError;
use crate::dialect::native::{body, type_id};
use crate::event::Event;

#[derive(Archive, Serialize)]
pub struct Draining {
    reconnect_after_ms: u32,
    tag: u32,
}

body::frozen!(ArchivedDraining, DRAINING, 8, |it, cover| ());

pub fn encode(reconnect_after_ms: u32, out: &mut Vec<u8>) {
    body::seal(&Draining { reconnect_after_ms, tag: body::tag(type_id::DRAINING) }, out);
}

pub fn decode(bytes: &[u8]) -> Result<Event, DecodeError> {
    let it = body::open::<ArchivedDraining>(bytes)?;
    Ok(Event::Draining { reconnect_after_ms: it.reconnect_after_ms.to_native() })
}
