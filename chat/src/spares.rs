//! Memory of forgotten messages, for those to come.
//!
//! A message's memory is one shared block and its text's. It is taken where a command's text is copied, at the session,
//! and goes with the send to the conversation's home, which gives the message its place. Where they are one shard, every message
//! that comes pushes in steady state one out of its conversation's memory, and none asks the allocator. Limits: `SPARE_MESSAGES_MAX`,
//! each with room for at most `SPARE_TEXT_BYTES_MAX` of text.

use std::sync::Arc;

use chasqui_proto::event::Message;
use chasqui_proto::ids::{ClientId, ConvId, MsgId, UserId};

use crate::fetch;
use crate::limits::{SPARE_MESSAGES_MAX, SPARE_TEXT_BYTES_MAX};

/// A text is not put where more than this many times its size would be kept with it.
const SLACK_MAX: usize = 4;

/// What its sender says of a message. Its place is not known yet: seq, message id, epoch and time mean nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft(Arc<Message>);

impl Draft {
    pub fn client_id(&self) -> ClientId {
        self.0.client_id
    }

    /// The message, with what `place` sets.
    pub fn finish(mut self, place: impl FnOnce(&mut Message)) -> Arc<Message> {
        place(Arc::make_mut(&mut self.0));
        self.0
    }
}

/// The last one left is used first, being still in the processor's cache.
#[derive(Default)]
pub struct Spares {
    free: Vec<Arc<Message>>,
}

impl Spares {
    pub fn draft(&mut self, conv: ConvId, sender: &UserId, client_id: ClientId, text: &str) -> Draft {
        if let Some(mut spare) = self.free.pop()
            && let Some(message) = Arc::get_mut(&mut spare)
        {
            (message.conv, message.client_id, message.retracted) = (conv, client_id, false);
            message.sender.clone_from(sender);
            write(&mut message.content, text);
            return Draft(spare);
        }
        Draft(Arc::new(new(conv, sender, client_id, text)))
    }

    /// A message is forgotten; others may still read it, and then there is nothing to keep.
    pub fn give(&mut self, message: Arc<Message>) {
        let fits = message.content.capacity() <= SPARE_TEXT_BYTES_MAX;
        // Only counted here, which costs nothing; whoever takes it makes sure.
        if fits && self.free.len() < SPARE_MESSAGES_MAX && Arc::strong_count(&message) == 1 {
            fetch::text(&message);
            self.free.push(message);
        }
    }
}

fn new(conv: ConvId, sender: &UserId, client_id: ClientId, text: &str) -> Message {
    let (sender, content) = (sender.clone(), text.to_owned());
    Message { conv, msg_id: MsgId(0), seq: 0, epoch: 0, sender, client_id, content, at: 0, retracted: false }
}

fn write(content: &mut String, text: &str) {
    let spare = content.capacity();
    if spare < text.len() || spare > SLACK_MAX * text.len() {
        *content = text.to_owned();
    } else {
        content.clear();
        content.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(spares: &mut Spares, text: &str) -> Arc<Message> {
        let (alice, bob) = (UserId::new("alice").unwrap(), UserId::new("bob").unwrap());
        spares.draft(ConvId::direct(&alice, &bob), &alice, ClientId([7; 16]), text).finish(|message| message.seq = 1)
    }

    #[test]
    fn a_message_goes_where_it_fits_and_nobody_reads() {
        let mut spares = Spares::default();
        let read = draft(&mut spares, "some text");
        spares.give(read.clone());
        let large = draft(&mut spares, &"x".repeat(SPARE_TEXT_BYTES_MAX + 1));
        spares.give(large);
        assert!(spares.free.is_empty());
        let (block, text) = (Arc::as_ptr(&read), read.content.as_ptr());
        spares.give(read);
        let again = draft(&mut spares, "any text");
        assert_eq!((&*again.content, Arc::as_ptr(&again), again.content.as_ptr()), ("any text", block, text));
        spares.give(again);
        let longer = draft(&mut spares, "too large for it");
        assert_eq!((&*longer.content, Arc::as_ptr(&longer)), ("too large for it", block));
    }

    #[test]
    fn a_letter_does_not_keep_500_bytes_and_a_message_taken_back_leaves_no_trace() {
        let mut spares = Spares::default();
        let long = draft(&mut spares, &"x".repeat(500));
        spares.give(Draft(long).finish(|message| message.retracted = true));
        let letter = draft(&mut spares, "y");
        assert_eq!((&*letter.content, letter.retracted), ("y", false));
        assert!(letter.content.capacity() < 500);
    }
}
