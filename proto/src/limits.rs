//! Every limit a wire or a row can meet, with its unit last and its reason beside it.

/// The token's `sub`; long enough for a UUID, an e-mail-like id or a prefixed one.
pub const USER_ID_BYTES_MAX: usize = 64;
/// A request id is echoed, so it must stay small; a UUID fits.
pub const REQUEST_ID_BYTES_MAX: usize = 64;
/// One client frame (WebSocket message or length-prefixed stream frame), unless configured otherwise.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;
/// A frame that comes or goes as a datagram, of either dialect; QUIC carries as much on every path, and typing with
/// the longest of ids needs half of it.
pub const DATAGRAM_BYTES_MAX: usize = 1024;
/// Message text; leaves room for the envelope and its ids within a frame.
pub const CONTENT_BYTES_MAX: usize = 60 * 1024;
/// A group's title.
pub const TITLE_BYTES_MAX: usize = 256;
/// Members of one group; the create frame with that many ids must fit a frame and a store batch.
pub const GROUP_MEMBERS_MAX: usize = 4096;
/// Above this, receipts, typing and presence of a group are kept but not broadcast: the traffic grows with its square.
pub const GROUP_RECEIPT_MEMBERS_MAX: usize = 256;
/// Conversations named in one SYNC; an entry in JSON is some 45 bytes.
pub const SYNC_CURSORS_MAX: usize = 1024;
/// Messages of one conversation in one SYNC_RESULT.
pub const SYNC_MESSAGES_MAX: usize = 100;
/// Conversations in one SYNC_RESULT page.
pub const SYNC_CONVERSATIONS_MAX: usize = 64;
/// Message bytes in one SYNC_RESULT page, so that a page fits an outbox beside live traffic.
pub const SYNC_PAGE_BYTES_MAX: usize = 256 * 1024;
/// A page cursor of SYNC, as text.
pub const SYNC_NEXT_BYTES_MAX: usize = 64;
/// A token in CONNECT; larger than any sane JWT.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Malformed frames a connection may send before it is closed with 4102.
pub const MALFORMED_FRAMES_MAX: u32 = 10;

const _: () = assert!(CONTENT_BYTES_MAX < FRAME_BYTES_MAX);
const _: () = assert!(CONTENT_BYTES_MAX < SYNC_PAGE_BYTES_MAX);
