//! The core's own bounds. Those a wire or a row can meet are in `chasqui_proto::limits`.

/// Commands that may wait, in order, for one conversation to load or be created.
pub const LOADING_PARKED_MAX: usize = 256;
/// Sessions that may wait for one user to load.
pub const USER_PARKED_MAX: usize = 16;
/// Appends of one conversation under way in the store; a load reads as many, so that it sees every seq that can be a hole.
pub const PENDING_APPENDS_MAX: usize = 256;
/// Newest messages a live conversation keeps in memory; with a few that are being committed they have 64 places.
pub const TAIL_MESSAGES_MAX: usize = 60;
/// Bytes of message text a live conversation keeps in memory beyond those still being committed.
pub const TAIL_BYTES_MAX: usize = 256 * 1024;
/// Forgotten messages whose memory waits for others, and the largest text whose memory does.
pub const SPARE_MESSAGES_MAX: usize = 1024;
pub const SPARE_TEXT_BYTES_MAX: usize = 4 * 1024;
/// Sends of one conversation that wait for a look-up of their dedupe row.
pub const LOOKUPS_MAX: usize = 256;
/// Sends of one conversation that wait for a delivered or read ack.
pub const LEVEL_WAITERS_MAX: usize = 1024;
/// Conversations one part of a sync page asks at a time, so that its loads leave room in the store for others.
pub const SYNC_LOADS_MAX: usize = 8;
/// Conversations named in one interest message.
pub const INTEREST_BATCH_MAX: usize = 1024;
/// How often the eviction sweep runs, and how many entries it looks at.
pub const EVICT_SWEEP_MS: u64 = 1_000;
pub const EVICT_SWEEP_ENTRIES_MAX: usize = 4_096;
/// How many entries a load on a full shard looks at for one that is at rest.
pub const EVICT_FOR_ROOM_ENTRIES_MAX: usize = 32;
/// Receipt cursors ride in memory this long before they are written, so that many become one row.
pub const RECEIPT_FLUSH_MS: u64 = 200;
/// First and greatest pause before a write with an unknown outcome is repeated.
pub const RETRY_FIRST_MS: u64 = 20;
pub const RETRY_MAX_MS: u64 = 1_000;
