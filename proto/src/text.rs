//! The text of a message: shared by all who read it, and written anew once nobody does.

use core::fmt;
use core::ops::Deref;
use std::sync::Arc;

/// Cheap to clone. Unlike `Arc<str>`, its memory can be used for another text ([`Text::refill`]), so that a steady
/// flow of messages asks the allocator for nothing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text(Arc<String>);

impl Text {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The bytes it may hold without growing; `None` while it is shared.
    pub fn spare(&mut self) -> Option<usize> {
        Arc::get_mut(&mut self.0).map(|text| text.capacity())
    }

    /// Takes another text's place. False, and nothing is changed, while it is shared.
    pub fn refill(&mut self, text: &str) -> bool {
        let Some(own) = Arc::get_mut(&mut self.0) else { return false };
        own.clear();
        own.push_str(text);
        true
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Arc::new(text.to_owned()))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Arc::new(text))
    }
}

impl From<&Arc<str>> for Text {
    fn from(text: &Arc<str>) -> Self {
        Self::from(&**text)
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_else_reads_is_written_anew() {
        let mut text = Text::from("a longer text");
        let reader = text.clone();
        assert!(!text.refill("other"));
        assert_eq!((text.spare(), &*reader), (None, "a longer text"));
        drop(reader);
        assert!(text.spare().is_some_and(|spare| spare >= 13));
        assert!(text.refill("other"));
        assert_eq!(text, "other");
    }
}
