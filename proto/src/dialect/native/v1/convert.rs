//! Narrow wire values to the model's, with the field's name where they don't fit.

use rkyv::boxed::ArchivedBox;
use smol_str::SmolStr;

use crate::command::{AckLevel, ReceiptKind};
use crate::dialect::DecodeError;
use crate::ids::UserId;

pub fn ack_level(value: u8, field: &'static str) -> Result<AckLevel, DecodeError> {
    match value {
        0 => Ok(AckLevel::Accepted),
        1 => Ok(AckLevel::Durable),
        2 => Ok(AckLevel::Delivered),
        3 => Ok(AckLevel::Read),
        _ => Err(DecodeError::invalid(field)),
    }
}

pub fn receipt_kind(value: u8) -> Result<ReceiptKind, DecodeError> {
    match value {
        0 => Ok(ReceiptKind::Delivered),
        1 => Ok(ReceiptKind::Read),
        _ => Err(DecodeError::invalid("kind")),
    }
}

pub fn user(text: &ArchivedBox<str>, field: &'static str) -> Result<UserId, DecodeError> {
    UserId::new(text.get()).ok_or(DecodeError::invalid(field))
}

pub fn text(text: &ArchivedBox<str>) -> SmolStr {
    SmolStr::new(text.get())
}
