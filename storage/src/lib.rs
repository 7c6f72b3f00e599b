//! The durable store behind one port.
//!
//! Promise: a write whose completion says `Persisted` survives the death of the process at any later moment; its
//! rows are kept together or not at all. In the flow it stands behind the conversation: `relay` hands a shard's
//! requests to [`service`], which commits them in groups and hands completions back.
//!
//! What is proved, and what is not: children killed with SIGKILL in the middle of a write load, a system-call trace
//! that no acknowledgement precedes the fdatasync covering it, and journals cut and zeroed at many offsets. Power
//! loss itself is untested: it rests on fdatasync doing what the operating system and the disk promise.
//!
//! # Layout
//! - [`engine`]: what every engine does, and how it fails
//! - [`embedded`]: the default engine, a log-structured tree (fjall) in the data folder
//! - [`memory`]: ordered maps that fail on command, for the simulator and tests
//! - [`service`]: threads and rings around an engine: group commit, readers, completions

pub mod embedded;
pub mod engine;
pub mod memory;
pub mod service;
