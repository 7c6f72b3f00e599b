//! WebSocket: the client's handshake, written here, and frames by `fastwebsockets`, a codec independent of the server's.

use std::io::{self, Cursor};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chasqui_proto::dialect::{Dialect, decode_event};
use chasqui_proto::event::Event;
use chasqui_proto::ws::handshake::accept_key;
use fastwebsockets::{FragmentCollectorRead, Frame, OpCode, Payload, Role, WebSocketError, after_handshake_split};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use url::Url;

use crate::options::TokenIn;
use crate::outgoing::Outgoing;
use crate::raw::{Closed, ConnectError, EVENT_BYTES_MAX};

/// The server's answer to the upgrade.
const RESPONSE_BYTES_MAX: usize = 16 * 1024;
const HEADERS_MAX: usize = 64;

/// What the upgrade asks for.
pub struct Upgrade<'a> {
    pub url: &'a Url,
    pub dialect: Dialect,
    pub token: &'a str,
    pub token_in: TokenIn,
}

impl Upgrade<'_> {
    fn request(&self, key: &str) -> String {
        let (url, protocol) = (self.url, self.dialect.subprotocol());
        let query = url.query().map_or_else(String::new, |query| format!("?{query}"));
        let (host, path) = (&url[url::Position::BeforeHost..url::Position::AfterPort], url.path());
        let (mut offered, mut authorization) = (protocol.to_owned(), String::new());
        match self.token_in {
            TokenIn::Header => authorization = format!("Authorization: Bearer {}\r\n", self.token),
            TokenIn::Subprotocol => offered = format!("{protocol}, bearer.{}", self.token),
            TokenIn::Query | TokenIn::FirstFrame => {}
        }
        format!(
            "GET {path}{query} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {offered}\r\n\
             {authorization}\r\n"
        )
    }

    /// Writes the request, reads the answer, and returns what came after it.
    pub async fn perform(&self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<Vec<u8>, ConnectError> {
        let key = key();
        stream.write_all(self.request(&key).as_bytes()).await?;
        stream.flush().await?;
        let mut received = Vec::new();
        loop {
            let read = stream.read_buf(&mut received).await?;
            if let Some(head_bytes) = check_response(&received, &key, self.dialect, read == 0)? {
                return Ok(received.split_off(head_bytes));
            }
            if read == 0 || received.len() > RESPONSE_BYTES_MAX {
                return Err(ConnectError::Handshake("the answer to the upgrade has no end"));
            }
        }
    }
}

fn key() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    STANDARD.encode(bytes)
}

/// The length of the head, once it is whole and says that the upgrade is done.
fn check_response(received: &[u8], key: &str, dialect: Dialect, ended: bool) -> Result<Option<usize>, ConnectError> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(received).map_err(|_| ConnectError::Handshake("the answer is not HTTP"))?;
    let httparse::Status::Complete(head_bytes) = parsed else { return Ok(None) };
    let header = |name: &str| response.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value);
    let status = response.code.unwrap_or(0);
    if status != 101 {
        let body = &received[head_bytes..];
        let length = header("content-length").and_then(|v| str::from_utf8(v).ok()?.trim().parse().ok());
        let whole = ended || length.is_none_or(|length: usize| body.len() >= length);
        let message = String::from_utf8_lossy(body).into_owned();
        return if whole { Err(ConnectError::Refused { status, message }) } else { Ok(None) };
    }
    if header("sec-websocket-accept") != Some(accept_key(key).as_bytes()) {
        return Err(ConnectError::Handshake("the answer is not to this upgrade"));
    }
    if header("sec-websocket-protocol") != Some(dialect.subprotocol().as_bytes()) {
        return Err(ConnectError::Handshake("the server chose another subprotocol"));
    }
    Ok(Some(head_bytes))
}

type Bytes = Box<dyn AsyncRead + Send + Unpin>;

/// The reading half.
pub struct Reader {
    frames: FragmentCollectorRead<Bytes>,
    dialect: Dialect,
    outgoing: Arc<Outgoing>,
    silence_max: Option<Duration>,
}

impl Reader {
    pub fn new(
        early: Vec<u8>,
        stream: impl AsyncRead + Send + Unpin + 'static,
        dialect: Dialect,
        outgoing: Arc<Outgoing>,
        silence_max: Option<Duration>,
    ) -> Self {
        let stream: Bytes = Box::new(Cursor::new(early).chain(stream));
        // The writing half goes unused: frames are built in memory, so that many leave with one write.
        let (mut reader, _) = after_handshake_split(stream, tokio::io::sink(), Role::Client);
        reader.set_auto_close(false);
        reader.set_auto_pong(false);
        reader.set_max_message_size(EVENT_BYTES_MAX);
        Self { frames: FragmentCollectorRead::new(reader), dialect, outgoing, silence_max }
    }

    /// Not cancel safe: dropped in the middle of a frame, it loses the stream's place.
    pub async fn next(&mut self) -> Result<Event, Closed> {
        let dialect = self.dialect;
        let payload = self.next_payload().await?;
        decode_event(dialect, &payload).map_err(Closed::malformed)
    }

    /// The next message as it came. Not cancel safe either.
    pub async fn next_payload(&mut self) -> Result<Payload<'static>, Closed> {
        loop {
            let frame = self.frame().await?;
            match frame.opcode {
                OpCode::Text | OpCode::Binary => {
                    if (frame.opcode == OpCode::Text) != self.dialect.is_text() {
                        return Err(Closed::Malformed("a message of the other kind".to_owned()));
                    }
                    return Ok(frame.payload);
                }
                OpCode::Ping => self.outgoing.put_now(|out| append(out, Frame::pong(frame.payload))),
                OpCode::Close => return Err(self.closed(&frame.payload)),
                OpCode::Pong | OpCode::Continuation => {}
            }
        }
    }

    async fn frame(&mut self) -> Result<Frame<'static>, Closed> {
        let mut nothing_owed = async |_: Frame<'static>| Ok::<(), io::Error>(());
        let read = self.frames.read_frame(&mut nothing_owed);
        let read = match self.silence_max {
            Some(silence) => tokio::time::timeout(silence, read).await.map_err(|_| Closed::Silent)?,
            None => read.await,
        };
        read.map_err(|error| match error {
            WebSocketError::IoError(error) => Closed::Lost(error.to_string()),
            WebSocketError::UnexpectedEOF => Closed::Lost("the connection ended without a close".to_owned()),
            error => Closed::Malformed(error.to_string()),
        })
    }

    fn closed(&self, payload: &[u8]) -> Closed {
        let code = payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
        self.outgoing.put_now(|out| append(out, Frame::close_raw(payload[..payload.len().min(2)].to_vec().into())));
        self.outgoing.finish();
        let reason = String::from_utf8_lossy(payload.get(2..).unwrap_or_default()).into_owned();
        Closed::ByPeer { code, reason }
    }
}

/// Appends a payload as one message.
pub fn append_message(out: &mut Vec<u8>, dialect: Dialect, payload: &mut [u8]) {
    let opcode = if dialect.is_text() { OpCode::Text } else { OpCode::Binary };
    append(out, Frame::new(true, opcode, None, Payload::BorrowedMut(payload)));
}

pub fn append_close(out: &mut Vec<u8>, code: u16, reason: &str) {
    append(out, Frame::close(code, reason.as_bytes()));
}

fn append(out: &mut Vec<u8>, mut frame: Frame<'_>) {
    frame.mask();
    let mut bytes = Vec::with_capacity(frame.payload.len() + 16);
    out.extend_from_slice(frame.write(&mut bytes));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upgrade(token_in: TokenIn) -> String {
        let url = Url::parse("ws://h:8080/ws?x=1").unwrap();
        Upgrade { url: &url, dialect: Dialect::Json, token: "jwt", token_in }.request("k")
    }

    #[test]
    fn the_token_is_shown_where_it_should_be_and_nowhere_else() {
        let header = upgrade(TokenIn::Header);
        assert!(header.starts_with("GET /ws?x=1 HTTP/1.1\r\nHost: h:8080\r\n"), "{header}");
        assert!(header.contains("\r\nAuthorization: Bearer jwt\r\n\r\n"));
        assert!(header.contains("\r\nSec-WebSocket-Protocol: chasqui.v1.json\r\n"));
        let offered = upgrade(TokenIn::Subprotocol);
        assert!(offered.contains("\r\nSec-WebSocket-Protocol: chasqui.v1.json, bearer.jwt\r\n"));
        assert!(!offered.contains("Authorization"));
        assert!(!upgrade(TokenIn::FirstFrame).contains("jwt"));
    }

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const SWITCHING: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chasqui.v1\r\n\r\n";

    #[test]
    fn the_answer_is_believed_when_it_is_whole_and_to_this_upgrade() {
        let check = |text: &str, key, dialect| check_response(text.as_bytes(), key, dialect, false);
        assert_eq!(check(SWITCHING, KEY, Dialect::Native).unwrap(), Some(SWITCHING.len()));
        for cut in 0..SWITCHING.len() {
            assert_eq!(check(&SWITCHING[..cut], KEY, Dialect::Native).unwrap(), None, "cut at {cut}");
        }
        assert!(check(SWITCHING, "another key", Dialect::Native).is_err());
        assert!(check(SWITCHING, KEY, Dialect::Json).is_err());
        assert!(check("SSH-2.0-x\r\n\r\n", KEY, Dialect::Native).is_err());
    }

    #[test]
    fn a_refusal_says_what_the_server_said() {
        let text = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\nnope";
        assert_eq!(check_response(&text[..text.len() - 1], KEY, Dialect::Native, false).unwrap(), None);
        let refused = check_response(text, KEY, Dialect::Native, false).unwrap_err();
        assert!(matches!(refused, ConnectError::Refused { status: 401, message } if message == "nope"));
    }

    #[tokio::test]
    async fn pings_are_answered_fragments_joined_and_a_close_told() {
        let mut wire = vec![0x89, 1, b'p'];
        let error = br#"{"type":"DRAINING","reconnectAfterMs":7}"#;
        wire.extend([0x01, 10]);
        wire.extend(&error[..10]);
        wire.extend([0x80, (error.len() - 10) as u8]);
        wire.extend(&error[10..]);
        wire.extend([0x88, 4, 0x0f, 0xa0, b'b', b'y']);
        let outgoing = Arc::new(Outgoing::default());
        let (early, late) = wire.split_at(5);
        let late = Cursor::new(late.to_vec());
        let mut reader = Reader::new(early.to_vec(), late, Dialect::Json, outgoing.clone(), None);
        assert_eq!(reader.next().await.unwrap(), Event::Draining { reconnect_after_ms: 7 });
        let closed = reader.next().await.unwrap_err();
        assert_eq!(closed, Closed::ByPeer { code: 4000, reason: "by".to_owned() });
        let (near, mut far) = tokio::io::duplex(1024);
        outgoing.drain_into(near).await.unwrap();
        let mut answers = Vec::new();
        far.read_to_end(&mut answers).await.unwrap();
        assert_eq!((answers[0], answers[1], answers[7]), (0x8a, 0x81, 0x88), "pong, then close, both masked");
    }
}
