//! Identifiers: who, where, which message.
//!
//! Promise: an id is comparable, ordered and cheap to copy or clone, and tells its home shard without a
//! look-up. Conversation ids are UUIDs (RFC 9562, version 8) whose bits 52..64 hold the *virtual shard*; both
//! kinds are derived, not drawn: a direct conversation from its pair of users, a group from its creator and
//! the creator's client id, so that a create sent twice names the same conversation.

use core::fmt;
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use crate::limits::USER_ID_BYTES_MAX;

/// Number of virtual shards users and conversations hash to; fixed for ever, since ids carry the result.
pub const VIRTUAL_SHARDS: u16 = 4096;

/// Milliseconds since the Unix epoch.
pub type Millis = u64;
/// Position of a message in its conversation, from 1, contiguous. 0 stands for "none".
pub type Seq = u64;
/// Generation of a conversation's home; rises whenever the home starts anew.
pub type Epoch = u64;

/// A user: the token's `sub`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(SmolStr);

impl UserId {
    /// Accepts 1..=64 bytes without control characters.
    pub fn new(s: &str) -> Option<Self> {
        Self::fits(s).then(|| Self(SmolStr::new(s)))
    }
    /// Whether `new` would accept it.
    pub fn fits(s: &str) -> bool {
        (1..=USER_ID_BYTES_MAX).contains(&s.len()) && !s.chars().any(char::is_control)
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The virtual shard that is this user's home.
    pub fn vshard(&self) -> u16 {
        let digest = Sha256::new().chain_update(b"chasqui.user.v1").chain_update(self.0.as_bytes()).finalize();
        u16::from_be_bytes([digest[0], digest[1]]) % VIRTUAL_SHARDS
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Request id chosen by the client, echoed in the reply; at most `REQUEST_ID_BYTES_MAX` bytes.
pub type ReqId = SmolStr;

macro_rules! uuid_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub [u8; 16]);
        impl $name {
            /// Parses the hyphenated form of RFC 9562, either case.
            pub fn parse(s: &str) -> Option<Self> {
                parse_uuid(s.as_bytes()).map(Self)
            }
            /// Writes the hyphenated lower-case form.
            pub fn hyphenated(&self) -> Hyphenated {
                Hyphenated::of(&self.0)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.hyphenated().as_str())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

uuid_type!(
    /// A conversation. Carries the virtual shard of its home.
    ConvId
);
uuid_type!(
    /// A message's id as its sender's client chose it; the key of deduplication.
    ClientId
);

impl ConvId {
    /// The one direct conversation of two users (in either order; both may be the same user).
    pub fn direct(a: &UserId, b: &UserId) -> Self {
        let (lo, hi) = if a <= b { (a, b) } else { (b, a) };
        let mut hash = Sha256::new();
        hash.update(b"chasqui.direct.v1");
        for user in [lo, hi] {
            hash.update([user.as_str().len() as u8]);
            hash.update(user.as_str().as_bytes());
        }
        let digest = hash.finalize();
        // One hash bit selects whose home it is, so that a busy user does not pull all chats to one shard.
        let home = if digest[16] & 1 == 0 { lo } else { hi };
        Self::shaped(&digest[..16], home.vshard())
    }

    /// The group that `creator` made with `client_id`.
    pub fn group(creator: &UserId, client_id: ClientId) -> Self {
        let digest = Sha256::new()
            .chain_update(b"chasqui.group.v1")
            .chain_update([creator.as_str().len() as u8])
            .chain_update(creator.as_str().as_bytes())
            .chain_update(client_id.0)
            .finalize();
        let vshard = u16::from_be_bytes([digest[16], digest[17]]) % VIRTUAL_SHARDS;
        Self::shaped(&digest[..16], vshard)
    }

    fn shaped(bytes: &[u8], vshard: u16) -> Self {
        let mut id = [0u8; 16];
        id.copy_from_slice(&bytes[..16]);
        id[6] = 0x80 | (vshard >> 8) as u8;
        id[7] = vshard as u8;
        id[8] = 0x80 | (id[8] & 0x3f);
        Self(id)
    }

    /// The virtual shard that is this conversation's home.
    pub fn vshard(&self) -> u16 {
        u16::from_be_bytes([self.0[6], self.0[7]]) & (VIRTUAL_SHARDS - 1)
    }
}

/// A message as stored: 41 bits of milliseconds since 2026, 10 node, 6 shard, 7 counter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct MsgId(pub u64);

/// 2026-01-01T00:00:00Z in Unix milliseconds, the zero of `MsgId`'s clock.
pub const MSG_ID_ZERO_MS: Millis = 1_767_225_600_000;

impl MsgId {
    pub fn new(ms_since_zero: u64, node: u16, shard: u16, counter: u8) -> Self {
        let (node, shard, counter) = (u64::from(node) & 0x3ff, u64::from(shard) & 0x3f, u64::from(counter) & 0x7f);
        Self((ms_since_zero << 23) | (node << 13) | (shard << 7) | counter)
    }
    pub fn ms_since_zero(self) -> u64 {
        self.0 >> 23
    }
}

impl fmt::Display for MsgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One connection's life on one shard. The top 8 bits are the shard that accepted it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct SessionId(pub u64);

impl SessionId {
    pub fn new(shard: u16, serial: u64) -> Self {
        Self((u64::from(shard) << 56) | (serial & ((1 << 56) - 1)))
    }
    pub fn shard(self) -> u16 {
        (self.0 >> 56) as u16
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A UUID's text on the stack.
#[derive(Clone, Copy)]
pub struct Hyphenated([u8; 36]);

impl Hyphenated {
    fn of(bytes: &[u8; 16]) -> Self {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'-'; 36];
        let mut at = 0;
        for (i, byte) in bytes.iter().enumerate() {
            at += usize::from(matches!(i, 4 | 6 | 8 | 10));
            text[at] = HEX[usize::from(byte >> 4)];
            text[at + 1] = HEX[usize::from(byte & 15)];
            at += 2;
        }
        Self(text)
    }
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).expect("hex digits and hyphens are ASCII")
    }
}

fn parse_uuid(text: &[u8]) -> Option<[u8; 16]> {
    if text.len() != 36 {
        return None;
    }
    let mut bytes = [0u8; 16];
    let mut at = 0;
    for (i, byte) in bytes.iter_mut().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            (text[at] == b'-').then_some(())?;
            at += 1;
        }
        *byte = (hex(text[at])? << 4) | hex(text[at + 1])?;
        at += 2;
    }
    Some(bytes)
}

fn hex(c: u8) -> Option<u8> {
    (c as char).to_digit(16).map(|d| d as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direct_conversation_is_the_same_from_both_sides() {
        let (a, b) = (UserId::new("alice").unwrap(), UserId::new("bob").unwrap());
        let id = ConvId::direct(&a, &b);
        assert_eq!(id, ConvId::direct(&b, &a));
        assert!(id.vshard() == a.vshard() || id.vshard() == b.vshard());
        assert_ne!(id, ConvId::direct(&a, &a));
    }

    #[test]
    fn length_prefixes_keep_pairs_apart() {
        let id = |a: &str, b: &str| ConvId::direct(&UserId::new(a).unwrap(), &UserId::new(b).unwrap());
        assert_ne!(id("ab", "c"), id("a", "bc"));
    }

    #[test]
    fn uuid_text_round_trips_and_junk_is_refused() {
        let id = ConvId::group(&UserId::new("a").unwrap(), ClientId([7; 16]));
        assert_eq!(ConvId::parse(&id.to_string()), Some(id));
        assert_eq!(id.to_string().as_bytes()[14], b'8');
        for bad in ["", "x", "00000000-0000-0000-0000-00000000000g", "00000000-0000-0000-0000-0000000000000"] {
            assert_eq!(ConvId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn user_ids_are_bounded() {
        assert!(UserId::new("").is_none());
        assert!(UserId::new(&"x".repeat(65)).is_none());
        assert!(UserId::new("a\nb").is_none());
        assert!(UserId::new(&"x".repeat(64)).is_some());
    }
}
