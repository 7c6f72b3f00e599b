//! Scripts as tables: what comes in (`<`), what must come out (`>` commands, `!` notices), what must then hold (`?`).
//!
//! ```text
//! < welcome A                       an event, or one of: gone, send, read, delivered
//! @ 5000                            milliseconds pass, then a tick
//! > sync s1 A=0                     exactly these commands ..
//! ! new A 1 m1                      .. and notices, in this order
//! ? cursor A 1
//! ```
//! Conversations are single letters, users names, `m1` a message id, `c1` a client id. The client is alice.

use std::collections::BTreeMap;
use std::sync::Arc;

use chasqui_client_rules::{Config, Input, Notice, Output, OwnedCommand, OwnedTarget, Rules, SendFailure};
use chasqui_proto::codes::ErrorCode;
use chasqui_proto::command::{AckLevel, ReceiptKind};
use chasqui_proto::event::{Event, Head, Limits, Message, SyncConversation};
use chasqui_proto::ids::{ClientId, ConvId, MsgId, SessionId, UserId};

pub fn run(script: &str) {
    run_with(Config::default(), script);
}

pub fn run_with(config: Config, script: &str) {
    let mut rules = Rules::new(config);
    let mut now = 1_000;
    let mut lines = script.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).peekable();
    while let Some(line) = lines.next() {
        let (mark, rest) = line.split_at(1);
        let words = Words::of(rest);
        match mark {
            "<" => input(&mut rules, now, &words),
            "@" => {
                now += words.at(0).parse::<u64>().unwrap();
                rules.handle(now, Input::Tick);
            }
            "?" => question(&rules, now, &words, line),
            _ => panic!("expected nothing more, but the script says: {line}"),
        }
        rules.check();
        while let Some(output) = rules.poll() {
            let got = show(&output);
            let wanted = lines.next_if(|l| l.starts_with(['>', '!'])).unwrap_or("nothing");
            assert_eq!(got, wanted, "after: {line}");
        }
        if let Some(missing) = lines.next_if(|l| l.starts_with(['>', '!'])) {
            panic!("after: {line}\nmissing: {missing}");
        }
    }
}

/// Plain words, and `key=value` options.
struct Words<'a> {
    plain: Vec<&'a str>,
    options: BTreeMap<&'a str, &'a str>,
}

impl<'a> Words<'a> {
    fn of(text: &'a str) -> Self {
        let (options, plain) = text.split_whitespace().partition::<Vec<_>, _>(|w| w.contains('='));
        Self { plain, options: options.into_iter().map(|w| w.split_once('=').unwrap()).collect() }
    }
    fn at(&self, i: usize) -> &'a str {
        self.plain[i]
    }
    fn has(&self, word: &str) -> bool {
        self.plain.contains(&word)
    }
    fn num(&self, key: &str, default: u64) -> u64 {
        self.options.get(key).map_or(default, |v| v.parse().unwrap())
    }
    fn text(&self, key: &str, default: &'a str) -> &'a str {
        self.options.get(key).copied().unwrap_or(default)
    }
}

fn input(rules: &mut Rules, now: u64, words: &Words<'_>) {
    match words.at(0) {
        "gone" => rules.handle(now, Input::Disconnected),
        "send" => {
            let target = match words.at(2).strip_prefix('@') {
                Some(user) => OwnedTarget::User(UserId::new(user).unwrap()),
                None => OwnedTarget::Conversation(conv(words.at(2))),
            };
            let content: Arc<str> = "x".repeat(words.num("bytes", 2) as usize).into();
            let client_id = client(words.at(1));
            rules.handle(now, Input::Send { client_id, target, content, ack: level(words) });
        }
        kind @ ("read" | "delivered") => {
            let kind = if kind == "read" { ReceiptKind::Read } else { ReceiptKind::Delivered };
            let seq = words.at(2).parse().unwrap();
            rules.handle(now, Input::Mark { conv: conv(words.at(1)), seq, kind });
        }
        _ => rules.handle(now, Input::Event(&event(words))),
    }
}

fn event(words: &Words<'_>) -> Event {
    let (d, e) = (words.num("d", 0), words.num("e", 1));
    let seq_at = |i: usize| words.at(i).parse().unwrap();
    match words.at(0) {
        "welcome" => {
            let head = |c: &&str| Head {
                conv: conv(c),
                last_seq: words.num("last", d),
                durable_seq: d,
                epoch: e,
                read_seq: 0,
            };
            let limits = Limits { max_frame_bytes: 65_536, sends_per_second: 10, burst: 20 };
            let heads = words.plain[1..].iter().map(head).collect();
            Event::Welcome { id: "".into(), user: UserId::new("alice").unwrap(), session: SessionId(1), heads, limits }
        }
        "msg" => {
            let body =
                format!("{}:{}:{}:{}", words.at(2), words.at(3), words.text("from", "bob"), words.text("c", "c0"));
            let mut message = message(words.at(1), e, &body);
            Arc::make_mut(&mut message).retracted = words.has("retracted");
            Event::Message { message, durable_seq: d }
        }
        "ack" => {
            let (conv, seq, msg_id) = (conv(words.at(2)), seq_at(3), msg(words.at(4)));
            let level = level(words);
            Event::Ack { id: words.at(1).into(), level, conv, msg_id, seq, durable_seq: d, epoch: e, at: 7 }
        }
        "retracted" => Event::Retracted { conv: conv(words.at(1)), seq: seq_at(2), msg_id: msg(words.at(3)) },
        "result" => {
            let parts = words.plain.get(2).map(|c| part(c, words, d, e)).into_iter().collect();
            Event::SyncResult { id: words.at(1).into(), conversations: parts, next: words.text("next", "").into() }
        }
        "error" => {
            let code = ErrorCode::from_name(words.at(2)).unwrap();
            let id = if words.at(1) == "-" { "" } else { words.at(1) };
            Event::Error { id: id.into(), code, message: "".into(), retry_after_ms: words.num("after", 0) as u32 }
        }
        "joined" => {
            let (alice, bob) = (UserId::new("alice").unwrap(), UserId::new("bob").unwrap());
            Event::MemberAdded { id: "".into(), conv: conv(words.at(1)), user: alice, by: bob }
        }
        other => panic!("unknown event {other}"),
    }
}

/// `result s1 A 4:m4:bob:c4 .. last= d= e= [more] [lost]`; a message ending in `!` is retracted.
fn part(name: &str, words: &Words<'_>, d: u64, e: u64) -> SyncConversation {
    let messages = words.plain[3..].iter().filter(|w| w.contains(':')).map(|w| message(name, e, w)).collect();
    SyncConversation {
        conv: conv(name),
        last_seq: words.num("last", d),
        durable_seq: d,
        epoch: e,
        recovered: !words.has("lost"),
        more: words.has("more"),
        messages,
    }
}

fn message(name: &str, epoch: u64, text: &str) -> Arc<Message> {
    let retracted = text.ends_with('!');
    let parts: Vec<&str> = text.trim_end_matches('!').split(':').collect();
    Arc::new(Message {
        conv: conv(name),
        msg_id: msg(parts[1]),
        seq: parts[0].parse().unwrap(),
        epoch,
        sender: UserId::new(parts.get(2).unwrap_or(&"bob")).unwrap(),
        client_id: client(parts.get(3).unwrap_or(&"c0")),
        content: "hi".into(),
        at: 7,
        retracted,
    })
}

fn level(words: &Words<'_>) -> AckLevel {
    match words.text("ack", "durable") {
        "accepted" => AckLevel::Accepted,
        "durable" => AckLevel::Durable,
        "delivered" => AckLevel::Delivered,
        other => panic!("unknown level {other}"),
    }
}

fn question(rules: &Rules, now: u64, words: &Words<'_>, line: &str) {
    let got = match words.at(0) {
        "cursor" => rules.cursor(conv(words.at(1))).to_string(),
        "durable" => rules.durable_seen(conv(words.at(1))).to_string(),
        "reach" => rules.reach(conv(words.at(1))).to_string(),
        "unacked" => rules.unacked().map(|o| format!("c{}", o.client_id.0[0])).collect::<Vec<_>>().join(","),
        "settled" => rules.settled().to_string(),
        "due" => rules.next_deadline().map_or("never".into(), |due| (due - now).to_string()),
        "known" => {
            let show = |k: chasqui_client_rules::Known| {
                format!("{}:m{}{}", k.seq, k.msg_id.0, if k.provisional { "?" } else { "" })
            };
            rules.messages(conv(words.at(1))).map(show).collect::<Vec<_>>().join(",")
        }
        stat => {
            let (key, value) = (format!("{stat}: "), format!("{:?}", rules.stats()));
            let from = value.find(&key).unwrap_or_else(|| panic!("unknown question {stat}")) + key.len();
            value[from..].split([',', ' ']).next().unwrap().to_owned()
        }
    };
    // `? due` asks nothing of a conversation; `? unacked` alone means none.
    let alone = !matches!(words.at(0), "cursor" | "durable" | "reach" | "known");
    let wanted = words.plain.get(if alone { 1 } else { 2 }).copied().unwrap_or("");
    assert_eq!(got, wanted, "{line}");
}

fn show(output: &Output) -> String {
    match output {
        Output::Command(command) => format!("> {}", show_command(command)),
        Output::Notice(notice) => format!("! {}", show_notice(notice)),
    }
}

fn show_command(command: &OwnedCommand) -> String {
    match command {
        OwnedCommand::Send { id, target, client_id, resend, .. } => {
            let to = match target {
                OwnedTarget::Conversation(conv) => letter(conv),
                OwnedTarget::User(user) => format!("@{user}"),
            };
            format!("send {id} c{} {to}{}", client_id.0[0], if *resend { " resend" } else { "" })
        }
        OwnedCommand::Mark { conv, seq, kind: ReceiptKind::Delivered, .. } => {
            format!("delivered {} {seq}", letter(conv))
        }
        OwnedCommand::Mark { conv, seq, kind: ReceiptKind::Read, .. } => format!("read {} {seq}", letter(conv)),
        OwnedCommand::Sync { id, cursors, next } => {
            let cursors = cursors.iter().map(|(c, seq)| format!(" {}={seq}", letter(c))).collect::<String>();
            let next = if next.is_empty() { String::new() } else { format!(" next={next}") };
            format!("sync {id}{cursors}{next}")
        }
        other => format!("{other:?}"),
    }
}

fn show_notice(notice: &Notice) -> String {
    match notice {
        Notice::NewMessage { message, provisional } => {
            let (conv, seq, id) = (letter(&message.conv), message.seq, message.msg_id.0);
            format!("new {conv} {seq} m{id}{}", if *provisional { " provisional" } else { "" })
        }
        Notice::Ticked { client_id, conv, seq, msg_id, .. } => {
            format!("ticked c{} {} {seq} m{}", client_id.0[0], letter(conv), msg_id.0)
        }
        Notice::SendFailed { client_id, why } => {
            let why = match why {
                SendFailure::Refused { code, .. } => code.name(),
                SendFailure::TooLarge => "too_large_to_send",
                SendFailure::OutboxFull => "outbox_full",
            };
            format!("failed c{} {why}", client_id.0[0])
        }
        Notice::Moved { conv, from, seq, msg_id, .. } => format!("moved {} {from} {seq} m{}", letter(conv), msg_id.0),
        Notice::Withdrawn { conv, msg_id, seq, .. } => format!("withdrawn {} {seq} m{}", letter(conv), msg_id.0),
        Notice::Retracted { conv, msg_id, seq } => format!("retracted {} {seq} m{}", letter(conv), msg_id.0),
        Notice::Reset { conv } => format!("reset {}", letter(conv)),
        Notice::Synced => "synced".into(),
        Notice::Told(event) => format!("told {}", format!("{event:?}").split_whitespace().next().unwrap()),
        Notice::AskFailed { .. } => "ask failed".into(),
    }
}

fn conv(name: &str) -> ConvId {
    ConvId([name.as_bytes()[0]; 16])
}

/// Direct conversations have derived ids; they show as `~`.
fn letter(conv: &ConvId) -> String {
    let first = conv.0[0];
    if conv.0 == [first; 16] { (first as char).to_string() } else { "~".into() }
}

fn client(name: &str) -> ClientId {
    ClientId([name.strip_prefix('c').unwrap().parse().unwrap(); 16])
}

fn msg(name: &str) -> MsgId {
    MsgId(name.strip_prefix('m').unwrap().parse().unwrap())
}
