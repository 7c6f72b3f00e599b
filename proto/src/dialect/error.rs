//! Why a frame was refused, in a shape that can be answered.

use std::fmt;

use smol_str::{SmolStr, format_smolstr};

use crate::codes::ErrorCode;
use crate::event::Event;
use crate::ids::ReqId;
use crate::limits::REQUEST_ID_BYTES_MAX;

/// A refused frame: a code, what was wrong, and the request id where it could be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DecodeError {
    /// `Malformed`, `UnknownType`, `InvalidField` or `TooLarge`.
    pub code: ErrorCode,
    /// Empty where none was given or it could not be read.
    pub id: ReqId,
    /// The field's name, or for `Malformed` the reason.
    pub what: &'static str,
}

impl DecodeError {
    pub(crate) fn malformed(reason: &'static str) -> Self {
        Self { code: ErrorCode::Malformed, id: ReqId::default(), what: reason }
    }
    pub(crate) fn unknown_type() -> Self {
        Self { code: ErrorCode::UnknownType, id: ReqId::default(), what: "" }
    }
    pub(crate) fn invalid(field: &'static str) -> Self {
        Self { code: ErrorCode::InvalidField, id: ReqId::default(), what: field }
    }
    pub(crate) fn too_large(field: &'static str) -> Self {
        Self { code: ErrorCode::TooLarge, id: ReqId::default(), what: field }
    }

    /// Names the request, so that the answer can be matched to it.
    pub(crate) fn with_id(mut self, id: &str) -> Self {
        if id.len() <= REQUEST_ID_BYTES_MAX {
            self.id = ReqId::new(id);
        }
        self
    }

    /// A sentence for people; empty where the code's own says it all.
    pub fn message(&self) -> SmolStr {
        match self.code {
            ErrorCode::InvalidField => {
                format_smolstr!("The field \"{}\" is missing, of the wrong type or outside its limits.", self.what)
            }
            ErrorCode::TooLarge => format_smolstr!("The field \"{}\" is larger than its limit.", self.what),
            ErrorCode::Malformed => format_smolstr!("The frame could not be parsed: {}.", self.what),
            _ => SmolStr::default(),
        }
    }

    /// The answer to send.
    pub fn into_event(self) -> Event {
        let message = self.message();
        Event::Error { id: self.id, code: self.code, message, retry_after_ms: 0 }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.what)
    }
}

impl std::error::Error for DecodeError {}
