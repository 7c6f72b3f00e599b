//! The server's half of WebSocket (RFC 6455) over HTTP/1.1, without IO.
//!
//! Promises: bytes of any origin never panic, never make a decoder hold more than its limits, and end in
//! events or in one [`ProtocolError`] that names the close code to send. A whole message that lies inside the
//! caller's receive buffer is unmasked there and handed out borrowed, with no allocation; a binary payload
//! always starts on an 8-byte boundary, as archived frames need it.
//!
//! Place in the flow: the transport reads bytes, [`handshake`] turns the first of them into a request head and
//! answers it, [`frame`] cuts the rest into messages for a dialect, and [`encode`] builds what goes back.
//! Server frames are unmasked, so the same bytes serve every session of a fan-out.
//!
//! Limits: [`limits`]. Not here: sockets, timeouts, the order of ping and close, extensions (none is offered).
//!
//! ```
//! use chasqui_proto::ws::{self, Decoder, Event, Input, Limits};
//! use chasqui_proto::ws::handshake::{self, HeadReader};
//!
//! let received = b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
//!     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
//!     Sec-WebSocket-Protocol: chasqui.v1.json\r\n\r\n";
//! let (head, _head_len) = HeadReader::new().read(received).unwrap().expect("the head is complete");
//! let upgrade = handshake::check_upgrade(&head).unwrap();
//! let protocol = head.choose_protocol(&["chasqui.v1", "chasqui.v1.json"]);
//! let mut out = Vec::new();
//! handshake::write_switching(&mut out, &upgrade, protocol);
//!
//! let mut decoder = Decoder::new(Limits::default());
//! let mut chunk = *b"\x81\x82\x01\x02\x03\x04ik"; // "hi", masked
//! let mut input = Input::new(&mut chunk);
//! loop {
//!     match decoder.next(&mut input) {
//!         Ok(Some(Event::Text(text))) => ws::encode::text(&mut out, text),
//!         Ok(Some(Event::Ping(payload))) => ws::encode::pong(&mut out, payload),
//!         Ok(Some(Event::Close(close))) => ws::encode::close(&mut out, close),
//!         Ok(Some(_)) => {}
//!         Ok(None) => break, // the chunk is used up; read the next one
//!         Err(error) => {
//!             ws::encode::close(&mut out, Some(error.close()));
//!             break;
//!         }
//!     }
//! }
//! decoder.release(); // nothing unfinished: the idle connection holds no memory
//! assert!(out.ends_with(b"\x81\x02hi"));
//! ```

pub mod close;
pub mod encode;
pub mod error;
pub mod frame;
pub mod handshake;
pub mod limits;
pub mod mask;

pub use close::Close;
pub use error::ProtocolError;
pub use frame::{Decoder, Event, Input, Opcode};
pub use limits::Limits;
