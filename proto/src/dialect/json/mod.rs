//! The JSON dialect: one object per frame, tagged by `type`, camelCase.
//!
//! Promise: strict where it matters (duplicate keys, junk after the object, wrong types, numbers that are no u64)
//! and lenient where it helps (unknown fields are skipped, the order of fields is free).
//!
//! # Layout
//! - `scan`: RFC 8259 text to values, one level at a time; `text`: strings and their escapes
//! - `fields`: one object's fields by name
//! - `write`: the primitives of encoding
//! - `decode_command`, `decode_event`, `encode_command`, `encode_event`: one table each
//!
//! Limits: nesting is bounded by [`DEPTH_MAX`], fields of one object that is read by name by [`FIELDS_MAX`].

mod decode_command;
mod decode_event;
mod encode_command;
mod encode_event;
mod fields;
mod names;
mod scan;
mod text;
mod write;

pub(super) use decode_command::decode_command;
pub(super) use decode_event::decode_event;
pub(super) use encode_command::encode_command;
pub(super) use encode_event::encode_event;

/// Nesting of one frame. The deepest frame, SYNC_RESULT, has five levels; the rest is room for skipped fields.
pub const DEPTH_MAX: usize = 32;
/// Fields of one object. The longest has ten; the rest is room for skipped fields.
pub const FIELDS_MAX: usize = 32;
