//! What sessions should be told, compared with what they are.

use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub struct Expected {
    pub session: String,
    /// Of this many lines...
    pub count: Option<usize>,
    /// ...a part; of a single one, the whole.
    pub text: String,
}

impl Expected {
    /// `a1 < text`, `a1 < 20 of text`
    pub fn parse(line: &str) -> Option<Self> {
        let (session, text) = line.split_once(" < ")?;
        let many = text.split_once(" of ").and_then(|(n, text)| Some((n.parse().ok()?, text)));
        let (count, text) = many.map_or((None, text), |(n, text)| (Some(n), text));
        Some(Self { session: session.trim().to_owned(), count, text: text.trim().to_owned() })
    }

    fn takes(&self, line: &str) -> bool {
        if self.count.is_some() { line.contains(&self.text) } else { line == self.text }
    }

    /// Takes its lines out of what was told, of those in order the first that is left.
    fn take(&self, told: &mut Vec<String>) -> bool {
        (0..self.count.unwrap_or(1)).all(|_| {
            let Some(at) = told.iter().position(|line| self.takes(line)) else {
                return false;
            };
            let line = told.remove(at);
            let lane = lane(&line);
            lane.is_none() || told[..at].iter().all(|former| self::lane(former) != lane)
        })
    }
}

/// Lines of one lane come in order, that is a promise: the messages of a conversation, and its acks at a level
/// that waits for nobody.
fn lane(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split(' ');
    match (words.next()?, words.next()?, words.next()?) {
        ("message" | "retracted", conv, _) => Some(("", conv)),
        (_, "ack", level @ ("accepted" | "durable")) => Some((level, words.next()?)),
        _ => None,
    }
}

/// Whether exactly this was told; lines written in another order than told are forgiven where none was promised.
pub fn matches(expected: &[Expected], mut told: BTreeMap<String, Vec<String>>) -> bool {
    let all = expected.iter().all(|e| told.get_mut(&e.session).is_some_and(|lines| e.take(lines)));
    all && told.values().all(Vec::is_empty)
}
