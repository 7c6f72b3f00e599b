//! Capsules on a session's CONNECT stream (RFC 9297), as far as WebTransport needs them.
//!
//! Promises: fed any bytes in pieces of any size, the reader finds the closing capsule and skips all
//! others, known or not, without keeping them.
//!
//! Limits: at most [`CLOSE_BYTES_MAX`] bytes are held.

use bytes::{BufMut, Bytes, BytesMut};

use super::wire::{read_varint, write_varint};

const CLOSE_SESSION: u64 = 0x2843;
/// Fixed by WebTransport over HTTP/3.
pub const CLOSE_REASON_BYTES_MAX: usize = 1024;
const CLOSE_CODE_BYTES: usize = 4;
const CLOSE_BYTES_MAX: usize = CLOSE_CODE_BYTES + CLOSE_REASON_BYTES_MAX;
/// Type and length, each a varint of up to eight bytes.
const HEAD_BYTES_MAX: usize = 16;

/// What the peer said when it closed the session.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Close {
    pub code: u32,
    pub reason: String,
}

/// A closing capsule of an impossible length.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// The capsule that says `code` and `reason`, which is cut at a character's edge if it is too long.
pub(super) fn close(code: u32, reason: &str) -> Bytes {
    let reason = &reason[..reason.floor_char_boundary(CLOSE_REASON_BYTES_MAX)];
    let mut out = BytesMut::new();
    write_varint(CLOSE_SESSION, &mut out);
    write_varint((CLOSE_CODE_BYTES + reason.len()) as u64, &mut out);
    out.put_u32(code);
    out.put_slice(reason.as_bytes());
    out.freeze()
}

/// Reads a stream of capsules.
pub(super) struct Reader {
    held: BytesMut,
    state: State,
}

enum State {
    Head,
    Skip { left: u64 },
    Close { len: usize },
}

impl Reader {
    pub(super) fn new() -> Self {
        Self { held: BytesMut::new(), state: State::Head }
    }

    /// Takes the next bytes; the answer is the closing capsule once it is whole.
    pub(super) fn feed(&mut self, mut input: &[u8]) -> Result<Option<Close>, Malformed> {
        loop {
            match self.state {
                State::Skip { left } => {
                    let skipped = left.min(input.len() as u64);
                    input = &input[skipped as usize..];
                    if skipped < left {
                        self.state = State::Skip { left: left - skipped };
                        return Ok(None);
                    }
                    self.state = State::Head;
                }
                State::Head => match self.head(&mut input) {
                    Some((kind, len)) => self.begin(kind, len)?,
                    None => return Ok(None),
                },
                State::Close { len } => {
                    self.hold(&mut input, len);
                    return Ok((self.held.len() == len).then(|| self.parse_close()));
                }
            }
        }
    }

    fn begin(&mut self, kind: u64, len: u64) -> Result<(), Malformed> {
        self.held.clear();
        self.state = match (kind, usize::try_from(len)) {
            (CLOSE_SESSION, Ok(len @ CLOSE_CODE_BYTES..=CLOSE_BYTES_MAX)) => State::Close { len },
            (CLOSE_SESSION, _) => return Err(Malformed),
            _ => State::Skip { left: len },
        };
        Ok(())
    }

    fn head(&mut self, input: &mut &[u8]) -> Option<(u64, u64)> {
        while self.held.len() < HEAD_BYTES_MAX {
            if let Some((kind, used)) = read_varint(&self.held)
                && let Some((len, _)) = read_varint(&self.held[used..])
            {
                return Some((kind, len));
            }
            let (first, rest) = input.split_first()?;
            self.held.put_u8(*first);
            *input = rest;
        }
        let (kind, used) = read_varint(&self.held)?;
        read_varint(&self.held[used..]).map(|(len, _)| (kind, len))
    }

    fn hold(&mut self, input: &mut &[u8], len: usize) {
        let wanted = (len - self.held.len()).min(input.len());
        self.held.put_slice(&input[..wanted]);
        *input = &input[wanted..];
    }

    fn parse_close(&mut self) -> Close {
        let (code, reason) = self.held.split_at(CLOSE_CODE_BYTES);
        Close {
            code: u32::from_be_bytes(code.try_into().expect("split at four bytes")),
            reason: String::from_utf8_lossy(reason).into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grease(len: usize) -> Vec<u8> {
        let mut out = Vec::new();
        write_varint(0x1f * 1_000_000_007 + 0x21, &mut out);
        write_varint(len as u64, &mut out);
        out.resize(out.len() + len, 0xaa);
        out
    }

    fn read(bytes: &[u8], piece: usize) -> Result<Option<Close>, Malformed> {
        let mut reader = Reader::new();
        for piece in bytes.chunks(piece) {
            if let Some(close) = reader.feed(piece)? {
                return Ok(Some(close));
            }
        }
        Ok(None)
    }

    #[test]
    fn grease_is_skipped_in_pieces_of_any_size() {
        let mut bytes = [grease(0), grease(3), grease(5000)].concat();
        bytes.extend_from_slice(&close(4102, "malformed"));
        for piece in [1, 2, 3, 7, 64, bytes.len()] {
            let expected = Close { code: 4102, reason: "malformed".into() };
            assert_eq!(read(&bytes, piece), Ok(Some(expected)), "pieces of {piece}");
        }
    }

    #[test]
    fn a_huge_unknown_capsule_is_not_kept() {
        let mut head = Vec::new();
        write_varint(0x7fff, &mut head);
        write_varint(1 << 40, &mut head);
        let mut reader = Reader::new();
        reader.feed(&head).unwrap();
        for _ in 0..100 {
            assert_eq!(reader.feed(&[0; 10_000]), Ok(None));
        }
        assert!(reader.held.capacity() <= 4 * HEAD_BYTES_MAX);
    }

    #[test]
    fn a_close_of_impossible_length_is_malformed() {
        for len in [0_u64, 3, CLOSE_BYTES_MAX as u64 + 1, 1 << 61] {
            let mut bytes = Vec::new();
            write_varint(CLOSE_SESSION, &mut bytes);
            write_varint(len, &mut bytes);
            assert_eq!(read(&bytes, 1), Err(Malformed));
        }
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let capsule = close(1, &"é".repeat(2000));
        let Ok(Some(read)) = read(&capsule, 5) else { panic!("no close") };
        assert_eq!(read.reason.len(), CLOSE_REASON_BYTES_MAX);
    }
}
