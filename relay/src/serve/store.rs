//! The store of a server: the engine the configuration names, behind its threads.

use anyhow::Context;
use chasqui_proto::ids::Epoch;
use chasqui_proto::row::Completion;
use chasqui_storage::embedded::Embedded;
use chasqui_storage::engine::Engine;
use chasqui_storage::memory::{Memory, SharedMemory};
use chasqui_storage::service::{
    CompletionSink, SHARD_READS_MAX, SHARD_WRITES_MAX, Service, ServiceConfig, ShardHandle,
};

use crate::config::{Config, StorageEngine};
use crate::mesh::{Link, Receiver, Sender, inbox};

/// Completions a shard may have waiting: every request it can have under way.
const COMPLETIONS_MAX: usize = SHARD_WRITES_MAX + SHARD_READS_MAX;

pub struct Store {
    pub epoch: Epoch,
    pub service: Service,
    pub handles: Vec<ShardHandle>,
    pub inboxes: Vec<Receiver<Completion>>,
}

pub fn open<T>(config: &Config, links: &[Link<T>]) -> anyhow::Result<Store> {
    match config.storage.engine {
        StorageEngine::Memory => {
            tracing::warn!("the memory store keeps nothing across a restart");
            Ok(start(SharedMemory::new(Memory::new()), links))
        }
        StorageEngine::Embedded => {
            let engine = Embedded::open(&config.data)
                .with_context(|| format!("the store in {} cannot be opened", config.data.display()))?;
            Ok(start(engine, links))
        }
    }
}

fn start<E: Engine, T>(engine: E, links: &[Link<T>]) -> Store {
    let epoch = engine.boot_epoch();
    let (senders, inboxes): (Vec<_>, Vec<_>) = links.iter().map(|link| inbox(COMPLETIONS_MAX, link.doorbell())).unzip();
    let sinks = senders.into_iter().map(|sender| Box::new(Sink(sender)) as Box<dyn CompletionSink>).collect();
    let (service, handles) = Service::start(engine, ServiceConfig::default(), sinks);
    Store { epoch, service, handles, inboxes }
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
