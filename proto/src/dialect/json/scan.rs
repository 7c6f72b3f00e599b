//! JSON text to values, one level at a time.
//!
//! The text is UTF-8 already. Lists and maps inside a level are checked and skipped; whoever wants them scans their
//! text again. So nothing is stored but the level at hand, and recursion is bounded by `DEPTH_MAX`.

use super::DEPTH_MAX;
use super::text::{Flaw, plain_prefix, walk};
use crate::dialect::scratch::Strings;

/// One value of a level.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value<'a> {
    Text(&'a str),
    Number(u64),
    /// A number that is no u64.
    OtherNumber,
    Bool(bool),
    Null,
    /// With its brackets.
    List(&'a str),
    /// With its braces.
    Map(&'a str),
}

/// A position in a JSON text.
pub struct Scan<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Scan<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// Refuses anything but white space after what was read.
    pub fn end(mut self) -> Result<(), Flaw> {
        self.space();
        if self.at == self.text.len() { Ok(()) } else { Err("something follows the object") }
    }

    /// Reads a map, giving each entry to `each`.
    pub fn map<E: From<Flaw>>(
        &mut self,
        strings: &mut Strings<'a>,
        mut each: impl FnMut(&'a str, Value<'a>, &mut Strings<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.sequence(b'{', b'}', |scan| {
            let key = scan.key(strings)?;
            let value = scan.value(strings)?;
            each(key, value, strings)
        })
    }

    /// Reads a list, giving each element to `each`.
    pub fn list<E: From<Flaw>>(
        &mut self,
        strings: &mut Strings<'a>,
        mut each: impl FnMut(Value<'a>, &mut Strings<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.sequence(b'[', b']', |scan| {
            let value = scan.value(strings)?;
            each(value, strings)
        })
    }

    fn sequence<E: From<Flaw>>(
        &mut self,
        open: u8,
        close: u8,
        mut entry: impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.expect(open)?;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(E::from("it is nested too deeply"));
        }
        let mut more = !self.take(close);
        while more {
            entry(self)?;
            more = self.take(b',');
            if !more {
                self.expect(close)?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn key(&mut self, strings: &mut Strings<'a>) -> Result<&'a str, Flaw> {
        self.expect(b'"')?;
        let key = self.string(strings)?;
        self.expect(b':')?;
        Ok(key)
    }

    fn value(&mut self, strings: &mut Strings<'a>) -> Result<Value<'a>, Flaw> {
        self.space();
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                self.string(strings).map(Value::Text)
            }
            Some(b'{') => self.skipped().map(Value::Map),
            Some(b'[') => self.skipped().map(Value::List),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err("a value is missing"),
        }
    }

    /// The string whose opening quote was read: borrowed, unless it has escapes.
    fn string(&mut self, strings: &mut Strings<'a>) -> Result<&'a str, Flaw> {
        let start = self.at;
        let end = start + plain_prefix(&self.text.as_bytes()[start..]);
        if self.text.as_bytes().get(end) == Some(&b'"') {
            self.at = end + 1;
            return Ok(&self.text[start..end]);
        }
        self.unescaped(strings)
    }

    fn unescaped(&mut self, strings: &mut Strings<'a>) -> Result<&'a str, Flaw> {
        let mut len = 0;
        let room = strings.room();
        self.at = walk(self.text, self.at, |piece| {
            let to = room.get_mut(len..len + piece.len()).ok_or("it holds too many escaped strings")?;
            to.copy_from_slice(piece.as_bytes());
            len += piece.len();
            Ok(())
        })?;
        strings.keep(len).ok_or("it holds too many escaped strings")
    }

    /// Checks a list or map and returns its text.
    fn skipped(&mut self) -> Result<&'a str, Flaw> {
        let start = self.at;
        self.skip()?;
        Ok(&self.text[start..self.at])
    }

    fn skip(&mut self) -> Result<(), Flaw> {
        self.space();
        match self.peek() {
            Some(b'{') => self.sequence(b'{', b'}', |scan| {
                scan.expect(b'"')?;
                scan.skip_string()?;
                scan.expect(b':')?;
                scan.skip()
            }),
            Some(b'[') => self.sequence(b'[', b']', Self::skip),
            Some(b'"') => {
                self.at += 1;
                self.skip_string()
            }
            // What is left has no strings inside.
            _ => self.value(&mut Strings::none()).map(drop),
        }
    }

    fn skip_string(&mut self) -> Result<(), Flaw> {
        self.at = walk(self.text, self.at, |_| Ok(()))?;
        Ok(())
    }

    fn number(&mut self) -> Result<Value<'a>, Flaw> {
        let start = self.at;
        let negative = self.take_here(b'-');
        let whole_start = self.at;
        self.digits()?;
        let whole = &self.text[whole_start..self.at];
        if whole.len() > 1 && whole.starts_with('0') {
            return Err("a number starts with 0");
        }
        if self.take_here(b'.') {
            self.digits()?;
        }
        if self.take_here(b'e') || self.take_here(b'E') {
            let _ = self.take_here(b'+') || self.take_here(b'-');
            self.digits()?;
        }
        let natural = !negative && start + whole.len() == self.at;
        Ok(if natural { whole.parse().map_or(Value::OtherNumber, Value::Number) } else { Value::OtherNumber })
    }

    fn digits(&mut self) -> Result<(), Flaw> {
        let count = self.text.as_bytes()[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count > 0 { Ok(()) } else { Err("a number lacks digits") }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, Flaw> {
        if !self.text[self.at..].starts_with(word) {
            return Err("a value is missing");
        }
        self.at += word.len();
        Ok(value)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn take_here(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn take(&mut self, byte: u8) -> bool {
        self.space();
        self.take_here(byte)
    }

    fn expect(&mut self, byte: u8) -> Result<(), Flaw> {
        if self.take(byte) { Ok(()) } else { Err(flaw_at(byte)) }
    }
}

fn flaw_at(expected: u8) -> Flaw {
    match expected {
        b'{' => "an object is missing",
        b'[' => "a list is missing",
        b'"' => "a key is missing",
        b':' => "a colon is missing",
        b'}' => "an object has no end",
        _ => "a list has no end",
    }
}
