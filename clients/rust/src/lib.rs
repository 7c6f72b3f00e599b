//! The async client (tokio) for both transports.
//!
//! Two layers. [`raw`] connects, writes commands and reads events, and does nothing by itself: for load generation and
//! protocol tests. [`Client`] keeps the client rules (`chasqui-client-rules`) above it: it reconnects, resumes,
//! sends again what has no answer, and shows every message once.
//!
//! ```no_run
//! # async fn demo(token: String) -> Result<(), Box<dyn std::error::Error>> {
//! use chasqui_client::{AckLevel, Client, ConnectOptions, OwnedTarget, UserId};
//!
//! let options = ConnectOptions::new("ws://127.0.0.1:8080/ws")?.token(token);
//! let mut client = Client::connect(options).await?;
//! let mut events = client.events().expect("taken once");
//! let bob = OwnedTarget::User(UserId::new("bob").expect("a valid user id"));
//! let ack = client.send(bob, "hi", AckLevel::Durable).await?;
//! println!("stored as {} at {}", ack.msg_id, ack.seq);
//! while let Some(event) = events.recv().await {
//!     println!("{event:?}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Layout
//! - [`options`]: where to connect, how to show the token, what to trust
//! - [`raw`]: one connection; `ws`, `wt`: its two transports; `outgoing`: what both write through
//! - [`client`]: the client; `driver`: the task behind it; `link`: connecting and connecting again
//! - [`backoff`]: when to connect again, and when not

pub mod backoff;
pub mod client;
mod driver;
mod link;
pub mod options;
mod outgoing;
pub mod raw;
mod tls;
mod ws;
mod wt;

pub use chasqui_client_rules::{Config as RulesConfig, Notice, OwnedTarget, SendFailure, Stats};
pub use chasqui_proto::command::{AckLevel, Command, ReceiptKind};
pub use chasqui_proto::dialect::Dialect;
pub use chasqui_proto::event::{Event, Message};
pub use chasqui_proto::ids::{ClientId, ConvId, MsgId, Seq, UserId};
pub use client::{Ack, AskError, Client, ClientEvent, SendError};
pub use options::{ConnectOptions, OptionsError, TokenIn, Trust};
pub use raw::{Closed, ConnectError, Connection, Connector};
