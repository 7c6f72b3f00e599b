//! What a turn sends to many: one copy, from which all who can be written to at its end are written to.
//!
//! Frames of a wire lie one after the other, so what a member of a busy room is to get in a turn is one piece of the
//! log, most often the same for all. Each thread has a log for each wire, of one turn at most `LOG_BYTES_MAX`, of
//! which `KEPT_BYTES_MAX` are kept for the next. It is cleared with the flush at the end of the turn; what is not written
//! by then has to be copied before ([`Shared::each_frame`]).
//!
//! Invariant, asserted: a piece is not looked at after its log was cleared. It would be another's frames.

use std::cell::RefCell;

use super::encode::Wire;

const LOG_BYTES_MAX: usize = 256 * 1024;
const KEPT_BYTES_MAX: usize = 64 * 1024;

/// A piece of a log: whole frames.
#[derive(Clone, Copy, Default)]
pub struct Shared {
    log: u32,
    /// Which of the log's contents.
    age: u32,
    start: u32,
    end: u32,
}

#[derive(Default)]
struct Log {
    age: u32,
    bytes: Vec<u8>,
    /// Where each frame ends.
    ends: Vec<u32>,
}

thread_local! {
    static LOGS: RefCell<[Log; Wire::COUNT]> = RefCell::default();
}

/// None: the log is full, or would be.
pub fn append(wire: Wire, frame: &[u8]) -> Option<Shared> {
    LOGS.with_borrow_mut(|logs| {
        let log = &mut logs[wire as usize];
        let (start, end) = (log.bytes.len(), log.bytes.len() + frame.len());
        if end > LOG_BYTES_MAX {
            return None;
        }
        log.bytes.extend_from_slice(frame);
        log.ends.push(end as u32);
        Some(Shared { log: wire as u32, age: log.age, start: start as u32, end: end as u32 })
    })
}

/// What was appended is written, or copied.
pub fn clear() {
    LOGS.with_borrow_mut(|logs| logs.iter_mut().filter(|log| !log.bytes.is_empty()).for_each(Log::clear));
}

impl Log {
    fn clear(&mut self) {
        self.age = self.age.wrapping_add(1);
        self.bytes.clear();
        self.ends.clear();
        if self.bytes.capacity() + self.ends.capacity() * size_of::<u32>() > KEPT_BYTES_MAX {
            (self.bytes, self.ends) = (Vec::new(), Vec::new());
        }
    }
}

impl Shared {
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Takes in what follows, if it does, or if this is empty.
    #[inline]
    pub fn join(&mut self, next: Self) -> bool {
        if self.is_empty() {
            *self = next;
        } else if (self.log, self.age, self.end) == (next.log, next.age, next.start) {
            self.end = next.end;
        } else {
            return false;
        }
        true
    }

    pub fn with<R>(self, look: impl FnOnce(&[u8]) -> R) -> R {
        self.with_log(|log| look(&log.bytes[self.start as usize..self.end as usize]))
    }

    pub fn each_frame(self, mut look: impl FnMut(&[u8])) {
        self.with_log(|log| {
            let first = log.ends.partition_point(|end| *end <= self.start);
            let mut start = self.start;
            for end in log.ends[first..].iter().take_while(|end| **end <= self.end) {
                look(&log.bytes[start as usize..*end as usize]);
                start = *end;
            }
        });
    }

    fn with_log<R>(self, look: impl FnOnce(&Log) -> R) -> R {
        LOGS.with_borrow(|logs| {
            let log = &logs[self.log as usize];
            assert_eq!(log.age, self.age, "a piece of a log that was cleared");
            look(log)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIRE: Wire = Wire::JsonWebSocket;

    fn frames(shared: Shared) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        shared.each_frame(|frame| frames.push(frame.to_vec()));
        frames
    }

    #[test]
    fn pieces_that_follow_each_other_join_and_keep_their_frames() {
        clear();
        let [a, b, c] = ["a", "bc", "def"].map(|frame| append(WIRE, frame.as_bytes()).unwrap());
        let other = append(Wire::NativeWebSocket, b"x").unwrap();
        let mut piece = Shared::default();
        assert!(piece.is_empty() && piece.join(b) && piece.join(c));
        assert_eq!(frames(piece), [b"bc".to_vec(), b"def".to_vec()]);
        piece.with(|bytes| assert_eq!(bytes, b"bcdef"));
        let mut first = a;
        assert!(!first.join(c) && !first.join(other), "there is a frame between them, and another wire");
        assert_eq!((frames(first), first.len()), (vec![b"a".to_vec()], 1));
    }

    #[test]
    fn a_log_takes_only_so_much_and_keeps_less() {
        clear();
        assert!(append(WIRE, &vec![0; LOG_BYTES_MAX - 1]).is_some());
        assert!(append(WIRE, &[0; 2]).is_none());
        assert!(append(WIRE, &[0; 1]).is_some());
        clear();
        LOGS.with_borrow(|logs| assert_eq!(logs[WIRE as usize].bytes.capacity(), 0));
    }

    #[test]
    #[should_panic(expected = "a log that was cleared")]
    fn a_piece_is_not_looked_at_when_its_log_was_cleared() {
        let piece = append(WIRE, b"mine").unwrap();
        clear();
        append(WIRE, b"another's").unwrap();
        piece.with(|_| ());
    }
}
