//! The task that reads one connection for as long as it lasts.

use chasqui_client::raw::Receiver;
use chasqui_proto::event::Event;

use super::booking::Books;
use super::prepare::OPENING_ID;
use super::{Habit, Notice};

/// Reads until the connection ends.
pub(super) async fn run(mut receiver: Receiver, mut books: Books) {
    loop {
        while books.habit == Habit::Stalls && books.hub.is_loaded() {
            books.hub.stalled.notified().await;
        }
        match receiver.next().await {
            Ok(event) => take(&mut books, event),
            Err(closed) => return books.ended(&closed),
        }
    }
}

/// The same on a server without chat.
pub(super) async fn run_on_floor(mut receiver: Receiver, mut books: Books) {
    loop {
        match receiver.next_payload().await {
            Ok(payload) => books.payload(&payload),
            Err(closed) => return books.ended(&closed),
        }
    }
}

fn take(books: &mut Books, event: Event) {
    match event {
        Event::Message { message, .. } => books.message(&message),
        Event::Ack { id, conv, .. } if id == OPENING_ID => books.notify(Notice::Ready(conv)),
        Event::Ack { id, .. } => books.acked(&id),
        Event::ConversationCreated { id, conv, .. } => {
            books.notify(if id == OPENING_ID { Notice::Ready(conv) } else { Notice::Joined(conv) });
        }
        Event::Error { id, code, .. } if id != OPENING_ID => books.refused(&id, code.name()),
        Event::Error { code, .. } => books.notify(Notice::Refused { name: code.name(), retry: code.retry() }),
        Event::Welcome { .. } => books.notify(Notice::Welcome),
        Event::Typing { on, .. } => books.typed(on),
        Event::Receipt { .. }
        | Event::MemberAdded { .. }
        | Event::Presence { .. }
        | Event::SyncResult { .. }
        | Event::Retracted { .. }
        | Event::Draining { .. } => {}
    }
}
