//! Where a handshake carries its token.
//!
//! In order: `Authorization: Bearer`, a `bearer.<jwt>` entry among the WebSocket subprotocols, `?token=`, and
//! the cookie if one is configured. The first that is there decides; a bad token in it is not replaced by a
//! good one elsewhere. Pure functions over header values; nothing here looks at the token itself.

use std::borrow::Cow;

/// The parts of a request that may hold a token, as they came.
#[derive(Clone, Copy, Default)]
pub struct Carriers<'a> {
    pub authorization: Option<&'a str>,
    /// `Sec-WebSocket-Protocol`, or WebTransport's offered protocols.
    pub subprotocols: Option<&'a str>,
    /// Without the question mark.
    pub query: Option<&'a str>,
    pub cookie: Option<&'a str>,
    /// The cookie to look for, if one is configured.
    pub cookie_name: Option<&'a str>,
}

/// The token; `None` leaves the connection to authenticate by its first frame.
pub fn find<'a>(carriers: &Carriers<'a>) -> Option<Cow<'a, str>> {
    let header = || carriers.authorization.and_then(from_authorization).map(Cow::Borrowed);
    let subprotocol = || carriers.subprotocols.and_then(from_subprotocols).map(Cow::Borrowed);
    let query = || carriers.query.and_then(from_query);
    let cookie = || from_cookies(carriers.cookie?, carriers.cookie_name?).map(Cow::Borrowed);
    header().or_else(subprotocol).or_else(query).or_else(cookie)
}

/// The scheme's case does not matter; another scheme is no token.
pub fn from_authorization(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

/// A browser's WebSocket cannot set headers, but it can offer a subprotocol named after its token. The server
/// must choose another of the offered ones, never this.
pub fn from_subprotocols(value: &str) -> Option<&str> {
    let entries = value.split(',').map(str::trim);
    entries.filter_map(|entry| entry.strip_prefix("bearer.")).find(|token| !token.is_empty())
}

/// The first `token` parameter, percent-decoded; as it came if it does not decode, so that it is refused as a
/// bad token and not taken for a missing one.
pub fn from_query(query: &str) -> Option<Cow<'_, str>> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.filter(|(name, _)| *name == "token").map(|(_, value)| value).next()?;
    let token = percent_decode(value).unwrap_or(Cow::Borrowed(value));
    (!token.is_empty()).then_some(token)
}

/// The first cookie of that name, quoted or not.
pub fn from_cookies<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let pairs = header.split(';').filter_map(|pair| pair.trim().split_once('='));
    let value = pairs.filter(|(it, _)| *it == name).map(|(_, value)| value.trim()).next()?;
    let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    (!bare.is_empty()).then_some(bare)
}

/// `None` for a broken escape or what is not UTF-8. A plus sign stays one: tokens have no spaces.
fn percent_decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            other => other,
        });
    }
    String::from_utf8(out).ok().map(Cow::Owned)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}
