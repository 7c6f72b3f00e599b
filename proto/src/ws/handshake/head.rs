//! A request head, as far as the relay looks at it.

use std::borrow::Cow;

/// HTTP version of a request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub enum Version {
    Http10,
    #[default]
    Http11,
    Http3,
}

/// The request line and the headers that matter; a repeated list header is joined with commas.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct RequestHead {
    pub method: String,
    /// Starts with a slash; percent-encoding is left as it came.
    pub path: String,
    /// What follows the first question mark.
    pub query: Option<String>,
    pub version: Version,
    pub host: Option<String>,
    pub origin: Option<String>,
    pub authorization: Option<String>,
    /// Repeated headers are joined with semicolons.
    pub cookie: Option<String>,
    pub upgrade: Option<String>,
    pub connection: Option<String>,
    pub websocket_key: Option<String>,
    pub websocket_version: Option<String>,
    pub websocket_protocol: Option<String>,
    pub websocket_extensions: Option<String>,
    /// A body follows, by length or in chunks.
    pub has_body: bool,
}

impl RequestHead {
    /// Whether the client asks to switch to WebSocket.
    pub fn wants_websocket(&self) -> bool {
        has_token(&self.upgrade, "websocket")
    }

    /// Whether the connection may serve another request afterwards.
    pub fn keep_alive(&self) -> bool {
        match self.version {
            Version::Http10 => has_token(&self.connection, "keep-alive"),
            _ => !has_token(&self.connection, "close"),
        }
    }

    /// The credentials of `Authorization: Bearer`.
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.authorization.as_deref()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// The first value of a query parameter, percent-decoded; `None` also when it does not decode to UTF-8.
    pub fn query_param(&self, name: &str) -> Option<Cow<'_, str>> {
        let pairs = self.query.as_deref()?.split('&');
        let mut pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.find(|(key, _)| *key == name).and_then(|(_, value)| percent_decode(value))
    }

    /// The first cookie of that name.
    pub fn cookie_value(&self, name: &str) -> Option<&str> {
        let mut pairs = self.cookie.as_deref()?.split(';').filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Subprotocols the client offers, in its order of preference.
    pub fn offered_protocols(&self) -> impl Iterator<Item = &str> {
        tokens(&self.websocket_protocol)
    }

    /// The first offered subprotocol that is supported.
    pub fn choose_protocol<'s>(&self, supported: &[&'s str]) -> Option<&'s str> {
        self.offered_protocols().find_map(|offer| supported.iter().copied().find(|known| *known == offer))
    }
}

/// The non-empty elements of a comma-separated header.
fn tokens(header: &Option<String>) -> impl Iterator<Item = &str> {
    let list = header.as_deref().unwrap_or_default();
    list.split(',').map(str::trim).filter(|token| !token.is_empty())
}

pub(super) fn has_token(header: &Option<String>, token: &str) -> bool {
    tokens(header).any(|found| found.eq_ignore_ascii_case(token))
}

fn percent_decode(value: &str) -> Option<Cow<'_, str>> {
    if !value.contains(['%', '+']) {
        return Some(Cow::Borrowed(value));
    }
    let mut bytes = value.bytes();
    let mut decoded = Vec::with_capacity(value.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => 16 * hex_digit(bytes.next()?)? + hex_digit(bytes.next()?)?,
            b'+' => b' ',
            _ => byte,
        });
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}
