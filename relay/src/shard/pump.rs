//! A shard's own tasks: mesh and store messages, the core's deadline, pings, the drain.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

use chasqui_chat::{Class, Input, Links, Msg, ShardId};
use chasqui_proto::codes::CloseCode;
use chasqui_proto::event::Event;
use chasqui_proto::row::Completion;
use chasqui_proto::ws;

use super::Shell;
use crate::edge::Edge;
use crate::mesh::{self, DRAIN_MAX, Port, Receiver};
use crate::rt::timer;

/// Pings and half-dead connections are looked at this often.
const PING_SWEEP: Duration = Duration::from_secs(1);
/// While draining, quiet is looked for this often.
const DRAIN_POLL: Duration = Duration::from_millis(2);
/// Clients are told to come back after this long, spread by as much again.
const RECONNECT_AFTER_MS: u32 = 500;

/// The core's links: the shard's end of the mesh.
pub struct PortLinks(pub Rc<RefCell<Port<Msg>>>);

impl Links for PortLinks {
    fn push(&mut self, to: ShardId, class: Class, msg: Msg) -> Result<(), Msg> {
        let class = match class {
            Class::Command => mesh::Class::Command,
            Class::Reply => mesh::Class::Reply,
            Class::Delivery => mesh::Class::Delivery,
        };
        self.0.borrow_mut().push(usize::from(to), class, msg)
    }
}

/// How far a drain has come; the main thread raises it, all shards follow.
#[derive(Default)]
pub struct Phase {
    phase: AtomicU8,
    /// Per shard: nothing is under way.
    pub quiet: Vec<AtomicBool>,
}

impl Phase {
    pub const SERVING: u8 = 0;
    pub const REFUSING: u8 = 1;
    pub const CLOSING: u8 = 2;
    pub const STOPPING: u8 = 3;

    pub fn new(shards: u16) -> Self {
        Self { phase: AtomicU8::new(0), quiet: (0..shards).map(|_| AtomicBool::new(false)).collect() }
    }
    pub fn set(&self, phase: u8) {
        self.phase.store(phase, Ordering::SeqCst);
    }
    pub fn get(&self) -> u8 {
        self.phase.load(Ordering::SeqCst)
    }
}

pub struct PumpParts {
    pub edge: Rc<Edge>,
    pub port: Rc<RefCell<Port<Msg>>>,
    pub stored: Receiver<Completion>,
    pub phase: Arc<Phase>,
    pub shard: u16,
}

/// Runs the shard until the drain ends.
pub async fn pump(parts: PumpParts) {
    let PumpParts { edge, port, stored, phase, shard } = parts;
    let shell = edge.shell.clone();
    let (ring, encoding) = (port.clone(), shell.clone());
    shell.flusher.begin(move || {
        ring.borrow_mut().ring_dirty();
        encoding.end_turn();
    });
    crate::rt::spawn(messages(shell.clone(), port, stored));
    crate::rt::spawn(deadlines(shell.clone()));
    let acks = shell.clone();
    crate::rt::spawn(async move { acks.write_lazy_acks().await });
    crate::rt::spawn(pings(edge.clone()));
    drain(edge, phase, shard).await;
}

async fn messages(shell: Rc<Shell>, port: Rc<RefCell<Port<Msg>>>, mut stored: Receiver<Completion>) {
    let mut mesh: Vec<(usize, Msg)> = Vec::new();
    let mut done: Vec<Completion> = Vec::new();
    let bell = port.borrow().bell();
    loop {
        port.borrow_mut().take_released(&mut |_, _| {});
        let taken = port.borrow_mut().drain(DRAIN_MAX, &mut |from, msg| mesh.push((from, msg)));
        shell.stats.count_mesh(taken, port.borrow().ring_depth_max());
        let answered = stored.drain(DRAIN_MAX, &mut |completion| done.push(completion));
        mesh.drain(..).for_each(|(from, msg)| shell.input(Input::Mesh { from: from as ShardId, msg }));
        done.drain(..).for_each(|completion| shell.input(Input::Stored(completion)));
        if shell.with_core(|core| core.owes()) {
            shell.input(Input::Room);
        }
        if taken.max(answered) == DRAIN_MAX {
            crate::rt::yield_now().await;
        } else {
            bell.wait(|| port.borrow().is_pending() || !stored.is_empty()).await;
        }
    }
}

async fn deadlines(shell: Rc<Shell>) {
    loop {
        let now = shell.now().mono_ms;
        match shell.next_deadline() {
            Some(at) if at <= now => shell.tick(),
            Some(at) => {
                let wait = timer::sleep(Duration::from_millis(at - now));
                crate::race::until(wait, shell.deadline_moved.raised()).await;
            }
            None => shell.deadline_moved.raised().await,
        }
    }
}

/// Pings WebSocket peers and cuts those that do not answer. QUIC has keep-alives of its own.
async fn pings(edge: Rc<Edge>) {
    let (every, within) = (edge.limits.ping_every.as_millis() as u64, edge.limits.pong_within.as_millis() as u64);
    loop {
        timer::sleep(PING_SWEEP.min(edge.limits.pong_within)).await;
        let now = edge.shell.now().mono_ms;
        for conn in edge.shell.conns() {
            match conn.pinged_ms.get() {
                Some(at) if now.saturating_sub(at) >= within => {
                    edge.shell.close_conn(&conn, CloseCode::PingTimeout);
                    conn.abort();
                }
                None if conn.is_web_socket() && now.saturating_sub(conn.quiet_since_ms.get()) >= every => {
                    conn.pinged_ms.set(Some(now));
                    conn.quiet_since_ms.set(now);
                    conn.queue_with(|out| ws::encode::ping(out, b""));
                    edge.shell.mark_dirty(&conn);
                }
                _ => {}
            }
        }
    }
}

/// Follows the main thread through the phases of a drain.
async fn drain(edge: Rc<Edge>, phase: Arc<Phase>, shard: u16) {
    while phase.get() == Phase::SERVING {
        timer::sleep(Duration::from_millis(50)).await;
    }
    edge.draining.set(true);
    edge.shell.input(Input::Drain);
    while phase.get() == Phase::REFUSING {
        let quiet = edge.shell.with_core(|core| core.is_quiet());
        phase.quiet[usize::from(shard)].store(quiet, Ordering::SeqCst);
        timer::sleep(DRAIN_POLL).await;
    }
    let conns = edge.shell.conns();
    for (i, conn) in conns.iter().enumerate() {
        // Spread over as much again, so that they do not all come back at once.
        let jitter = (i as u32).wrapping_mul(2_654_435_761) % RECONNECT_AFTER_MS;
        edge.shell.send_to(conn, &Event::Draining { reconnect_after_ms: RECONNECT_AFTER_MS + jitter });
        edge.shell.close_conn(conn, CloseCode::Draining);
    }
    while edge.shell.sessions() > 0 && phase.get() == Phase::CLOSING {
        timer::sleep(DRAIN_POLL).await;
        phase.quiet[usize::from(shard)].store(edge.shell.sessions() == 0, Ordering::SeqCst);
    }
    phase.quiet[usize::from(shard)].store(true, Ordering::SeqCst);
    while phase.get() != Phase::STOPPING {
        timer::sleep(DRAIN_POLL).await;
    }
}
