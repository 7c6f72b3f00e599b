//! An event as one short line, for tests that look at one conversation.

use chasqui_proto::event::{Event, SyncConversation};

pub fn line(event: &Event) -> String {
    match event {
        Event::Welcome { heads, .. } => {
            let heads: Vec<_> =
                heads.iter().map(|h| format!("{}/{}r{}", h.last_seq, h.durable_seq, h.read_seq)).collect();
            format!("welcome [{}]", heads.join(" "))
        }
        Event::Ack { id, level, seq, durable_seq, .. } => format!("ack {id} {level:?} seq {seq} durable {durable_seq}"),
        Event::Message { message: m, .. } => {
            format!("message {} from {}: {}", m.seq, m.sender, m.content)
        }
        Event::Receipt { user, kind, seq, .. } => format!("{kind:?} by {user} up to {seq}"),
        Event::ConversationCreated { id, title, members, .. } => format!("created {id} {title} {members:?}"),
        Event::MemberAdded { id, user, by, .. } => format!("added {id} {user} by {by}"),
        Event::Typing { user, on, .. } => format!("typing {user} {on}"),
        Event::Presence { user, online, .. } => {
            format!("{user} {}", if *online { "online" } else { "offline" })
        }
        Event::SyncResult { conversations, next, .. } => {
            let part = |c: &SyncConversation| {
                let seqs: Vec<_> =
                    c.messages.iter().map(|m| format!("{}{}", m.seq, if m.retracted { "x" } else { "" })).collect();
                format!(
                    "{}/{} more={} recovered={} [{}]",
                    c.last_seq,
                    c.durable_seq,
                    c.more,
                    c.recovered,
                    seqs.join(" ")
                )
            };
            let parts: Vec<_> = conversations.iter().map(part).collect();
            format!("sync {}{}", parts.join(" "), if next.is_empty() { "" } else { " next" })
        }
        Event::Retracted { seq, .. } => format!("retracted {seq}"),
        Event::Draining { .. } => "draining".into(),
        Event::Error { id, code, .. } => format!("error {id} {}", code.name()),
    }
}
