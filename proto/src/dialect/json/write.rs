//! The primitives of encoding: straight into the vector, nothing in between.

use super::text::plain_prefix;
use crate::ids::{ClientId, ConvId};

/// An object being written. Every field after the first is preceded by a comma; the first is up to `open`.
pub struct Object<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Object<'a> {
    /// A frame's object, with its `type`.
    pub fn frame(out: &'a mut Vec<u8>, frame_type: &str) -> Self {
        Self::open(out).text("type", frame_type)
    }

    pub fn open(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    pub fn close(self) {
        self.out.push(b'}');
    }

    /// Writes the key and lends the vector for its value.
    pub fn key(&mut self, key: &str) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    pub fn text(mut self, key: &str, value: &str) -> Self {
        text(self.key(key), value);
        self
    }

    pub fn text_unless_empty(self, key: &str, value: &str) -> Self {
        if value.is_empty() { self } else { self.text(key, value) }
    }

    pub fn number(mut self, key: &str, value: u64) -> Self {
        number(self.key(key), value);
        self
    }

    /// A number too large for JavaScript's, as a string.
    pub fn quoted_number(mut self, key: &str, value: u64) -> Self {
        let out = self.key(key);
        out.push(b'"');
        number(out, value);
        out.push(b'"');
        self
    }

    pub fn flag(mut self, key: &str, value: bool) -> Self {
        self.key(key).extend_from_slice(if value { b"true" } else { b"false" });
        self
    }

    pub fn conv(self, id: ConvId) -> Self {
        self.bare("conversationId", id.hyphenated().as_str())
    }

    pub fn client_id(self, id: ClientId) -> Self {
        self.bare("clientId", id.hyphenated().as_str())
    }

    fn bare(mut self, key: &str, value: &str) -> Self {
        bare(self.key(key), value);
        self
    }

    /// A list whose elements `element` writes.
    pub fn list<T>(
        mut self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        element: impl FnMut(&mut Vec<u8>, T),
    ) -> Self {
        list(self.key(key), items, element);
        self
    }
}

fn list<T>(out: &mut Vec<u8>, items: impl IntoIterator<Item = T>, mut element: impl FnMut(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        element(out, item);
    }
    out.push(b']');
}

/// A string that needs no escapes.
pub fn bare(out: &mut Vec<u8>, value: &str) {
    out.push(b'"');
    out.extend_from_slice(value.as_bytes());
    out.push(b'"');
}

pub fn text(out: &mut Vec<u8>, value: &str) {
    out.reserve(value.len() + 2);
    out.push(b'"');
    let mut rest = value.as_bytes();
    loop {
        let (plain, tail) = rest.split_at(plain_prefix(rest));
        out.extend_from_slice(plain);
        let Some((special, tail)) = tail.split_first() else { break };
        escape(out, *special);
        rest = tail;
    }
    out.push(b'"');
}

fn escape(out: &mut Vec<u8>, byte: u8) {
    let letter = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}

/// Digits of the largest u64.
const DIGITS_MAX: usize = 20;

pub fn number(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; DIGITS_MAX];
    let mut at = DIGITS_MAX;
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}
