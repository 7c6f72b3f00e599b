//! What every session must be told because of a command.

use std::collections::{BTreeMap, BTreeSet};

use chasqui_proto::command::{AckLevel, ReceiptKind};

use super::conversation::{Conversation, Member, Message, PAGE, Waiter};
use crate::script::command::{Ask, Cmd, LEVELS};
use crate::script::show::{epoch, runs};

/// Lines by session, those of one conversation in order.
pub type Told = BTreeMap<String, Vec<String>>;

/// Longer than a conversation stays in memory unused.
pub const EVICTED_AFTER_MS: u64 = 70_000;

#[derive(Default)]
pub struct Model {
    /// Users by session.
    pub sessions: BTreeMap<String, String>,
    convs: BTreeMap<String, Conversation>,
    epoch: u64,
    told: Told,
}

impl Model {
    pub fn step(&mut self, cmd: &Cmd) -> Told {
        let before = self.in_sight();
        match cmd {
            Cmd::Open { name, user, .. } => self.open(name, user),
            Cmd::Close { name } => self.close(name),
            Cmd::Ask(session, ask) => self.ask(session, ask),
            Cmd::Pass(ms) => self.pass(*ms),
            Cmd::Crash => self.crash(),
            other => unreachable!("the plan has no {other}"),
        }
        self.presence(&before);
        core::mem::take(&mut self.told)
    }

    fn tell(&mut self, session: &str, line: String) {
        self.told.entry(session.to_owned()).or_default().push(line);
    }

    /// Tells all sessions of all members but one.
    fn tell_members(&mut self, conv: &str, except: &str, line: &str) {
        let members = &self.convs[conv].members;
        let sessions = self.sessions.iter().filter(|(s, user)| *s != except && members.contains_key(*user));
        for session in sessions.map(|(s, _)| s.clone()).collect::<Vec<_>>() {
            self.tell(&session, line.to_owned());
        }
    }

    fn fail(&mut self, session: &str, id: &str, error: &str) {
        self.tell(session, format!("{id}: error {error}"));
    }

    /// Whom each session can see: users with a session, in a conversation of its own user.
    fn in_sight(&self) -> BTreeMap<String, BTreeSet<String>> {
        let sight = |me: &String| {
            let mine = self.convs.values().filter(|c| c.members.contains_key(me));
            let met: BTreeSet<&String> = mine.flat_map(|c| c.members.keys()).collect();
            self.sessions.values().filter(|user| *user != me && met.contains(user)).cloned().collect()
        };
        self.sessions.iter().map(|(session, user)| (session.clone(), sight(user))).collect()
    }

    fn presence(&mut self, before: &BTreeMap<String, BTreeSet<String>>) {
        let nobody = BTreeSet::new();
        for (session, now) in self.in_sight() {
            let before = before.get(&session).unwrap_or(&nobody);
            now.difference(before).for_each(|user| self.tell(&session, format!("online {user}")));
            before.difference(&now).for_each(|user| self.tell(&session, format!("offline {user}")));
        }
    }

    fn open(&mut self, name: &str, user: &str) {
        let head = |(label, conv): (&String, &Conversation)| {
            let read = conv.members.get(user)?.read.at;
            let head = conv.head();
            Some(format!("{label} {head}/{head} read {read}{}", epoch(self.epoch())))
        };
        let mut heads: Vec<String> = self.convs.iter().filter_map(head).collect();
        heads.sort();
        let space = if heads.is_empty() { "" } else { " " };
        self.sessions.insert(name.to_owned(), user.to_owned());
        self.tell(name, format!("welcome{space}{}", heads.join("; ")));
    }

    fn close(&mut self, name: &str) {
        self.sessions.remove(name);
        self.convs.values_mut().for_each(|conv| conv.waiters.retain(|w| w.session != name));
    }

    fn epoch(&self) -> u64 {
        self.epoch + 1
    }

    fn pass(&mut self, ms: u64) {
        for conv in self.convs.values_mut() {
            conv.flush();
            if ms >= EVICTED_AFTER_MS && conv.waiters.is_empty() {
                conv.reload();
            }
        }
    }

    fn crash(&mut self) {
        self.epoch += 1;
        self.sessions.clear();
        for conv in self.convs.values_mut() {
            conv.waiters.clear();
            conv.reload();
        }
    }

    fn ask(&mut self, session: &str, ask: &Ask) {
        let user = self.sessions[session].clone();
        match ask {
            Ask::Send { to, n, ack, resend, .. } => self.send(session, &user, to, *n, *ack, *resend),
            Ask::Flood { to, first, last, ack, resend } => {
                (*first..=*last).for_each(|n| self.send(session, &user, to, n, *ack, *resend));
            }
            Ask::Create { group, members, .. } => self.create(session, &user, group, members),
            Ask::Add { group, user: new } => self.add(session, &user, group, new),
            Ask::Mark { conv, seq, kind } => self.mark(session, &user, conv, *seq, *kind),
            Ask::Typing { conv, on } => {
                if !self.convs.get(conv).is_some_and(|c| c.members.contains_key(&user)) {
                    return self.fail(session, "typing", "not_a_participant");
                }
                let on = if *on { "on" } else { "off" };
                self.tell_members(conv, session, &format!("typing {conv} {user} {on}"));
            }
            Ask::Sync { cursors, .. } => self.sync(session, &user, cursors),
            Ask::Authenticate => self.fail(session, "auth", "already_authenticated"),
        }
    }

    fn send(&mut self, session: &str, user: &str, to: &str, n: u32, ack: AckLevel, resend: bool) {
        let label = match to.strip_prefix('@') {
            Some(peer) => self.direct(user, peer),
            None => to.to_owned(),
        };
        let sender = user.to_owned();
        let epoch_now = self.epoch();
        let Some(conv) = self.convs.get_mut(&label).filter(|c| c.members.contains_key(user)) else {
            return self.fail(session, &n.to_string(), "not_a_participant");
        };
        let known = conv.known(user, n, resend);
        let seq = known.unwrap_or_else(|| conv.append(Message { sender, n }));
        if known.is_none() {
            let line = format!("message {label} {seq}{} {user}: text {n}", epoch(epoch_now));
            self.tell_members(&label, session, &line);
        }
        if ack <= AckLevel::Durable {
            let ack = self.ack(&label, n, ack, seq);
            self.tell(session, ack);
        } else {
            let waiter = Waiter { session: session.to_owned(), user: user.to_owned(), n, seq, level: ack };
            self.convs.get_mut(&label).expect("found above").waiters.push(waiter);
        }
        self.give_acks(&label);
    }

    /// The label of a direct conversation, which is created if needed.
    fn direct(&mut self, user: &str, peer: &str) -> String {
        let (a, b) = if user < peer { (user, peer) } else { (peer, user) };
        let label = format!("{a}-{b}");
        if !self.convs.contains_key(&label) {
            let members = [a, b].map(str::to_owned).into_iter();
            self.convs.insert(label.clone(), Conversation::new(true, "", members));
            let created = self.created(&label);
            self.tell_members(&label, "", &created);
        }
        label
    }

    fn created(&self, label: &str) -> String {
        let members: Vec<_> = self.convs[label].members.keys().map(String::as_str).collect();
        format!("created {label}: {}", members.join(" "))
    }

    fn ack(&self, label: &str, n: u32, level: AckLevel, seq: u64) -> String {
        let name = LEVELS.iter().find(|(_, l)| *l == level).expect("all levels have names").0;
        // What is durable by the time of an ack at another level is anybody's guess.
        let head = if level == AckLevel::Durable { format!("/{}", self.convs[label].head()) } else { String::new() };
        format!("{n}: ack {name} {label} {seq}{head}{}", epoch(self.epoch()))
    }

    fn give_acks(&mut self, label: &str) {
        for Waiter { session, n, seq, level, .. } in self.convs.get_mut(label).expect("it exists").reached() {
            let ack = self.ack(label, n, level, seq);
            self.tell(&session, ack);
        }
    }

    fn create(&mut self, session: &str, user: &str, group: &str, members: &[String]) {
        let new = !self.convs.contains_key(group);
        if new {
            let members = members.iter().cloned().chain([user.to_owned()]);
            self.convs.insert(group.to_owned(), Conversation::new(false, user, members));
        }
        let created = self.created(group);
        self.tell(session, format!("create: {created}"));
        if new {
            self.tell_members(group, "", &created);
        }
    }

    fn add(&mut self, session: &str, by: &str, group: &str, user: &str) {
        let error = match self.convs.get(group) {
            Some(conv) if conv.members.contains_key(by) && conv.direct => "direct_conversation",
            Some(conv) if conv.members.contains_key(by) && conv.admin != by => "not_admin",
            Some(conv) if conv.members.contains_key(by) => "",
            _ => "not_a_participant",
        };
        if !error.is_empty() {
            return self.fail(session, "add", error);
        }
        let line = format!("added {group} {user} by {by}");
        self.tell(session, format!("add: {line}"));
        if self.convs[group].members.contains_key(user) {
            return;
        }
        self.tell_members(group, session, &line);
        let conv = self.convs.get_mut(group).expect("found above");
        let joined = conv.head();
        conv.members.insert(user.to_owned(), Member::new(joined));
        let created = self.created(group);
        let of_user = self.sessions.iter().filter(|(_, u)| *u == user).map(|(s, _)| s.clone());
        of_user.collect::<Vec<_>>().iter().for_each(|s| self.tell(s, created.clone()));
    }

    fn mark(&mut self, session: &str, user: &str, label: &str, seq: u64, kind: ReceiptKind) {
        let Some(conv) = self.convs.get_mut(label).filter(|c| c.members.contains_key(user)) else {
            return self.fail(session, "mark", "not_a_participant");
        };
        for (kind, seq) in conv.mark(user, kind, seq) {
            self.tell_members(label, session, &format!("{kind} {label} {seq} by {user}"));
        }
        self.give_acks(label);
    }

    fn sync(&mut self, session: &str, user: &str, cursors: &[(String, u64)]) {
        let cursors: BTreeMap<&String, u64> = cursors.iter().map(|(label, seq)| (label, *seq)).collect();
        let (mut pieces, mut receipts) = (Vec::new(), Vec::new());
        for (label, conv) in self.convs.iter().filter(|(_, c)| c.members.contains_key(user)) {
            pieces.push(self.piece(label, conv, user, cursors.get(label).copied().unwrap_or(0)));
            for (other, member) in conv.members.iter().filter(|(other, _)| *other != user) {
                for (kind, cursor) in [("delivered", member.delivered), ("read", member.read)] {
                    if cursor.marked > member.joined {
                        receipts.push(format!("{kind} {label} {} by {other}", cursor.marked));
                    }
                }
            }
        }
        pieces.sort();
        let space = if pieces.is_empty() { "" } else { " " };
        self.tell(session, format!("sync: result{space}{}", pieces.join("; ")));
        receipts.into_iter().for_each(|line| self.tell(session, line));
    }

    fn piece(&self, label: &str, conv: &Conversation, user: &str, cursor: u64) -> String {
        let (head, joined) = (conv.head(), conv.members[user].joined);
        let from = if cursor > head { joined } else { cursor.max(joined) };
        let last = head.min(from + PAGE);
        let seqs: Vec<_> = (from + 1..=last).map(|seq| (seq, false)).collect();
        let more = if last < head { " more" } else { "" };
        let recovered = if cursor > head { " unrecovered" } else { "" };
        format!("{label} {head}/{head} [{}]{more}{recovered}{}", runs(&seqs), epoch(self.epoch()))
    }
}
