//! One shard: the single dispatch from inputs and messages to the machines.

use std::collections::{BTreeMap, BTreeSet};

use chasqui_proto::event::Event;
use chasqui_proto::ids::{ConvId, SessionId};

use crate::contract::{Config, Effects, Input, Links, Now, ShardId};
use crate::conversation::{Convs, Jobs, MsgIds};
use crate::gate::{Done, Gate};
use crate::limits::EVICT_SWEEP_MS;
use crate::msg::Msg;
use crate::router::Router;
use crate::session::Sessions;
use crate::spares::Spares;
use crate::timers::{Timer, Timers};
use crate::user::Users;

/// What every machine works with.
pub(crate) struct Cx {
    /// When this step began.
    pub now: Now,
    pub cfg: Config,
    pub draining: bool,
    pub router: Router,
    pub gate: Gate,
    pub timers: Timers,
    pub ids: MsgIds,
    pub jobs: Jobs,
    pub behind: BTreeSet<(ShardId, ConvId)>,
    /// Sessions that are to be told of a refused mark when there is room.
    pub refused_marks: BTreeMap<SessionId, Event>,
    pub spares: Spares,
    /// What this step asks the shell for.
    pub out: Effects,
}

impl Cx {
    /// Groups items by the shard that is home to them.
    pub fn by_home<T>(&self, items: impl Iterator<Item = T>, vshard: impl Fn(&T) -> u16) -> Vec<(ShardId, Vec<T>)> {
        let mut homes: BTreeMap<ShardId, Vec<T>> = BTreeMap::new();
        for item in items {
            homes.entry(self.router.home(vshard(&item))).or_default().push(item);
        }
        homes.into_iter().collect()
    }

    /// Tells a session that a mark was refused, now or when there is room. Marks hold no permit, so of those refused
    /// meanwhile only the last is told.
    pub fn refuse_mark(&mut self, session: SessionId, event: Event) {
        let late = Msg::Late { session, event: event.clone() };
        if !self.router.deliver(session.shard(), late) {
            self.refused_marks.insert(session, event);
        }
    }

    fn tell_refused_marks(&mut self) {
        let router = &mut self.router;
        self.refused_marks.retain(|session, event| {
            !router.deliver(session.shard(), Msg::Late { session: *session, event: event.clone() })
        });
    }
}

pub struct Shard {
    cx: Cx,
    sessions: Sessions,
    users: Users,
    convs: Convs,
}

impl Shard {
    pub fn new(cfg: Config, links: Box<dyn Links>) -> Self {
        assert!(cfg.shard < cfg.shards && cfg.shards <= 64, "a message id has six bits for the shard");
        assert!(cfg.live_conversations_max > 0 && cfg.store_slots > 0, "nothing would ever be loaded");
        let mut timers = Timers::default();
        timers.set(EVICT_SWEEP_MS, Timer::Sweep);
        let cx = Cx {
            now: Now::default(),
            router: Router::new(cfg.shard, cfg.shards, cfg.permits_per_peer, links),
            gate: Gate::new(cfg.store_slots),
            timers,
            ids: MsgIds::new(cfg.node, cfg.shard),
            jobs: Jobs::default(),
            behind: BTreeSet::new(),
            refused_marks: BTreeMap::new(),
            spares: Spares::default(),
            out: Effects::default(),
            draining: false,
            cfg,
        };
        Self { cx, sessions: Sessions::default(), users: Users::default(), convs: Convs::default() }
    }

    /// Takes one input; afterwards all of `out` is to be carried out, in order, before the next.
    pub fn step(&mut self, now: Now, input: Input<'_>, out: &mut Effects) {
        self.cx.now = now;
        core::mem::swap(&mut self.cx.out, out);
        self.input(input);
        while let Some(msg) = self.cx.router.next_local() {
            self.message(self.cx.cfg.shard, msg);
        }
        core::mem::swap(&mut self.cx.out, out);
    }

    /// When `Input::Tick` is due, in milliseconds of `Now::mono_ms`.
    pub fn next_deadline(&self) -> Option<u64> {
        self.cx.timers.next_ms()
    }

    /// Whether `Input::Room` could do something: messages wait for room in a ring.
    pub fn owes(&self) -> bool {
        !self.cx.behind.is_empty() || !self.cx.refused_marks.is_empty() || self.cx.router.debts() > 0
    }

    /// Whether anything acknowledged or asked is still under way; the barrier of a drain.
    pub fn is_quiet(&self) -> bool {
        self.cx.router.outstanding() == 0
            && self.cx.gate.inflight() == 0
            && !self.owes()
            && !self.convs.has_dirty_receipts()
    }

    pub fn gauges(&self) -> Gauges {
        Gauges {
            sessions: self.sessions.len(),
            conversations: self.convs.len(),
            live_conversations: self.convs.live(),
            permits_out: self.cx.router.outstanding(),
            store_inflight: self.cx.gate.inflight(),
            debts: self.cx.router.debts(),
            behind: self.cx.behind.len(),
        }
    }

    /// Asserts the invariants; for tests and the simulator.
    pub fn check(&self) {
        self.sessions.check();
        self.convs.check();
    }

    fn input(&mut self, input: Input<'_>) {
        let cx = &mut self.cx;
        match input {
            Input::Open { session, user, id, expires_at } => self.sessions.open(cx, session, user, id, expires_at),
            Input::Command { session, command } => self.sessions.command(cx, &mut self.convs, session, command),
            Input::Closed { session } => self.sessions.closed(cx, session),
            Input::Mesh { from, msg } => self.message(from, msg),
            Input::Stored(completion) => match cx.gate.complete(cx.now, completion, &mut cx.timers) {
                Done::Finished(crate::gate::Purpose::LoadUser(user), outcome) => self.users.loaded(cx, user, outcome),
                done => self.convs.stored(cx, done),
            },
            Input::Room => {
                cx.router.flush();
                cx.tell_refused_marks();
                self.convs.catch_up(cx);
            }
            Input::Tick => self.tick(),
            Input::Drain => {
                cx.draining = true;
                self.convs.flush_all_receipts(cx);
            }
        }
    }

    fn tick(&mut self) {
        let cx = &mut self.cx;
        while let Some(timer) = cx.timers.pop_due(cx.now.mono_ms) {
            match timer {
                Timer::Expire(session) => {
                    self.sessions.close(cx, session, chasqui_proto::codes::CloseCode::TokenExpired)
                }
                Timer::Retry(ticket) => cx.gate.repeat(ticket, &mut cx.out, |conv, seq| self.convs.held(conv, seq)),
                Timer::Receipts(conv) => self.convs.flush_receipts(cx, conv),
                Timer::Sweep => {
                    cx.timers.set(cx.now.mono_ms + EVICT_SWEEP_MS, Timer::Sweep);
                    self.convs.sweep(cx);
                }
            }
        }
    }

    fn message(&mut self, from: ShardId, msg: Msg) {
        let cx = &mut self.cx;
        match msg {
            Msg::SessionStart { user, session } => self.users.session_start(cx, user, session),
            Msg::SessionEnd { user, session } => self.users.session_end(cx, user, session),
            Msg::Joined { user, conv } => self.users.joined(cx, user, conv),

            Msg::Interest { user, session, joined, convs } => self.convs.interest(cx, user, session, joined, convs),
            Msg::Uninterest { user, session, convs } => self.convs.uninterest(cx, &user, session, &convs),
            Msg::Ask { conv, origin, ask } => self.convs.ask(cx, conv, origin, ask),
            Msg::Sync { origin, run, items, budget } => self.convs.sync(cx, origin, run, items, budget),

            Msg::SessionReady { session, result } => {
                cx.router.permit_back(from);
                self.sessions.ready(cx, session, result);
            }
            Msg::Answer { session, event } => {
                cx.router.permit_back(from);
                self.sessions.tell(cx, session, event);
            }
            Msg::Released { session: _ } => cx.router.permit_back(from),
            Msg::SyncAnswer { session, run, pieces } => {
                cx.router.permit_back(from);
                self.sessions.sync_answer(cx, session, run, pieces);
            }

            Msg::Late { session, event } => self.sessions.tell(cx, session, event),
            Msg::Heads { session, user, convs, heads } => self.sessions.heads(cx, session, user, convs, heads),
            Msg::Lease { session, sharers } => self.sessions.lease(cx, session, sharers),
            Msg::Deliver { conv, skip, event } => self.sessions.deliver(cx, conv, skip, event),
            Msg::Snapshot { conv, online, receipts } => self.sessions.snapshot(cx, conv, online, receipts),
        }
    }
}

/// Depths an operator watches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Gauges {
    pub sessions: usize,
    pub conversations: usize,
    pub live_conversations: usize,
    pub permits_out: u32,
    pub store_inflight: usize,
    pub debts: usize,
    pub behind: usize,
}
