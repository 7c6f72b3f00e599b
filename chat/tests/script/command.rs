//! The language's commands, read and written. Users are written `@bob`, conversations by their labels:
//! `alice-bob` for a direct one, the name given at its creation for a group.

use core::fmt;

use chasqui_proto::command::{AckLevel, ReceiptKind};
use chasqui_proto::row::StoreFailure;

use super::options::one_of;
use crate::world::StoreMode;

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cmd {
    /// `open a1 alice 0 [expires 5000]`: a session, its user, its shard; the token's life in ms.
    Open {
        name: String,
        user: String,
        shard: u16,
        expires_ms: Option<u64>,
    },
    /// `close a1`
    Close {
        name: String,
    },
    /// What a session asks: `a1 send ...`
    Ask(String, Ask),
    /// `store answer|hold|unknown|rejected`, `reads ...`: how the store answers from now on.
    Store(StoreMode),
    Reads(StoreMode),
    /// `mesh stop|go`: whether shards hear one another.
    Mesh(bool),
    /// `commit 2 [unknown|rejected]`: the oldest held requests are carried out, or are said to have failed.
    Commit(usize, StoreMode),
    /// `pass 500`: time, in ms.
    Pass(u64),
    /// The process dies; another starts over what was committed.
    Crash,
    Drain,
    /// `lose alice-bob 4`: a message's row is gone.
    Lose(String, u64),
    /// `quiet yes|no`: whether a drain could go on.
    Quiet(bool),
    /// `live 1`: conversations in memory, of all shards.
    Live(usize),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ask {
    /// `send @bob|alice-bob 1 [durable] [resend] [bytes 70000]`: with client id 1, and it as request id.
    Send { to: String, n: u32, ack: AckLevel, resend: bool, bytes: Option<usize> },
    /// `flood alice-bob 1 300 accepted [resend]`: sends 1 to 300 at once.
    Flood { to: String, first: u32, last: u32, ack: AckLevel, resend: bool },
    /// `create team bob carol u1..u300 [bytes 257]`: the bytes are the title's.
    Create { group: String, members: Vec<String>, bytes: Option<usize> },
    /// `add team dave`
    Add { group: String, user: String },
    /// `read alice-bob 3`, `delivered alice-bob 3`
    Mark { conv: String, seq: u64, kind: ReceiptKind },
    /// `typing alice-bob on`
    Typing { conv: String, on: bool },
    /// `sync alice-bob 3 team 0 [next|next <text>|unknown 5]`: cursors; the page after the last; unheard-of ones.
    Sync { cursors: Vec<(String, u64)>, next: Option<String>, unknown: usize },
    /// `authenticate`
    Authenticate,
}

struct Words<'a>(std::iter::Peekable<std::str::SplitWhitespace<'a>>);

type Parsed<T> = Result<T, String>;

impl<'a> Words<'a> {
    fn text(&mut self) -> Parsed<String> {
        self.0.next().map(str::to_owned).ok_or("a word is missing".into())
    }
    fn number<T: std::str::FromStr>(&mut self) -> Parsed<T> {
        let word = self.text()?;
        word.parse().map_err(|_| format!("{word} is not a number"))
    }
    fn flag(&mut self, name: &str) -> bool {
        self.0.next_if(|word| *word == name).is_some()
    }
    fn option<T: std::str::FromStr>(&mut self, name: &str) -> Parsed<Option<T>> {
        if self.flag(name) { self.number().map(Some) } else { Ok(None) }
    }
    fn one_of<T: Copy>(&mut self, table: &[(&str, T)]) -> Parsed<T> {
        one_of(&self.text()?, table)
    }
    /// An optional word of a table.
    fn maybe<T: Copy>(&mut self, table: &[(&str, T)], default: T) -> T {
        let found = self.0.peek().and_then(|word| one_of(word, table).ok());
        found.inspect(|_| _ = self.0.next()).unwrap_or(default)
    }
}

pub const LEVELS: &[(&str, AckLevel)] = &[
    ("accepted", AckLevel::Accepted),
    ("durable", AckLevel::Durable),
    ("delivered", AckLevel::Delivered),
    ("read", AckLevel::Read),
];
const MODES: &[(&str, StoreMode)] = &[
    ("answer", StoreMode::Answer),
    ("hold", StoreMode::Hold),
    ("unknown", StoreMode::Fail(StoreFailure::Unknown)),
    ("rejected", StoreMode::Fail(StoreFailure::Rejected)),
];
const ON: &[(&str, bool)] = &[("on", true), ("off", false)];
const GO: &[(&str, bool)] = &[("go", true), ("stop", false)];
const YES: &[(&str, bool)] = &[("yes", true), ("no", false)];

impl Cmd {
    pub fn parse(line: &str) -> Parsed<Self> {
        let mut words = Words(line.split_whitespace().peekable());
        let first = words.text()?;
        let cmd = match first.as_str() {
            "open" => Self::Open {
                name: words.text()?,
                user: words.text()?,
                shard: words.number()?,
                expires_ms: words.option("expires")?,
            },
            "close" => Self::Close { name: words.text()? },
            "store" => Self::Store(words.one_of(MODES)?),
            "reads" => Self::Reads(words.one_of(MODES)?),
            "mesh" => Self::Mesh(words.one_of(GO)?),
            "commit" => Self::Commit(words.number()?, words.maybe(MODES, StoreMode::Answer)),
            "pass" => Self::Pass(words.number()?),
            "crash" => Self::Crash,
            "drain" => Self::Drain,
            "lose" => Self::Lose(words.text()?, words.number()?),
            "quiet" => Self::Quiet(words.one_of(YES)?),
            "live" => Self::Live(words.number()?),
            _ => Self::Ask(first, Ask::parse(&mut words)?),
        };
        words.0.next().map_or(Ok(cmd), |word| Err(format!("{word} is too much")))
    }
}

impl Ask {
    fn parse(words: &mut Words<'_>) -> Parsed<Self> {
        let verb = words.text()?;
        Ok(match verb.as_str() {
            "send" => Self::Send {
                to: words.text()?,
                n: words.number()?,
                ack: words.maybe(LEVELS, AckLevel::Durable),
                resend: words.flag("resend"),
                bytes: words.option("bytes")?,
            },
            "flood" => Self::Flood {
                to: words.text()?,
                first: words.number()?,
                last: words.number()?,
                ack: words.one_of(LEVELS)?,
                resend: words.flag("resend"),
            },
            "create" => Self::create(words)?,
            "add" => Self::Add { group: words.text()?, user: words.text()? },
            "read" => Self::Mark { conv: words.text()?, seq: words.number()?, kind: ReceiptKind::Read },
            "delivered" => Self::Mark { conv: words.text()?, seq: words.number()?, kind: ReceiptKind::Delivered },
            "typing" => Self::Typing { conv: words.text()?, on: words.one_of(ON)? },
            "sync" => Self::sync(words)?,
            "authenticate" => Self::Authenticate,
            other => return Err(format!("{other} is no command")),
        })
    }

    fn create(words: &mut Words<'_>) -> Parsed<Self> {
        let group = words.text()?;
        let (mut members, mut bytes) = (Vec::new(), None);
        while words.0.peek().is_some() {
            bytes = words.option("bytes")?;
            if bytes.is_none() {
                members.extend(users(&words.text()?));
            }
        }
        Ok(Self::Create { group, members, bytes })
    }

    fn sync(words: &mut Words<'_>) -> Parsed<Self> {
        let (mut cursors, mut next, mut unknown) = (Vec::new(), None, 0);
        while let Some(word) = words.0.next() {
            match word {
                "next" => next = Some(words.0.next().unwrap_or_default().to_owned()),
                "unknown" => unknown = words.number()?,
                conv => cursors.push((conv.to_owned(), words.number()?)),
            }
        }
        Ok(Self::Sync { cursors, next, unknown })
    }
}

/// `u1..u3` is u1, u2 and u3.
fn users(word: &str) -> Vec<String> {
    let range = word.split_once("..").and_then(|(a, b)| Some((a.strip_prefix('u')?, b.strip_prefix('u')?)));
    match range.and_then(|(a, b)| Some((a.parse::<u32>().ok()?, b.parse::<u32>().ok()?))) {
        Some((a, b)) => (a..=b).map(|i| format!("u{i}")).collect(),
        None => vec![word.to_owned()],
    }
}

fn name<T: Copy + PartialEq>(table: &[(&'static str, T)], value: T) -> &'static str {
    table.iter().find(|(_, v)| *v == value).map_or("", |(name, _)| name)
}

fn option(name: &str, value: Option<impl fmt::Display>) -> String {
    value.map_or(String::new(), |value| format!(" {name} {value}"))
}

impl fmt::Display for Cmd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { name, user, shard, expires_ms } => {
                write!(f, "open {name} {user} {shard}{}", option("expires", *expires_ms))
            }
            Self::Close { name } => write!(f, "close {name}"),
            Self::Ask(session, ask) => write!(f, "{session} {ask}"),
            Self::Store(mode) => write!(f, "store {}", name(MODES, *mode)),
            Self::Reads(mode) => write!(f, "reads {}", name(MODES, *mode)),
            Self::Mesh(go) => write!(f, "mesh {}", name(GO, *go)),
            Self::Commit(n, mode) => write!(f, "commit {n} {}", name(MODES, *mode)),
            Self::Pass(ms) => write!(f, "pass {ms}"),
            Self::Crash => write!(f, "crash"),
            Self::Drain => write!(f, "drain"),
            Self::Lose(conv, seq) => write!(f, "lose {conv} {seq}"),
            Self::Quiet(yes) => write!(f, "quiet {}", name(YES, *yes)),
            Self::Live(n) => write!(f, "live {n}"),
        }
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send { to, n, ack, resend, bytes } => {
                let resend = if *resend { " resend" } else { "" };
                write!(f, "send {to} {n} {}{resend}{}", name(LEVELS, *ack), option("bytes", *bytes))
            }
            Self::Flood { to, first, last, ack, resend } => {
                let resend = if *resend { " resend" } else { "" };
                write!(f, "flood {to} {first} {last} {}{resend}", name(LEVELS, *ack))
            }
            Self::Create { group, members, bytes } => {
                write!(f, "create {group} {}{}", members.join(" "), option("bytes", *bytes))
            }
            Self::Add { group, user } => write!(f, "add {group} {user}"),
            Self::Mark { conv, seq, kind: ReceiptKind::Read } => write!(f, "read {conv} {seq}"),
            Self::Mark { conv, seq, kind: ReceiptKind::Delivered } => write!(f, "delivered {conv} {seq}"),
            Self::Typing { conv, on } => write!(f, "typing {conv} {}", name(ON, *on)),
            Self::Sync { cursors, next, unknown } => {
                let cursors: String = cursors.iter().map(|(conv, seq)| format!(" {conv} {seq}")).collect();
                let unknown = option("unknown", (*unknown > 0).then_some(*unknown));
                write!(f, "sync{cursors}{unknown}{}", option("next", next.as_ref()))
            }
            Self::Authenticate => write!(f, "authenticate"),
        }
    }
}
