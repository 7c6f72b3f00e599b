//! What each message carries in its content: who sent it, which one it is, and when it was due.
//!
//! The text is plain ASCII that no dialect needs to escape: three hexadecimal numbers of fixed width, then padding up
//! to the size asked for.

use chasqui_proto::ids::ClientId;

use crate::clock::Nanos;

/// The least content that holds a stamp.
pub const STAMP_BYTES: usize = MARK.len() + 8 + 1 + 12 + 1 + 16;
const MARK: &str = "lt:";
const PADDING: u8 = b'.';

/// One message of one sender.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamp {
    /// The sender's number among the senders of the run.
    pub sender: u32,
    /// From 0, without gaps.
    pub counter: u64,
    pub due: Nanos,
}

impl Stamp {
    /// Reads a stamp back; None for any other text.
    pub fn parse(content: &str) -> Option<Self> {
        let fields = content.strip_prefix(MARK)?.get(..STAMP_BYTES - MARK.len())?;
        let mut fields = fields.split(' ').map(|field| u64::from_str_radix(field, 16).ok());
        let (sender, counter, due) = (fields.next()??, fields.next()??, fields.next()??);
        Some(Self { sender: u32::try_from(sender).ok()?, counter, due })
    }
}

/// Writes contents of one size, reusing the text.
#[derive(Debug)]
pub struct Content {
    bytes: Vec<u8>,
}

impl Content {
    /// Contents of `size` bytes, or of [`STAMP_BYTES`] if that is more.
    pub fn new(size: usize) -> Self {
        Self { bytes: vec![PADDING; size.max(STAMP_BYTES)] }
    }

    pub fn stamped(&mut self, stamp: Stamp) -> &str {
        use std::io::Write;
        let Stamp { sender, counter, due } = stamp;
        let mut head = &mut self.bytes[..STAMP_BYTES];
        write!(head, "{MARK}{sender:08x} {counter:012x} {due:016x}").expect("the stamp fits its fixed width");
        std::str::from_utf8(&self.bytes).expect("stamp and padding are ASCII")
    }
}

/// The client id of a message: a UUID of version 8, the same whenever that message is sent again.
pub fn client_id(run: u64, sender: u32, counter: u64) -> ClientId {
    let mut id = [0; 16];
    id[..6].copy_from_slice(&run.to_be_bytes()[2..]);
    id[6] = 0x80;
    id[8] = 0x80;
    id[7] = (sender >> 16) as u8;
    id[9..11].copy_from_slice(&(sender as u16).to_be_bytes());
    id[11..].copy_from_slice(&counter.to_be_bytes()[3..]);
    ClientId(id)
}

/// The client id of what brings a sender into its conversation: a greeting or a group. Load counts from 0.
pub fn opening_client_id(run: u64, sender: u32) -> ClientId {
    client_id(run, sender, u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_survives_the_way_and_the_size_is_kept() {
        let mut content = Content::new(128);
        for stamp in
            [Stamp { sender: 0, counter: 0, due: 0 }, Stamp { sender: u32::MAX, counter: (1 << 48) - 1, due: u64::MAX }]
        {
            let text = content.stamped(stamp);
            assert_eq!(text.len(), 128);
            assert_eq!(Stamp::parse(text), Some(stamp));
        }
    }

    #[test]
    fn a_small_size_still_holds_the_stamp() {
        let stamp = Stamp { sender: 1, counter: 2, due: 3 };
        assert_eq!(Stamp::parse(Content::new(0).stamped(stamp)), Some(stamp));
    }

    #[test]
    fn client_ids_tell_messages_apart() {
        let ids = [(1, 0, 0), (1, 0, 1), (1, 1, 0), (2, 0, 0), (1, 1 << 16, 0), (1, 0, u64::MAX)];
        let distinct: std::collections::BTreeSet<_> = ids.iter().map(|(run, s, c)| client_id(*run, *s, *c)).collect();
        assert_eq!(distinct.len(), ids.len());
        assert_eq!(client_id(1, 2, 3).to_string().as_bytes()[14], b'8');
    }

    #[test]
    fn other_texts_are_no_stamps() {
        for text in
            ["", "hello", "lt:", "lt:00000001 000000000002 00000000000000", "lt:zzzzzzzz 000000000002 0000000000000003"]
        {
            assert_eq!(Stamp::parse(text), None, "{text}");
        }
    }
}
