//! What a peer may make the HTTP/3 library keep.
//!
//! `h3` buffers a HEADERS, SETTINGS or unknown frame whole before it looks at any limit. Every byte that
//! goes to it passes a [`FrameGuard`] first, which knows just enough of the framing to count.
//!
//! Promises: no frame but DATA is longer than [`HEAD_BYTES_MAX`]; of a request, no more than that goes
//! through before its headers are whole. On the control stream the allowance starts anew with every
//! frame. The first byte beyond is reported before `h3` sees it.

use super::wire::{FRAME_DATA, FRAME_HEADERS, read_varint};

/// A request line, a token and a few headers need 4 KiB; eight times that is generous.
pub const HEAD_BYTES_MAX: u64 = 32 << 10;
/// Type and length, each a varint of up to eight bytes.
const FRAME_HEAD_BYTES_MAX: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Request,
    /// Begins with the stream's type, which is not a frame.
    Control,
    /// Instructions of QPACK, read by nobody: the stream's own window bounds them.
    Unframed,
}

/// The peer sent more than it may.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excess;

pub(super) struct FrameGuard {
    kind: Kind,
    head: [u8; FRAME_HEAD_BYTES_MAX],
    head_len: usize,
    /// Still before the first frame, at the stream's type.
    at_type: bool,
    /// Bytes of the current frame's payload still to come.
    payload: u64,
    in_headers: bool,
    headers_seen: bool,
    spent: u64,
}

impl FrameGuard {
    pub(super) fn new(kind: Kind) -> Self {
        let head = [0; FRAME_HEAD_BYTES_MAX];
        let at_type = kind == Kind::Control;
        Self { kind, head, head_len: 0, at_type, payload: 0, in_headers: false, headers_seen: false, spent: 0 }
    }

    /// Counts the next bytes of the stream.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) -> Result<(), Excess> {
        if self.kind == Kind::Unframed {
            return Ok(());
        }
        while !bytes.is_empty() {
            if self.payload > 0 {
                let passed = self.payload.min(bytes.len() as u64);
                bytes = &bytes[passed as usize..];
                self.payload -= passed;
                self.end_of_frame();
            } else {
                self.take_head_byte(bytes[0])?;
                bytes = &bytes[1..];
            }
        }
        Ok(())
    }

    fn take_head_byte(&mut self, byte: u8) -> Result<(), Excess> {
        self.head[self.head_len] = byte;
        self.head_len += 1;
        let head = &self.head[..self.head_len];
        if self.at_type {
            self.at_type = read_varint(head).is_none();
            self.head_len *= usize::from(self.at_type);
            return Ok(());
        }
        if let Some((kind, used)) = read_varint(head)
            && let Some((len, _)) = read_varint(&head[used..])
        {
            return self.begin_frame(kind, len);
        }
        Ok(())
    }

    fn begin_frame(&mut self, kind: u64, len: u64) -> Result<(), Excess> {
        let head_len = std::mem::take(&mut self.head_len) as u64;
        self.payload = len;
        self.in_headers = kind == FRAME_HEADERS;
        let streamed = kind == FRAME_DATA && self.headers_seen;
        if !streamed {
            self.spent = self.spent.saturating_add(head_len).saturating_add(len);
            if self.spent > HEAD_BYTES_MAX {
                return Err(Excess);
            }
        }
        self.end_of_frame();
        Ok(())
    }

    fn end_of_frame(&mut self) {
        if self.payload > 0 {
            return;
        }
        self.headers_seen |= self.in_headers;
        if self.headers_seen || self.kind == Kind::Control {
            self.spent = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::write_varint;
    use super::*;

    fn frame(kind: u64, len: u64) -> Vec<u8> {
        let mut out = Vec::new();
        write_varint(kind, &mut out);
        write_varint(len, &mut out);
        out
    }

    fn whole(kind: u64, len: usize) -> Vec<u8> {
        let mut out = frame(kind, len as u64);
        out.resize(out.len() + len, 7);
        out
    }

    #[test]
    fn a_huge_frame_is_refused_at_its_length() {
        for kind in [FRAME_HEADERS, FRAME_DATA, 0x21, 0x4242] {
            let mut guard = FrameGuard::new(Kind::Request);
            assert_eq!(guard.pass(&frame(kind, 100 << 20)), Err(Excess), "frame {kind:#x}");
        }
        let control = [vec![0], frame(4, 100 << 20)].concat();
        assert_eq!(FrameGuard::new(Kind::Control).pass(&control), Err(Excess));
    }

    #[test]
    fn many_small_frames_do_not_add_up_to_more_before_the_headers() {
        let mut guard = FrameGuard::new(Kind::Request);
        let outcomes: Vec<_> = (0..40).map(|_| guard.pass(&whole(0x21, 1000))).collect();
        assert!(outcomes[..30].iter().all(Result::is_ok));
        assert!(outcomes.contains(&Err(Excess)));
    }

    #[test]
    fn a_body_is_free_but_its_other_frames_are_not() {
        let mut guard = FrameGuard::new(Kind::Request);
        for byte in [whole(FRAME_HEADERS, 500), whole(FRAME_DATA, 200_000), whole(0x21, 30_000)].concat() {
            guard.pass(&[byte]).unwrap();
        }
        guard.pass(&frame(FRAME_DATA, 1 << 50)).unwrap();
        let mut guard = FrameGuard::new(Kind::Request);
        guard.pass(&whole(FRAME_HEADERS, 500)).unwrap();
        assert_eq!(guard.pass(&frame(FRAME_HEADERS, 40_000)), Err(Excess));
    }

    #[test]
    fn the_control_stream_is_refilled_by_every_frame() {
        let mut guard = FrameGuard::new(Kind::Control);
        guard.pass(&[0]).unwrap();
        for _ in 0..100 {
            guard.pass(&whole(0x21, 20_000)).unwrap();
        }
    }
}
