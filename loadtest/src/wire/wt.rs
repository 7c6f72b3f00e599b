//! WebTransport by `web-transport-quinn`: one bidirectional stream that carries everything.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use chasqui_proto::dialect::Dialect;
use chasqui_proto::dialect::stream::{Cut, FrameCutter};
use socket2::{Domain, Protocol, Socket, Type};
use web_transport_quinn::quinn::crypto::rustls::QuicClientConfig;
use web_transport_quinn::quinn::{self, Endpoint, EndpointConfig, TransportConfig};
use web_transport_quinn::{ALPN, Client, RecvStream, SendStream, Session};

use super::{Incoming, query, tls};

/// All connections of a thread share one socket; asked for, and granted up to the system's own limit.
const SOCKET_BUFFER_BYTES: usize = 4 * 1024 * 1024;
/// Longer than any pause the server's own keep-alive leaves.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// A page of a sync answer is the largest frame a server sends.
const FRAME_BYTES_MAX: usize = 1024 * 1024;
const READ_BYTES_MAX: usize = 64 * 1024;

pub struct WtReader {
    stream: RecvStream,
    cutter: FrameCutter,
}

pub struct WtWriter {
    stream: SendStream,
    terminator: &'static [u8],
    queued: Vec<u8>,
    session: Session,
}

/// A client with a socket of its own.
pub(super) fn client(server: SocketAddr) -> anyhow::Result<Client> {
    let mut crypto = tls::config();
    crypto.alpn_protocols = vec![ALPN.as_bytes().to_vec()];
    let mut config = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(crypto)?));
    let mut transport = TransportConfig::default();
    transport.max_idle_timeout(Some(IDLE_TIMEOUT.try_into()?));
    config.transport_config(Arc::new(transport));
    Ok(Client::new(endpoint(server)?, config))
}

fn endpoint(server: SocketAddr) -> anyhow::Result<Endpoint> {
    let any = match server {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let socket = Socket::new(Domain::for_address(server), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES)?;
    socket.set_send_buffer_size(SOCKET_BUFFER_BYTES)?;
    socket.bind(&any.into())?;
    let runtime = quinn::default_runtime().context("no runtime for QUIC")?;
    Ok(Endpoint::new(EndpointConfig::default(), None, socket.into(), runtime)?)
}

/// Begins a session and opens its one stream.
pub(super) async fn open(
    client: &Client,
    server: SocketAddr,
    dialect: Dialect,
) -> anyhow::Result<(WtReader, WtWriter)> {
    let url = url::Url::parse(&format!("https://{server}/wt{}", query(dialect)))?;
    let session = client.connect(url).await.context("WebTransport handshake")?;
    let (send, recv) = session.open_bi().await?;
    let terminator = dialect.stream_terminator();
    let reader = WtReader { stream: recv, cutter: FrameCutter::new(dialect, FRAME_BYTES_MAX) };
    Ok((reader, WtWriter { stream: send, terminator, queued: Vec::new(), session }))
}

impl WtReader {
    pub(super) async fn read(&mut self, each: &mut impl FnMut(Incoming<'_>)) -> anyhow::Result<()> {
        let Some(chunk) = self.stream.read_chunk(READ_BYTES_MAX, true).await? else {
            bail!("the server ended the stream");
        };
        let mut input = &chunk.bytes[..];
        while let Some(cut) = self.cutter.cut(&mut input) {
            match cut {
                Cut::Frame(frame) => each(Incoming::Frame(frame)),
                Cut::Oversize => bail!("the server sent a frame above {FRAME_BYTES_MAX} bytes"),
                Cut::Fatal(reason) => bail!("the server's stream is broken: {reason}"),
            }
        }
        Ok(())
    }
}

impl WtWriter {
    pub(super) fn frame(&mut self, frame: &[u8]) {
        self.queued.extend_from_slice(frame);
        self.queued.extend_from_slice(self.terminator);
    }

    pub(super) async fn flush(&mut self) -> anyhow::Result<()> {
        self.stream.write_all(&self.queued).await?;
        self.queued.clear();
        Ok(())
    }

    pub(super) async fn close(&mut self) {
        self.session.close(0, b"");
    }
}
