//! Starting the shards: each opens its end of everything on its own thread.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chasqui_chat::{Config as CoreConfig, DeliveryOrder, Msg, Shard};
use chasqui_proto::event::Limits;
use chasqui_proto::ids::Epoch;
use chasqui_proto::row::Completion;

use super::internal;
use super::sockets::{Identity, Sockets};
use crate::auth::Verifier;
use crate::config::{self, Config};
use crate::edge::page::Page;
use crate::edge::webtransport::Door;
use crate::edge::{Edge, EdgeLimits};
use crate::mesh::{Link, Receiver};
use crate::rt::quic::{EndpointLimits, Member};
use crate::rt::{self, Driver, ShardSpec, tcp::TcpListener};
use crate::shard::stats::AllStats;
use crate::shard::store::StoreHandle;
use crate::shard::{Phase, PortLinks, PumpParts, Shell, ShellParts, pump};
use crate::{tcp, wt};

/// A message id has six bits for the shard.
pub const SHARDS_MAX: usize = 64;
/// Commands with an answer under way from one shard to all others together: what a disk's pause of half a second gathers.
const PERMITS_PER_SHARD: u32 = 64 * 1024;
const PERMITS_PER_PEER_MIN: u32 = 1024;
const PERMITS_PER_PEER_MAX: u32 = 16 * 1024;
/// Store requests under way per shard; the store's queues are longer, for what a core may add without asking.
const STORE_SLOTS: usize = 12 * 1024;
/// A live conversation nobody uses is evicted after this long.
const EVICT_IDLE: Duration = Duration::from_secs(60);
/// Conversations in memory per shard: some 10 KiB each when quiet.
const LIVE_CONVERSATIONS_MAX: usize = 100_000;

/// What all shards of a server share, and how each is set up.
#[derive(Clone)]
pub struct Plan {
    pub epoch: Epoch,
    pub driver: Driver,
    pub config: Config,
    pub limits: EdgeLimits,
    pub verifier: Arc<Verifier>,
    pub page: Arc<Page>,
    pub identity: Option<Identity>,
    pub phase: Arc<Phase>,
    pub connections: Arc<AtomicUsize>,
    pub started: Instant,
    pub stats: AllStats,
}

/// One shard's own parts, on their way to its thread.
struct Parts {
    link: Link<Msg>,
    store: StoreHandle,
    stored: Receiver<Completion>,
    listener: std::net::TcpListener,
    member: Option<Member>,
    internal: Option<std::net::TcpListener>,
}

/// Commands with an answer under way from one shard to another; the reply ring is as long.
pub fn permits_per_peer(shards: usize) -> u32 {
    (PERMITS_PER_SHARD / shards as u32).clamp(PERMITS_PER_PEER_MIN, PERMITS_PER_PEER_MAX)
}

pub fn start(
    plan: Plan,
    sockets: Sockets,
    links: Vec<Link<Msg>>,
    handles: Vec<StoreHandle>,
    inboxes: Vec<Receiver<Completion>>,
) -> anyhow::Result<Vec<JoinHandle<()>>> {
    let shards = links.len();
    let members = sockets.udp.map_or_else(Vec::new, |group| group.members);
    let mut members = members.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
    let mut internal = Some(sockets.internal_listener);
    let parts = links.into_iter().zip(handles).zip(inboxes).zip(sockets.tcp);
    let mut threads = Vec::new();
    for (index, (((link, store), stored), listener)) in parts.enumerate() {
        let member = members.next().flatten();
        let parts = Parts { link, store, stored, listener, member, internal: internal.take() };
        let plan = plan.clone();
        let spec = ShardSpec { index, driver: plan.driver, pinned: true };
        threads.push(rt::run_shard(spec, move || live(plan, parts, index as u16, shards as u16))?);
    }
    Ok(threads)
}

async fn live(plan: Plan, parts: Parts, shard: u16, shards: u16) {
    let port = parts.link.open().expect("an eventfd can be watched");
    let port = Rc::new(RefCell::new(port));
    let core = Shard::new(core_config(&plan, shard, shards), Box::new(PortLinks(port.clone())));
    let shell = Shell::new(ShellParts {
        shard,
        core,
        store: parts.store,
        started: plan.started,
        first_session: plan.epoch << 36,
        ack_delay: plan.config.delivery.ack_delay,
        stats: plan.stats[usize::from(shard)].clone(),
    });
    let edge = Rc::new(Edge {
        shell,
        verifier: plan.verifier.clone(),
        limits: plan.limits.clone(),
        page: plan.page.clone(),
        tls: plan.identity.as_ref().map(|identity| identity.tcp.clone()),
        draining: Cell::new(false),
        scratch: RefCell::default(),
        connections: plan.connections.clone(),
    });
    let listener = TcpListener::from_std(parts.listener).expect("a bound listener can be watched");
    rt::spawn(tcp::serve(edge.clone(), listener));
    if let (Some(member), Some(identity)) = (parts.member, &plan.identity) {
        serve_quic(&plan, &edge, member, identity);
    }
    if let Some(listener) = parts.internal {
        rt::spawn(internal::serve(listener, plan.phase.clone(), plan.stats.clone()));
    }
    pump(PumpParts { edge, port, stored: parts.stored, phase: plan.phase, shard }).await;
}

fn serve_quic(plan: &Plan, edge: &Rc<Edge>, member: Member, identity: &Identity) {
    let quic = &plan.config.quic;
    let config = wt::Config {
        member,
        tls: identity.quic.clone(),
        limits: EndpointLimits { idle_timeout: quic.idle_timeout, keep_alive: quic.keep_alive },
        connections_max: plan.limits.connections_max,
    };
    let server = wt::serve(config, Rc::new(Door(edge.clone()))).expect("a bound socket can serve QUIC");
    // The server lives in its tasks.
    drop(server);
}

fn core_config(plan: &Plan, shard: u16, shards: u16) -> CoreConfig {
    let limits = &plan.config.limits;
    CoreConfig {
        shard,
        shards,
        node: 0,
        epoch: plan.epoch,
        order: match plan.config.delivery.order {
            config::DeliveryOrder::RelayFirst => DeliveryOrder::RelayFirst,
            config::DeliveryOrder::DurableFirst => DeliveryOrder::DurableFirst,
        },
        limits: Limits {
            max_frame_bytes: plan.limits.frame_bytes_max as u32,
            sends_per_second: limits.sends_per_second,
            burst: limits.send_burst,
        },
        sessions_per_user_max: limits.sessions_per_user as usize,
        permits_per_peer: permits_per_peer(usize::from(shards)),
        evict_idle_ms: EVICT_IDLE.as_millis() as u64,
        live_conversations_max: LIVE_CONVERSATIONS_MAX,
        store_slots: STORE_SLOTS,
    }
}
