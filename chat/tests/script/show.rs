//! Events as lines, with conversations by their labels.

use std::collections::BTreeMap;

use chasqui_proto::event::{Event, Head, Message, SyncConversation};
use chasqui_proto::ids::{ClientId, ConvId, Epoch, UserId};

use crate::world::{direct, user};

/// Labels of conversations; what is not known is spelled out.
#[derive(Default, Clone)]
pub struct Names {
    users: Vec<String>,
    labels: BTreeMap<ConvId, String>,
    groups: BTreeMap<String, (ConvId, ClientId)>,
}

impl Names {
    /// Labels the direct conversations of a user with all those met before.
    pub fn meet(&mut self, name: &str) {
        if self.users.iter().any(|known| known == name) || UserId::new(name).is_none() {
            return;
        }
        self.users.push(name.to_owned());
        for other in &self.users {
            let (a, b) = if name < other.as_str() { (name, other.as_str()) } else { (other.as_str(), name) };
            self.labels.insert(direct(a, b), format!("{a}-{b}"));
        }
    }

    /// The client id with which `creator` makes the group of that label.
    pub fn group(&mut self, creator: &str, label: &str) -> ClientId {
        let number = 1_000_000 + self.groups.len() as u32;
        if let Some((_, client_id)) = self.groups.get(label) {
            return *client_id;
        }
        let client_id = client_id(number);
        let conv = ConvId::group(&user(creator), client_id);
        self.groups.insert(label.to_owned(), (conv, client_id));
        self.labels.insert(conv, label.to_owned());
        client_id
    }

    pub fn conv(&self, label: &str) -> ConvId {
        if let Some((conv, _)) = self.groups.get(label) {
            return *conv;
        }
        match label.split_once('-') {
            Some((a, b)) => direct(a, b),
            None => ConvId::group(&user("nobody"), client_id(label.len() as u32)),
        }
    }

    fn label(&self, conv: ConvId) -> String {
        self.labels.get(&conv).cloned().unwrap_or_else(|| conv.to_string())
    }

    /// An event as a line; a reply begins with its request's id.
    pub fn line(&self, event: &Event) -> String {
        match event {
            Event::Welcome { id, heads, .. } => reply(id, self.list("welcome", heads, |n, h| n.head(h))),
            Event::Ack { id, level, conv, seq, durable_seq, epoch: e, .. } => {
                let level = format!("{level:?}").to_lowercase();
                reply(id, format!("ack {level} {} {seq}/{durable_seq}{}", self.label(*conv), epoch(*e)))
            }
            Event::Message { message, durable_seq } => self.message(message, *durable_seq),
            Event::Receipt { conv, user, kind, seq, .. } => {
                format!("{} {} {seq} by {user}", format!("{kind:?}").to_lowercase(), self.label(*conv))
            }
            Event::ConversationCreated { id, conv, title: _, members } => {
                reply(id, format!("created {}: {}", self.label(*conv), crowd(members)))
            }
            Event::MemberAdded { id, conv, user, by } => {
                reply(id, format!("added {} {user} by {by}", self.label(*conv)))
            }
            Event::Typing { conv, user, on } => {
                format!("typing {} {user} {}", self.label(*conv), if *on { "on" } else { "off" })
            }
            Event::Presence { user, online, .. } => format!("{} {user}", if *online { "online" } else { "offline" }),
            Event::SyncResult { id, conversations, next } => {
                let list = self.list("result", conversations, |n, c| n.piece(c));
                reply(id, format!("{list}{}", if next.is_empty() { "" } else { " next" }))
            }
            Event::Retracted { conv, seq, .. } => format!("retracted {} {seq}", self.label(*conv)),
            Event::Draining { .. } => "draining".to_owned(),
            Event::Error { id, code, retry_after_ms, .. } => {
                let after = if *retry_after_ms > 0 { format!(" after {retry_after_ms}") } else { String::new() };
                reply(id, format!("error {}{after}", code.name()))
            }
        }
    }

    fn list<T>(&self, title: &str, items: &[T], show: impl Fn(&Self, &T) -> String) -> String {
        let mut parts: Vec<String> = items.iter().map(|item| show(self, item)).collect();
        parts.sort();
        if parts.is_empty() { title.to_owned() } else { format!("{title} {}", parts.join("; ")) }
    }

    fn head(&self, head: &Head) -> String {
        let Head { conv, last_seq, durable_seq, epoch: e, read_seq } = head;
        format!("{} {last_seq}/{durable_seq} read {read_seq}{}", self.label(*conv), epoch(*e))
    }

    fn message(&self, message: &Message, durable_seq: u64) -> String {
        let Message { conv, seq, sender, content, .. } = message;
        let content = if content.len() > 40 { format!("{} bytes", content.len()) } else { content.to_string() };
        format!("message {} {seq}/{durable_seq}{} {sender}: {content}", self.label(*conv), epoch(message.epoch))
    }

    fn piece(&self, piece: &SyncConversation) -> String {
        let seqs: Vec<(u64, bool)> = piece.messages.iter().map(|m| (m.seq, m.retracted)).collect();
        let mut line = format!("{} {}/{} [{}]", self.label(piece.conv), piece.last_seq, piece.durable_seq, runs(&seqs));
        line.push_str(if piece.more { " more" } else { "" });
        line.push_str(if piece.recovered { "" } else { " unrecovered" });
        line + &epoch(piece.epoch)
    }
}

fn crowd(members: &[UserId]) -> String {
    let names: Vec<_> = members.iter().map(UserId::as_str).collect();
    if names.len() > 10 { format!("{} members", names.len()) } else { names.join(" ") }
}

/// The n-th client id of a script.
pub fn client_id(n: u32) -> ClientId {
    ClientId(u128::from(n).to_be_bytes())
}

pub fn epoch(epoch: Epoch) -> String {
    if epoch > 1 { format!(" epoch {epoch}") } else { String::new() }
}

fn reply(id: &str, line: String) -> String {
    if id.is_empty() { line } else { format!("{id}: {line}") }
}

/// Seqs with rising ones drawn together, and an x behind those taken back: `1..100 101x 102`.
pub fn runs(seqs: &[(u64, bool)]) -> String {
    let mut parts: Vec<(u64, u64, bool)> = Vec::new();
    for (seq, gone) in seqs {
        match parts.last_mut() {
            Some((_, last, false)) if !gone && *last + 1 == *seq => *last = *seq,
            _ => parts.push((*seq, *seq, *gone)),
        }
    }
    let show = |(first, last, gone): &(u64, u64, bool)| match (first == last, gone) {
        (true, true) => format!("{first}x"),
        (true, false) => first.to_string(),
        (false, _) => format!("{first}..{last}"),
    };
    parts.iter().map(show).collect::<Vec<_>>().join(" ")
}
