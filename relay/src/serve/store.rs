//! The store of a server: the engine the configuration names, behind its threads.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use chasqui_proto::ids::Epoch;
use chasqui_proto::row::Completion;
use chasqui_storage::embedded::{self, Embedded};
use chasqui_storage::engine::Engine;
use chasqui_storage::memory::Volatile;
use chasqui_storage::service::{CompletionSink, SHARD_READS_MAX, SHARD_WRITES_MAX, Service, ServiceConfig};

use crate::config::{Config, StorageEngine};
use crate::mesh::{Link, Receiver, Sender, inbox};
use crate::shard::store::StoreHandle;

/// Completions a shard may have waiting: every request it can have under way.
const COMPLETIONS_MAX: usize = SHARD_WRITES_MAX + SHARD_READS_MAX;

pub struct Store {
    pub epoch: Epoch,
    /// The store's threads, if it has any.
    pub service: Option<Service>,
    pub handles: Vec<StoreHandle>,
    pub inboxes: Vec<Receiver<Completion>>,
}

pub fn open<T>(config: &Config, links: &[Link<T>]) -> anyhow::Result<Store> {
    match config.storage.engine {
        StorageEngine::Memory => {
            tracing::warn!("the memory store keeps nothing across a restart");
            Ok(volatile(links))
        }
        StorageEngine::Embedded => {
            explain_panics(config);
            let engine = Embedded::open(&config.data).with_context(|| cannot_open(config))?;
            Ok(start(engine, config, links))
        }
    }
}

/// A panic that a damaged store causes while it is opened ends the process like any other error there. The released
/// program's panics abort, so nothing could catch it.
fn explain_panics(config: &Config) {
    let (context, panics) = (cannot_open(config), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |panic| match embedded::panic_means() {
        Some(error) => {
            eprintln!("chasqui: {context}: {error}");
            std::process::exit(1);
        }
        None => panics(panic),
    }));
}

fn cannot_open(config: &Config) -> String {
    format!("the store in {} cannot be opened", config.data.display())
}

fn volatile<T>(links: &[Link<T>]) -> Store {
    let store = Volatile::default();
    let (_, inboxes) = completions(links);
    let handles = links.iter().map(|_| StoreHandle::Volatile(store.clone())).collect();
    Store { epoch: seconds_since_1970(), service: None, handles, inboxes }
}

/// Rises with every start, as the epoch of a store without a memory must.
fn seconds_since_1970() -> Epoch {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs())
}

fn start<E: Engine, T>(engine: E, config: &Config, links: &[Link<T>]) -> Store {
    let epoch = engine.boot_epoch();
    let (senders, inboxes) = completions(links);
    let service = ServiceConfig { gather: config.storage.gather, ..ServiceConfig::default() };
    let sinks = senders.into_iter().map(|sender| Box::new(Sink(sender)) as Box<dyn CompletionSink>).collect();
    let (service, handles) = Service::start(engine, service, sinks);
    Store { epoch, service: Some(service), handles: handles.into_iter().map(StoreHandle::Service).collect(), inboxes }
}

fn completions<T>(links: &[Link<T>]) -> (Vec<Sender<Completion>>, Vec<Receiver<Completion>>) {
    links.iter().map(|link| inbox(COMPLETIONS_MAX, link.doorbell())).unzip()
}

struct Sink(Sender<Completion>);

impl CompletionSink for Sink {
    fn complete(&mut self, completion: Completion) {
        if self.0.push(completion).is_err() {
            // The inbox holds every request a shard may have under way; only a shard that has stopped is full.
            assert!(self.0.is_abandoned(), "a completion inbox is as large as the shard's store slots");
        }
    }
    fn flush(&mut self) {
        self.0.ring();
    }
}
