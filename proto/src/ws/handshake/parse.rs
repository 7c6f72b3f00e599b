//! From received bytes to a request head.
//!
//! The reader first looks for the empty line, each byte once however small the pieces, and parses only then:
//! a client that trickles its head costs no more than one that sends it at once.

use super::head::{RequestHead, Version};
use super::response::Status;
use crate::ws::limits::{HEAD_BYTES_MAX, HEADERS_MAX};

/// Why a request head was refused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HeadError {
    /// More than `HEAD_BYTES_MAX` bytes or `HEADERS_MAX` headers.
    TooLarge,
    /// Not HTTP/1.x, or a header that has no single clear meaning.
    Malformed,
}

impl HeadError {
    pub fn status(self) -> Status {
        match self {
            Self::TooLarge => Status::HeaderFieldsTooLarge,
            Self::Malformed => Status::BadRequest,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::TooLarge => "head_too_large",
            Self::Malformed => "malformed_request",
        }
    }

    pub fn message(self) -> &'static str {
        match self {
            Self::TooLarge => "The request head is larger than the limit.",
            Self::Malformed => "The request head is not valid HTTP/1.1.",
        }
    }
}

/// Reads one request head from a growing buffer.
#[derive(Default, Debug)]
pub struct HeadReader {
    /// No empty line ends within this many bytes.
    scanned: usize,
}

impl HeadReader {
    pub fn new() -> Self {
        Self::default()
    }

    /// The head at the start of `received` and its length; `None` when more bytes are needed.
    ///
    /// Call it with all bytes received so far, each time more have come.
    pub fn read(&mut self, received: &[u8]) -> Result<Option<(RequestHead, usize)>, HeadError> {
        let scope = &received[..received.len().min(HEAD_BYTES_MAX)];
        match head_end(scope, self.scanned) {
            Some(end) => parse(&scope[..end]).map(Some),
            None if received.len() >= HEAD_BYTES_MAX => Err(HeadError::TooLarge),
            None => {
                self.scanned = scope.len();
                Ok(None)
            }
        }
    }
}

/// Where the first empty line ends; nothing ends before `scanned`.
fn head_end(bytes: &[u8], scanned: usize) -> Option<usize> {
    let from = scanned.saturating_sub(2);
    let mut breaks = bytes[from..].iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| from + at);
    breaks.find_map(|at| match bytes[at + 1..] {
        [b'\n', ..] => Some(at + 2),
        [b'\r', b'\n', ..] => Some(at + 3),
        _ => None,
    })
}

fn parse(bytes: &[u8]) -> Result<(RequestHead, usize), HeadError> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    let used = match request.parse(bytes) {
        Ok(httparse::Status::Complete(used)) => used,
        Err(httparse::Error::TooManyHeaders) => return Err(HeadError::TooLarge),
        Ok(httparse::Status::Partial) | Err(_) => return Err(HeadError::Malformed),
    };
    let mut head = request_line(&request)?;
    for header in request.headers.iter() {
        take_header(&mut head, header)?;
    }
    if head.version >= Version::Http11 && head.host.is_none() {
        return Err(HeadError::Malformed);
    }
    Ok((head, used))
}

fn request_line(request: &httparse::Request<'_, '_>) -> Result<RequestHead, HeadError> {
    let (Some(method), Some(target)) = (request.method, request.path) else {
        return Err(HeadError::Malformed);
    };
    let target = origin_form(target).ok_or(HeadError::Malformed)?;
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target, None),
    };
    Ok(RequestHead {
        method: method.to_owned(),
        path: if path.is_empty() { "/".to_owned() } else { path.to_owned() },
        query,
        version: if request.version == Some(0) { Version::Http10 } else { Version::Http11 },
        ..RequestHead::default()
    })
}

/// Path and query; a request to a proxy names the whole URL, and servers must accept that.
fn origin_form(target: &str) -> Option<&str> {
    if target.starts_with('/') {
        return Some(target);
    }
    let (scheme, rest) = target.split_once("://")?;
    let known = ["http", "https", "ws", "wss"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    known.then(|| &rest[rest.find(['/', '?']).unwrap_or(rest.len())..])
}

/// Notes a header that matters; the others may hold anything.
fn take_header(head: &mut RequestHead, header: &httparse::Header<'_>) -> Result<(), HeadError> {
    let name = header.name.to_ascii_lowercase();
    let (slot, repeat) = match name.as_str() {
        "host" => (&mut head.host, None),
        "origin" => (&mut head.origin, None),
        "authorization" => (&mut head.authorization, None),
        "sec-websocket-key" => (&mut head.websocket_key, None),
        "sec-websocket-version" => (&mut head.websocket_version, None),
        "cookie" => (&mut head.cookie, Some("; ")),
        "upgrade" => (&mut head.upgrade, Some(", ")),
        "connection" => (&mut head.connection, Some(", ")),
        "sec-websocket-protocol" => (&mut head.websocket_protocol, Some(", ")),
        "sec-websocket-extensions" => (&mut head.websocket_extensions, Some(", ")),
        _ => {
            head.has_body |= announces_body(&name, header.value);
            return Ok(());
        }
    };
    let value = std::str::from_utf8(header.value).map_err(|_| HeadError::Malformed)?;
    match (slot, repeat) {
        (slot @ None, _) => *slot = Some(value.to_owned()),
        (Some(_), None) => return Err(HeadError::Malformed),
        (Some(joined), Some(separator)) => joined.extend([separator, value]),
    }
    Ok(())
}

fn announces_body(name: &str, value: &[u8]) -> bool {
    match name {
        "transfer-encoding" => true,
        "content-length" => value != b"0",
        _ => false,
    }
}
