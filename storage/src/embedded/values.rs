//! Values as bytes. Frozen: data folders hold them, so a layout is never changed, only followed by another version.
//!
//! Every value starts with its own version byte; numbers are little-endian; text has its length in front (u8 for a
//! user id, u32 otherwise). What the key says is not repeated. Decoding takes exactly the bytes of the layout:
//! an unknown version, a short value, or trailing junk is an error that says which.

use core::fmt;

use chasqui_proto::command::ReceiptKind;
use chasqui_proto::event::Message;
use chasqui_proto::ids::{ClientId, ConvId, Millis, MsgId, Seq, UserId};
use chasqui_proto::row::{ConvKind, ConversationRow, MemberRow, ReceiptRow, Role};
use smol_str::SmolStr;

/// The version byte of every layout below.
const VERSION: u8 = 1;
const FLAG_RETRACTED: u8 = 1;

/// A row in the data folder that is not what this program writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct DecodeError {
    table: &'static str,
    wrong: &'static str,
}

impl DecodeError {
    pub(super) fn key(table: &'static str) -> Self {
        Self { table, wrong: "its key is malformed" }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a {} row is damaged: {}", self.table, self.wrong)
    }
}

/// `version | flags | epoch | client_id | at | sender | content`
pub(super) fn message(message: &Message) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 + message.sender.as_str().len() + message.content.len());
    out.extend_from_slice(&[VERSION, if message.retracted { FLAG_RETRACTED } else { 0 }]);
    out.extend_from_slice(&message.epoch.to_le_bytes());
    out.extend_from_slice(&message.client_id.0);
    out.extend_from_slice(&message.at.to_le_bytes());
    put_user(&mut out, &message.sender);
    put_text(&mut out, &message.content);
    out
}

pub(super) fn parse_message((conv, seq, msg_id): (ConvId, Seq, MsgId), value: &[u8]) -> Result<Message, DecodeError> {
    let mut fields = Fields::open("message", value)?;
    let flags = fields.u8()?;
    if flags & !FLAG_RETRACTED != 0 {
        return Err(fields.wrong("it has an unknown flag"));
    }
    let message = Message {
        conv,
        msg_id,
        seq,
        epoch: fields.u64()?,
        client_id: ClientId(fields.array()?),
        at: fields.u64()?,
        sender: fields.user()?,
        content: String::from(fields.text()?),
        retracted: flags & FLAG_RETRACTED != 0,
    };
    fields.end(message)
}

/// `version | seq | msg_id | at`
pub(super) fn dedupe(seq: Seq, msg_id: MsgId, at: Millis) -> Vec<u8> {
    [&[VERSION][..], &seq.to_le_bytes(), &msg_id.0.to_le_bytes(), &at.to_le_bytes()].concat()
}

pub(super) fn parse_dedupe(value: &[u8]) -> Result<(Seq, MsgId, Millis), DecodeError> {
    let mut fields = Fields::open("dedupe", value)?;
    let row = (fields.u64()?, MsgId(fields.u64()?), fields.u64()?);
    fields.end(row)
}

/// `version | kind | created_at | created_by | title`
pub(super) fn conversation(row: &ConversationRow) -> Vec<u8> {
    let mut out = vec![VERSION, row.kind as u8];
    out.extend_from_slice(&row.created_at.to_le_bytes());
    put_user(&mut out, &row.created_by);
    put_text(&mut out, &row.title);
    out
}

pub(super) fn parse_conversation(conv: ConvId, value: &[u8]) -> Result<ConversationRow, DecodeError> {
    let mut fields = Fields::open("conversation", value)?;
    let kind = match fields.u8()? {
        0 => ConvKind::Direct,
        1 => ConvKind::Group,
        _ => return Err(fields.wrong("it has an unknown kind")),
    };
    let created_at = fields.u64()?;
    let created_by = fields.user()?;
    let title = SmolStr::new(fields.text()?);
    fields.end(ConversationRow { conv, kind, title, created_by, created_at })
}

/// `version | role | joined_seq`
pub(super) fn member(row: &MemberRow) -> Vec<u8> {
    [&[VERSION, row.role as u8][..], &row.joined_seq.to_le_bytes()].concat()
}

pub(super) fn parse_member((conv, user): (ConvId, UserId), value: &[u8]) -> Result<MemberRow, DecodeError> {
    let mut fields = Fields::open("member", value)?;
    let role = match fields.u8()? {
        0 => Role::Member,
        1 => Role::Admin,
        _ => return Err(fields.wrong("it has an unknown role")),
    };
    let joined_seq = fields.u64()?;
    fields.end(MemberRow { conv, user, role, joined_seq })
}

/// `version`; all it says is in the key.
pub(super) fn user_conv() -> Vec<u8> {
    vec![VERSION]
}

/// `version | seq | at`
pub(super) fn receipt(row: &ReceiptRow) -> Vec<u8> {
    [&[VERSION][..], &row.seq.to_le_bytes(), &row.at.to_le_bytes()].concat()
}

pub(super) fn parse_receipt(
    (conv, user, kind): (ConvId, UserId, ReceiptKind),
    value: &[u8],
) -> Result<ReceiptRow, DecodeError> {
    let mut fields = Fields::open("receipt", value)?;
    let (seq, at) = (fields.u64()?, fields.u64()?);
    fields.end(ReceiptRow { conv, user, kind, seq, at })
}

fn put_user(out: &mut Vec<u8>, user: &UserId) {
    out.push(user.as_str().len() as u8);
    out.extend_from_slice(user.as_str().as_bytes());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    let len = u32::try_from(text.len()).expect("a frame, and so a text, is far below 4 GiB");
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// Takes a value apart from the front.
struct Fields<'a> {
    table: &'static str,
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    fn open(table: &'static str, value: &'a [u8]) -> Result<Self, DecodeError> {
        let mut fields = Self { table, rest: value };
        match fields.u8()? {
            VERSION => Ok(fields),
            _ => Err(fields.wrong("its version is unknown to this program")),
        }
    }

    fn wrong(&self, wrong: &'static str) -> DecodeError {
        DecodeError { table: self.table, wrong }
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(self.wrong("it is too short"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        Ok(self.take(N)?.try_into().expect("take gives what was asked"))
    }

    fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(self.array::<1>()?[0])
    }

    fn u64(&mut self) -> Result<u64, DecodeError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn utf8(&mut self, len: usize) -> Result<&'a str, DecodeError> {
        core::str::from_utf8(self.take(len)?).map_err(|_| self.wrong("its text is not UTF-8"))
    }

    fn user(&mut self) -> Result<UserId, DecodeError> {
        let len = self.u8()?.into();
        UserId::new(self.utf8(len)?).ok_or(self.wrong("it names an impossible user"))
    }

    fn text(&mut self) -> Result<&'a str, DecodeError> {
        let len = u32::from_le_bytes(self.array()?);
        self.utf8(len as usize)
    }

    fn end<T>(self, row: T) -> Result<T, DecodeError> {
        if self.rest.is_empty() { Ok(row) } else { Err(self.wrong("it has trailing bytes")) }
    }
}

#[cfg(test)]
#[path = "values_tests.rs"]
mod tests;
