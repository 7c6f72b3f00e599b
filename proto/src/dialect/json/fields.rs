//! One object's fields by name.
//!
//! All of them are read before any is interpreted: the order is free, a duplicate is seen, and the request id is
//! known when another field turns out to be wrong.

use super::FIELDS_MAX;
use super::scan::{Scan, Value};
use crate::dialect::DecodeError;
use crate::dialect::scratch::Strings;
use crate::ids::{ClientId, ConvId};

type Read<T> = Result<T, DecodeError>;

impl From<&'static str> for DecodeError {
    fn from(flaw: &'static str) -> Self {
        Self::malformed(flaw)
    }
}

pub struct Fields<'a> {
    slots: [(&'a str, Value<'a>); FIELDS_MAX],
    len: usize,
}

impl<'a> Fields<'a> {
    /// The whole frame, which is one object and nothing else.
    pub fn of_frame(text: &'a str, strings: &mut Strings<'a>) -> Read<Self> {
        let mut scan = Scan::new(text);
        let fields = Self::scan(&mut scan, strings)?;
        scan.end()?;
        Ok(fields)
    }

    /// An object inside a field.
    pub fn of_value(value: Value<'a>, field: &'static str, strings: &mut Strings<'a>) -> Read<Self> {
        match value {
            Value::Map(text) => Self::scan(&mut Scan::new(text), strings),
            _ => Err(DecodeError::invalid(field)),
        }
    }

    fn scan(scan: &mut Scan<'a>, strings: &mut Strings<'a>) -> Read<Self> {
        let mut fields = Self { slots: [("", Value::Null); FIELDS_MAX], len: 0 };
        scan.map(strings, |key, value, _| fields.insert(key, value))?;
        Ok(fields)
    }

    fn insert(&mut self, key: &'a str, value: Value<'a>) -> Read<()> {
        if self.find(key).is_some() {
            return Err(DecodeError::malformed("a key is there twice"));
        }
        let slot = self.slots.get_mut(self.len).ok_or(DecodeError::malformed("it has too many fields"))?;
        *slot = (key, value);
        self.len += 1;
        Ok(())
    }

    fn find(&self, name: &str) -> Option<Value<'a>> {
        self.slots[..self.len].iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    /// A field that may be left out; null says the same.
    pub fn optional(&self, name: &str) -> Option<Value<'a>> {
        self.find(name).filter(|value| *value != Value::Null)
    }

    pub fn text_if_any(&self, name: &'static str) -> Read<Option<&'a str>> {
        match self.optional(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(DecodeError::invalid(name)),
        }
    }

    pub fn text_or_empty(&self, name: &'static str) -> Read<&'a str> {
        self.text_if_any(name).map(Option::unwrap_or_default)
    }

    pub fn text(&self, name: &'static str) -> Read<&'a str> {
        self.text_if_any(name)?.ok_or(DecodeError::invalid(name))
    }

    pub fn number_if_any(&self, name: &'static str) -> Read<Option<u64>> {
        match self.optional(name) {
            None => Ok(None),
            Some(value) => number(value, name).map(Some),
        }
    }

    pub fn number(&self, name: &'static str) -> Read<u64> {
        self.number_if_any(name)?.ok_or(DecodeError::invalid(name))
    }

    pub fn flag_or(&self, name: &'static str, default: bool) -> Read<bool> {
        match self.optional(name) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(DecodeError::invalid(name)),
        }
    }

    pub fn conv(&self) -> Read<ConvId> {
        const NAME: &str = "conversationId";
        ConvId::parse(self.text(NAME)?).ok_or(DecodeError::invalid(NAME))
    }

    pub fn client_id(&self) -> Read<ClientId> {
        const NAME: &str = "clientId";
        ClientId::parse(self.text(NAME)?).ok_or(DecodeError::invalid(NAME))
    }

    /// Gives each element of a list to `each`. A list that is left out has none.
    pub fn each(
        &self,
        name: &'static str,
        strings: &mut Strings<'a>,
        each: impl FnMut(Value<'a>, &mut Strings<'a>) -> Read<()>,
    ) -> Read<()> {
        match self.optional(name) {
            None => Ok(()),
            Some(Value::List(text)) => Scan::new(text).list(strings, each),
            Some(_) => Err(DecodeError::invalid(name)),
        }
    }

    /// Gives each entry of a map to `each`. A map that is left out has none.
    pub fn entries(
        &self,
        name: &'static str,
        strings: &mut Strings<'a>,
        each: impl FnMut(&'a str, Value<'a>, &mut Strings<'a>) -> Read<()>,
    ) -> Read<()> {
        match self.optional(name) {
            None => Ok(()),
            Some(Value::Map(text)) => Scan::new(text).map(strings, each),
            Some(_) => Err(DecodeError::invalid(name)),
        }
    }
}

pub fn number(value: Value<'_>, field: &'static str) -> Read<u64> {
    match value {
        Value::Number(number) => Ok(number),
        _ => Err(DecodeError::invalid(field)),
    }
}

pub fn text<'a>(value: Value<'a>, field: &'static str) -> Read<&'a str> {
    match value {
        Value::Text(text) => Ok(text),
        _ => Err(DecodeError::invalid(field)),
    }
}

/// The frame's text. WebSocket has checked it already; streams have not.
pub fn utf8(payload: &[u8]) -> Read<&str> {
    simdutf8::basic::from_utf8(payload).map_err(|_| DecodeError::malformed("it is not UTF-8"))
}
