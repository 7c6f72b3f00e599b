//! The shell around the pure core, and the `chasqui` binary.
//!
//! # Layout
//! - [`serve`]: a server from start to drain; [`cli`], [`config`]: how it is told what to do
//! - [`shard`]: one shard's shell; [`mesh`]: rings and doorbells between shards; [`rt`]: the runtime room
//! - [`tcp`]: HTTP/1.1, TLS and WebSocket; [`wt`]: HTTP/3 and WebTransport
//! - [`edge`]: who may connect, and from frames to commands; [`auth`]: tokens

pub mod auth;
pub mod cli;
pub mod config;
pub mod edge;
pub mod mesh;
pub mod race;
pub mod rt;
pub mod serve;
pub mod shard;
pub mod tcp;
pub mod wt;
