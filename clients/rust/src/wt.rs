//! WebTransport: one session, one bidirectional stream opened by the client, frames cut by the dialect. With the
//! options' leave, typing comes beside it, a frame in each datagram.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use chasqui_proto::dialect::stream::{Cut, FrameCutter};
use chasqui_proto::dialect::{Dialect, decode_event};
use chasqui_proto::event::Event;
use url::{Host, Url};
use web_transport_quinn::proto::{ConnectError as HeadError, ConnectRequest};
use web_transport_quinn::quinn::crypto::rustls::QuicClientConfig;
use web_transport_quinn::quinn::{ClientConfig, Endpoint, TransportConfig};
use web_transport_quinn::{
    ClientError, ConnectError as H3Error, RecvStream, Session, SessionError, WebTransportError, http,
};

use crate::raw::{Closed, ConnectError, EVENT_BYTES_MAX};

/// Well below the server's idle timeout of 10 s, so that one lost packet is no harm.
const KEEP_ALIVE: Duration = Duration::from_secs(4);
const IDLE_MAX: Duration = Duration::from_secs(10);
/// After its stream has ended, a session says why within this time, or not at all.
const REASON_WAIT: Duration = Duration::from_secs(1);
const READ_BYTES: usize = 16 * 1024;

pub fn quic_config(tls: rustls::ClientConfig) -> Result<ClientConfig, ConnectError> {
    let crypto = QuicClientConfig::try_from(tls).map_err(|_| ConnectError::Handshake("QUIC needs TLS 1.3"))?;
    let mut config = ClientConfig::new(Arc::new(crypto));
    let mut transport = TransportConfig::default();
    transport.keep_alive_interval(Some(KEEP_ALIVE));
    transport.max_idle_timeout(Some(IDLE_MAX.try_into().expect("ten seconds fit")));
    config.transport_config(Arc::new(transport));
    Ok(config)
}

/// A UDP socket of the family the address needs; sessions to the same family can share it.
pub fn endpoint(v6: bool, local: Option<IpAddr>) -> Result<Endpoint, ConnectError> {
    let any = || if v6 { IpAddr::from(Ipv6Addr::UNSPECIFIED) } else { Ipv4Addr::UNSPECIFIED.into() };
    Ok(Endpoint::client(SocketAddr::new(local.unwrap_or_else(any), 0))?)
}

/// The address to connect to and the name to check.
pub async fn resolve(url: &Url) -> Result<(SocketAddr, String), ConnectError> {
    let port = url.port_or_known_default().unwrap_or(443);
    Ok(match url.host() {
        Some(Host::Ipv4(ip)) => (SocketAddr::from((ip, port)), ip.to_string()),
        Some(Host::Ipv6(ip)) => (SocketAddr::from((ip, port)), ip.to_string()),
        Some(Host::Domain(name)) => {
            let mut found = tokio::net::lookup_host((name, port)).await?;
            (found.next().ok_or(ConnectError::Handshake("the name has no address"))?, name.to_owned())
        }
        None => return Err(ConnectError::Handshake("the URL names no host")),
    })
}

pub async fn open(
    endpoint: &Endpoint,
    config: ClientConfig,
    (address, name): (SocketAddr, String),
    request: ConnectRequest,
) -> Result<Session, ConnectError> {
    let connecting = endpoint.connect_with(config, address, &name);
    let connection = connecting.map_err(|e| ConnectError::Lost(e.to_string()))?.await;
    let connection = connection.map_err(|e| ConnectError::Lost(e.to_string()))?;
    Session::connect(connection, request).await.map_err(refusal)
}

fn refusal(error: ClientError) -> ConnectError {
    let status = match &error {
        ClientError::HttpError(H3Error::ErrorStatus(status)) => Some(*status),
        ClientError::HttpError(H3Error::ProtoError(HeadError::WrongStatus(status))) => *status,
        _ => None,
    };
    match status {
        Some(status) => ConnectError::Refused { status: status.as_u16(), message: String::new() },
        None => ConnectError::Lost(error.to_string()),
    }
}

pub fn request(url: Url, bearer: Option<&str>) -> Result<ConnectRequest, ConnectError> {
    let request = ConnectRequest::new(url);
    let Some(token) = bearer else { return Ok(request) };
    let value = http::HeaderValue::from_str(&format!("Bearer {token}"));
    let value = value.map_err(|_| ConnectError::Handshake("the token is no header value"))?;
    Ok(request.with_header(http::header::AUTHORIZATION, value))
}

/// The reading half.
pub struct Reader {
    session: Session,
    stream: RecvStream,
    dialect: Dialect,
    datagrams: bool,
    cutter: FrameCutter,
    buffer: Box<[u8]>,
    /// The part of the buffer that was read and not yet cut.
    unread: std::ops::Range<usize>,
}

impl Reader {
    pub fn new(session: Session, stream: RecvStream, dialect: Dialect, datagrams: bool) -> Self {
        let cutter = FrameCutter::new(dialect, EVENT_BYTES_MAX);
        Self { session, stream, dialect, datagrams, cutter, buffer: vec![0; READ_BYTES].into(), unread: 0..0 }
    }

    pub async fn next(&mut self) -> Result<Event, Closed> {
        loop {
            if let Some(event) = self.cut()? {
                return Ok(event);
            }
            // Neither way to read takes anything with it when the other wins.
            tokio::select! {
                read = self.stream.read(&mut self.buffer) => match read {
                    Ok(Some(read)) => self.unread = 0..read,
                    Ok(None) | Err(_) => return Err(self.why_closed().await),
                },
                // An error is the session's end, which the stream tells.
                Ok(payload) = self.session.read_datagram(), if self.datagrams => {
                    return decode_event(self.dialect, &payload).map_err(Closed::malformed);
                }
            }
        }
    }

    fn cut(&mut self) -> Result<Option<Event>, Closed> {
        let mut input = &self.buffer[self.unread.clone()];
        let cut = self.cutter.cut(&mut input);
        self.unread.start = self.unread.end - input.len();
        match cut {
            None => Ok(None),
            Some(Cut::Frame(payload)) => decode_event(self.dialect, payload).map(Some).map_err(Closed::malformed),
            Some(Cut::Oversize) => Err(Closed::Malformed("an event above the limit".to_owned())),
            Some(Cut::Fatal(reason)) => Err(Closed::Malformed(reason.to_owned())),
        }
    }

    async fn why_closed(&self) -> Closed {
        match tokio::time::timeout(REASON_WAIT, self.session.closed()).await {
            Ok(SessionError::WebTransportError(WebTransportError::Closed(code, reason))) => {
                Closed::ByPeer { code: u16::try_from(code).unwrap_or(u16::MAX), reason }
            }
            Ok(other) => Closed::Lost(other.to_string()),
            Err(_) => Closed::Lost("the stream ended and the session did not".to_owned()),
        }
    }
}
