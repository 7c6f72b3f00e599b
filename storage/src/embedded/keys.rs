//! Keys as ordered bytes. Frozen: data folders hold them.
//!
//! Numbers are big-endian so that byte order is number order; a conversation's rows share its id as prefix. User
//! ids hold no control characters, so `(user, kind)` sorts as the pair does without a separator.

use chasqui_proto::command::ReceiptKind;
use chasqui_proto::ids::{ClientId, ConvId, MsgId, Seq, UserId};

use super::values::DecodeError;

const CONV_BYTES: usize = 16;
const MESSAGE_KEY_BYTES: usize = CONV_BYTES + 8 + 8;

/// `conv | seq | msg_id`
pub(super) fn message(conv: ConvId, seq: Seq, msg_id: MsgId) -> Vec<u8> {
    [&conv.0[..], &seq.to_be_bytes(), &msg_id.0.to_be_bytes()].concat()
}

pub(super) fn parse_message(key: &[u8]) -> Result<(ConvId, Seq, MsgId), DecodeError> {
    let key: &[u8; MESSAGE_KEY_BYTES] = key.try_into().map_err(|_| DecodeError::key("message"))?;
    Ok((
        ConvId(array(&key[..16])),
        u64::from_be_bytes(array(&key[16..24])),
        MsgId(u64::from_be_bytes(array(&key[24..]))),
    ))
}

/// `conv | sender | client_id`; both ends are of fixed length, so the middle is unambiguous.
pub(super) fn dedupe(conv: ConvId, sender: &UserId, client_id: ClientId) -> Vec<u8> {
    [&conv.0[..], sender.as_str().as_bytes(), &client_id.0].concat()
}

/// `conv | user`
pub(super) fn member(conv: ConvId, user: &UserId) -> Vec<u8> {
    [&conv.0[..], user.as_str().as_bytes()].concat()
}

pub(super) fn parse_member(key: &[u8]) -> Result<(ConvId, UserId), DecodeError> {
    let (conv, user) = key.split_at_checked(CONV_BYTES).ok_or(DecodeError::key("member"))?;
    Ok((ConvId(array(conv)), user_id(user, "member")?))
}

/// `length of user | user`: no other user's conversations share this prefix.
pub(super) fn user(user: &UserId) -> Vec<u8> {
    [&[user.as_str().len() as u8], user.as_str().as_bytes()].concat()
}

/// `length of user | user | conv`
pub(super) fn user_conv(of: &UserId, conv: ConvId) -> Vec<u8> {
    [&user(of)[..], &conv.0].concat()
}

pub(super) fn parse_user_conv(key: &[u8]) -> Result<ConvId, DecodeError> {
    let conv = key.last_chunk::<CONV_BYTES>().ok_or(DecodeError::key("user conversation"))?;
    Ok(ConvId(*conv))
}

/// `conv | user | kind`
pub(super) fn receipt(conv: ConvId, user: &UserId, kind: ReceiptKind) -> Vec<u8> {
    [&conv.0[..], user.as_str().as_bytes(), &[kind as u8]].concat()
}

pub(super) fn parse_receipt(key: &[u8]) -> Result<(ConvId, UserId, ReceiptKind), DecodeError> {
    let bad = DecodeError::key("receipt");
    let (conv, rest) = key.split_at_checked(CONV_BYTES).ok_or(bad)?;
    let (kind, user) = rest.split_last().ok_or(bad)?;
    let kind = match kind {
        0 => ReceiptKind::Delivered,
        1 => ReceiptKind::Read,
        _ => return Err(bad),
    };
    Ok((ConvId(array(conv)), user_id(user, "receipt")?, kind))
}

fn user_id(bytes: &[u8], table: &'static str) -> Result<UserId, DecodeError> {
    let text = core::str::from_utf8(bytes).map_err(|_| DecodeError::key(table))?;
    UserId::new(text).ok_or(DecodeError::key(table))
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("the caller cut a slice of this length")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user_named(name: &str) -> UserId {
        UserId::new(name).unwrap()
    }

    #[test]
    fn golden_keys() {
        let (conv, bob) = (ConvId([0xc0; 16]), user_named("bob"));
        let golden = |key: Vec<u8>, rest: &[u8]| assert_eq!(key, [&[0xc0; 16][..], rest].concat());
        golden(message(conv, 2, MsgId(3)), &[0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3]);
        golden(dedupe(conv, &bob, ClientId([9; 16])), &[&b"bob"[..], &[9; 16]].concat());
        golden(member(conv, &bob), b"bob");
        golden(receipt(conv, &bob, ReceiptKind::Read), b"bob\x01");
        assert_eq!(user_conv(&bob, conv), [&b"\x03bob"[..], &[0xc0; 16]].concat());
    }

    #[test]
    fn keys_come_back_as_they_were() {
        let (conv, bob) = (ConvId([7; 16]), user_named("bob"));
        assert_eq!(parse_message(&message(conv, 5, MsgId(6))), Ok((conv, 5, MsgId(6))));
        assert_eq!(parse_member(&member(conv, &bob)), Ok((conv, bob.clone())));
        assert_eq!(parse_user_conv(&user_conv(&bob, conv)), Ok(conv));
        let key = receipt(conv, &bob, ReceiptKind::Delivered);
        assert_eq!(parse_receipt(&key), Ok((conv, bob, ReceiptKind::Delivered)));
    }

    #[test]
    fn byte_order_is_the_order_of_the_parts() {
        let (low, high) = (ConvId([1; 16]), ConvId([2; 16]));
        assert!(message(low, 255, MsgId(9)) < message(low, 256, MsgId(0)));
        assert!(message(low, u64::MAX, MsgId(u64::MAX)) < message(high, 0, MsgId(0)));
        let (a, ab) = (user_named("a"), user_named("ab"));
        assert!(receipt(low, &a, ReceiptKind::Read) < receipt(low, &ab, ReceiptKind::Delivered));
        assert!(!user_conv(&ab, low).starts_with(&user(&a)));
    }

    #[test]
    fn junk_is_refused() {
        assert!(parse_message(&[0; 31]).is_err());
        assert!(parse_member(&[0; 16]).is_err(), "no user");
        assert!(parse_receipt(&[&[0; 16][..], b"bob\x02"].concat()).is_err(), "no such kind");
        assert!(parse_receipt(&[0; 16]).is_err());
        assert!(parse_user_conv(b"bob").is_err());
    }
}
