//! Memory of forgotten messages, for the texts of those to come.
//!
//! In steady state every message that comes pushes one out of its conversation's memory, so none asks the allocator.
//! Limits: `POOLED_TEXTS_MAX` of at most `POOLED_TEXT_BYTES_MAX` each.

use chasqui_proto::text::Text;

use crate::limits::{POOLED_TEXT_BYTES_MAX, POOLED_TEXTS_MAX};

/// A text is not put where more than this many times its size would be kept with it.
const SLACK_MAX: usize = 4;

#[derive(Default)]
pub struct Texts {
    free: Vec<Text>,
}

impl Texts {
    pub fn make(&mut self, text: &str) -> Text {
        let fits = |spare: usize| spare >= text.len() && spare <= SLACK_MAX * text.len();
        if let Some(mut free) = self.free.pop()
            && free.spare().is_some_and(fits)
            && free.refill(text)
        {
            return free;
        }
        Text::from(text)
    }

    /// A message is forgotten; others may still read it, and then there is nothing to keep.
    pub fn give(&mut self, mut text: Text) {
        if self.free.len() < POOLED_TEXTS_MAX && text.spare().is_some_and(|spare| spare <= POOLED_TEXT_BYTES_MAX) {
            self.free.push(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_goes_where_it_fits_and_nobody_reads() {
        let mut texts = Texts::default();
        let (read, small) = (Text::from("some text"), Text::from("s"));
        texts.give(read.clone());
        texts.give("x".repeat(POOLED_TEXT_BYTES_MAX + 1).into());
        assert!(texts.free.is_empty());
        texts.give(small);
        assert_eq!(texts.make("too large for it"), "too large for it");
        texts.give(read);
        let at = texts.free[0].as_ptr();
        assert_eq!(texts.make("any text").as_ptr(), at);
        texts.give("x".repeat(500).into());
        assert_eq!(texts.make("y"), "y", "a letter does not keep 500 bytes");
    }
}
