//! The relay's settings: what they are, where they come from and how they are explained.
//!
//! Promise: every setting is one line of the table [`FIELDS`]. From that line come its key in the TOML file,
//! its environment variable, its `--set` name, its range, the commented default file and the reference page,
//! so none of them can drift from the others.
//!
//! Layers, later ones win: defaults, TOML file, environment, flags. `--dev` exchanges a few defaults
//! ([`Config::for_dev`]) and nothing else; a file can still set them.
//!
//! A key nobody knows is a warning (a newer relay's file must not stop an older relay), a value nobody can use
//! is an error, and all errors are reported at once, each with its place and with what is allowed.

mod check;
mod choices;
mod data_size;
mod duration;
mod file;
mod load;
pub mod nofile;
mod print;
mod problem;
mod suggest;
mod table;
mod value;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chasqui_storage::service::GATHER_DEFAULT;

pub use choices::{DeliveryOrder, Driver, LogFormat, LogLevel, SessionsPerNode, Shards, StorageEngine};
pub use data_size::DataSize;
pub use duration::{parse_duration, render_duration};
pub use load::{ConfigError, Loaded, Sources, load};
pub use print::{default_toml, reference_markdown};
pub use problem::{Origin, Problem};
pub use table::{FIELDS, Field, env_name};
pub use value::{Secret, Setting};

/// Variable that names the configuration file where `--config` is absent. Not a setting itself.
pub const CONFIG_FILE_ENV: &str = "CHASQUI_CONFIG";
/// A configuration file above this is surely not one.
pub const CONFIG_FILE_BYTES_MAX: u64 = 1024 * 1024;

/// All settings, typed. Field names are the keys of the TOML file.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Not a setting of the file: `serve --dev`.
    pub dev: bool,
    pub data: PathBuf,
    pub server: Server,
    pub tls: Tls,
    pub auth: Auth,
    pub limits: Limits,
    pub websocket: WebSocket,
    pub quic: Quic,
    pub storage: Storage,
    pub delivery: Delivery,
    pub log: Log,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    pub listen: SocketAddr,
    pub internal_listen: SocketAddr,
    pub shards: Shards,
    pub driver: Driver,
    pub drain_within: Duration,
    pub allowed_origins: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tls {
    pub certificate_file: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Auth {
    pub secrets: Vec<Secret>,
    pub secret_files: Vec<PathBuf>,
    pub public_key_files: Vec<PathBuf>,
    pub jwks_file: Option<PathBuf>,
    pub algorithms: Vec<String>,
    pub issuers: Vec<String>,
    pub audiences: Vec<String>,
    pub leeway: Duration,
    pub cookie: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    pub frame_size: DataSize,
    pub outbox_size: DataSize,
    pub sessions_per_user: u32,
    pub sessions_per_node: SessionsPerNode,
    pub sends_per_second: u32,
    pub send_burst: u32,
    pub authenticate_within: Duration,
}

#[derive(Debug, Clone, PartialEq)]
pub struct WebSocket {
    pub ping_every: Duration,
    pub pong_within: Duration,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Quic {
    pub idle_timeout: Duration,
    pub keep_alive: Duration,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Storage {
    pub engine: StorageEngine,
    pub gather: Duration,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    pub order: DeliveryOrder,
    pub ack_delay: Duration,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    pub format: LogFormat,
    pub level: LogLevel,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            dev: false,
            data: PathBuf::from("./chasqui-data"),
            server: Server::default(),
            tls: Tls::default(),
            auth: Auth::default(),
            limits: Limits::default(),
            websocket: WebSocket { ping_every: Duration::from_secs(25), pong_within: Duration::from_secs(8) },
            // Four seconds let two keep-alives be lost before the idle timeout ends a live session.
            quic: Quic { idle_timeout: Duration::from_secs(10), keep_alive: Duration::from_secs(4) },
            storage: Storage { engine: StorageEngine::Embedded, gather: GATHER_DEFAULT },
            delivery: Delivery { order: DeliveryOrder::RelayFirst, ack_delay: Duration::ZERO },
            log: Log { format: LogFormat::Text, level: LogLevel::info() },
        }
    }
}

impl Config {
    /// The defaults of `serve --dev`: nothing that could collide with a second relay on the same machine, and
    /// no leeway, since issuer and relay share one clock.
    pub fn for_dev() -> Self {
        let mut config = Self { dev: true, ..Self::default() };
        config.server.internal_listen.set_port(0);
        config.auth.leeway = Duration::ZERO;
        config
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            internal_listen: SocketAddr::from(([127, 0, 0, 1], 9180)),
            shards: Shards::Auto,
            driver: Driver::Auto,
            drain_within: Duration::from_secs(30),
            allowed_origins: Vec::new(),
        }
    }
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            secrets: Vec::new(),
            secret_files: Vec::new(),
            public_key_files: Vec::new(),
            jwks_file: None,
            algorithms: Vec::new(),
            issuers: Vec::new(),
            audiences: Vec::new(),
            leeway: Duration::from_secs(5),
            cookie: None,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_size: DataSize::kib(64),
            outbox_size: DataSize::mib(1),
            sessions_per_user: 10,
            sessions_per_node: SessionsPerNode::PercentOfNofile(90),
            sends_per_second: 10,
            send_burst: 20,
            authenticate_within: Duration::from_secs(10),
        }
    }
}
