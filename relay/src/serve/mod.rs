//! A server from start to drain.
//!
//! The main thread opens the store and the sockets, starts one thread per shard, and then waits for a signal.
//! Everything that can fail at the start fails here, with a message, before a connection is accepted.

mod demo;
mod drain;
mod internal;
mod metrics;
mod shards;
mod signals;
mod sockets;
mod store;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Instant;

use anyhow::Context;

use crate::auth;
use crate::config::nofile::raise_nofile;
use crate::config::{Config, Driver};
use crate::edge::EdgeLimits;
use crate::edge::page::Page;
use crate::mesh::{Capacities, Mesh};
use crate::rt::{self, DriverChoice};
use crate::shard::Phase;
use shards::Plan;

/// Runs the server that `config` describes until a signal ends it.
pub fn run(config: Config) -> anyhow::Result<ExitCode> {
    let signals = signals::block().context("signals cannot be waited for")?;
    let driver = rt::choose(choice(config.server.driver)).context("no driver for the shards")?;
    tracing::info!(driver = driver.driver.name(), reason = %driver.reason, "runtime");
    let authority = auth::authority(&config)?;
    for remark in &authority.remarks {
        tracing::warn!("{remark}");
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let count = config.server.shards.resolve(cores).min(shards::SHARDS_MAX);
    let identity = sockets::identity(&config)?;
    let sockets = sockets::bind(&config, count, identity.is_some())?;
    let replies = shards::permits_per_peer(count) as usize;
    let links = Mesh::new(count, Capacities { replies, ..Capacities::default() })?;
    let store = store::open(&config, &links)?;
    let public = sockets.public;
    let page = match (config.dev, &identity) {
        (true, identity) => Page::demo(public, identity.as_ref().map(|identity| identity.sha256())),
        (false, _) => Page::off(),
    };
    let plan = Plan {
        epoch: store.epoch,
        driver: driver.driver,
        limits: edge_limits(&config),
        config: config.clone(),
        verifier: authority.verifier.clone(),
        page: Arc::new(page),
        identity,
        phase: Arc::new(Phase::new(count as u16)),
        connections: Arc::new(AtomicUsize::new(0)),
        started: Instant::now(),
        stats: (0..count).map(|_| Arc::default()).collect(),
    };
    let internal = sockets.internal;
    let phase = plan.phase.clone();
    let threads = shards::start(plan, sockets, links, store.handles, store.inboxes)?;
    tracing::info!(%public, %internal, shards = count, "ready");
    println!("chasqui listens on {public} (TCP and UDP), internal on {internal}");
    if let Some(signer) = authority.signer.as_ref().filter(|_| config.dev) {
        demo::print_links(public, signer)?;
    }
    signals.wait();
    Ok(drain::run(&config, &phase, threads, store.service))
}

fn choice(driver: Driver) -> DriverChoice {
    match driver {
        Driver::Auto => DriverChoice::Auto,
        Driver::IoUring => DriverChoice::IoUring,
        Driver::Epoll => DriverChoice::Epoll,
    }
}

fn edge_limits(config: &Config) -> EdgeLimits {
    let nofile = raise_nofile().map_or(1024, |limit| limit.soft);
    EdgeLimits {
        frame_bytes_max: config.limits.frame_size.as_bytes(),
        outbox_bytes_max: config.limits.outbox_size.as_bytes(),
        authenticate_within: config.limits.authenticate_within,
        ping_every: config.websocket.ping_every,
        pong_within: config.websocket.pong_within,
        connections_max: config.limits.sessions_per_node.resolve(nofile) as usize,
        cookie: config.auth.cookie.clone(),
        origins: config.server.allowed_origins.clone(),
        dev: config.dev,
    }
}
