//! The opening handshake (RFC 6455, section 4.2).

use super::head::{RequestHead, Version, has_token};
use super::response::Status;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::BufMut;
use sha1::{Digest, Sha1};

/// Appended to the key before hashing, so that no other server's answer matches by chance.
const KEY_SUFFIX: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const KEY_BYTES: usize = 16;

/// A valid upgrade request's answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Upgrade {
    accept: String,
}

/// Why a request cannot be upgraded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UpgradeError {
    NotGet,
    NotHttp11,
    /// An ordinary request for a path that only speaks WebSocket.
    NotWebSocket,
    NoConnectionUpgrade,
    UnsupportedVersion,
    BadKey,
}

impl UpgradeError {
    pub const ALL: &'static [Self] = &[
        Self::NotGet,
        Self::NotHttp11,
        Self::NotWebSocket,
        Self::NoConnectionUpgrade,
        Self::UnsupportedVersion,
        Self::BadKey,
    ];

    pub fn status(self) -> Status {
        match self {
            Self::NotGet => Status::MethodNotAllowed,
            Self::NotWebSocket | Self::UnsupportedVersion => Status::UpgradeRequired,
            Self::NotHttp11 | Self::NoConnectionUpgrade | Self::BadKey => Status::BadRequest,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::NotGet => "method_not_allowed",
            Self::NotHttp11 => "http_version",
            Self::NotWebSocket => "upgrade_required",
            Self::NoConnectionUpgrade => "connection_upgrade_missing",
            Self::UnsupportedVersion => "websocket_version",
            Self::BadKey => "websocket_key",
        }
    }

    pub fn message(self) -> &'static str {
        match self {
            Self::NotGet => "A WebSocket starts with GET.",
            Self::NotHttp11 => "A WebSocket starts with HTTP/1.1.",
            Self::NotWebSocket => "This path speaks WebSocket only.",
            Self::NoConnectionUpgrade => "The Connection header must contain Upgrade.",
            Self::UnsupportedVersion => "Sec-WebSocket-Version must be 13.",
            Self::BadKey => "Sec-WebSocket-Key must be 16 bytes in base64.",
        }
    }
}

/// Checks everything the handshake asks of the client; origin, token and path are the caller's.
pub fn check_upgrade(head: &RequestHead) -> Result<Upgrade, UpgradeError> {
    if head.method != "GET" {
        return Err(UpgradeError::NotGet);
    }
    if head.version != Version::Http11 {
        return Err(UpgradeError::NotHttp11);
    }
    if !head.wants_websocket() {
        return Err(UpgradeError::NotWebSocket);
    }
    if !has_token(&head.connection, "upgrade") {
        return Err(UpgradeError::NoConnectionUpgrade);
    }
    if head.websocket_version.as_deref() != Some("13") {
        return Err(UpgradeError::UnsupportedVersion);
    }
    let key = head.websocket_key.as_deref().unwrap_or_default();
    match STANDARD.decode(key) {
        Ok(bytes) if bytes.len() == KEY_BYTES => Ok(Upgrade { accept: accept_key(key) }),
        _ => Err(UpgradeError::BadKey),
    }
}

/// The value of `Sec-WebSocket-Accept` for a key.
pub fn accept_key(key: &str) -> String {
    let digest = Sha1::new().chain_update(key).chain_update(KEY_SUFFIX).finalize();
    STANDARD.encode(digest)
}

/// Appends the 101 answer; `protocol` is one of ours, chosen from the client's offers.
pub fn write_switching(out: &mut impl BufMut, upgrade: &Upgrade, protocol: Option<&str>) {
    out.put_slice(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
    out.put_slice(format!("Sec-WebSocket-Accept: {}\r\n", upgrade.accept).as_bytes());
    if let Some(protocol) = protocol {
        out.put_slice(format!("Sec-WebSocket-Protocol: {protocol}\r\n").as_bytes());
    }
    out.put_slice(b"\r\n");
}
