//! Opening a connection over the transport of the run.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use chasqui_proto::dialect::Dialect;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{Reader, Writer, tls, ws, wt};

/// A server that does not answer a handshake for this long will not.
const DIAL_TIMEOUT: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Transport {
    /// WebSocket over plain TCP
    Ws,
    /// WebSocket over TLS
    Wss,
    /// WebTransport, everything on one bidirectional stream
    Wt,
}

impl Transport {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ws => "ws",
            Self::Wss => "wss",
            Self::Wt => "wt",
        }
    }
}

enum Way {
    Plain,
    Tls(TlsConnector),
    Quic(web_transport_quinn::Client),
}

/// Opens connections; one per thread, since all WebTransport connections of a thread share its UDP socket.
pub struct Dialer {
    server: SocketAddr,
    dialect: Dialect,
    way: Way,
}

impl Dialer {
    /// Must be made on the runtime that will use it.
    pub fn new(server: SocketAddr, transport: Transport, dialect: Dialect) -> anyhow::Result<Self> {
        let way = match transport {
            Transport::Ws => Way::Plain,
            Transport::Wss => Way::Tls(tls::connector()),
            Transport::Wt => Way::Quic(wt::client(server)?),
        };
        Ok(Self { server, dialect, way })
    }

    pub async fn dial(&self) -> anyhow::Result<(Reader, Writer)> {
        let dialled = timeout(DIAL_TIMEOUT, self.dial_unbounded()).await;
        dialled.with_context(|| format!("{} does not answer", self.server))?
    }

    async fn dial_unbounded(&self) -> anyhow::Result<(Reader, Writer)> {
        let (reader, writer) = match &self.way {
            Way::Quic(client) => {
                let (reader, writer) = wt::open(client, self.server, self.dialect).await?;
                return Ok((Reader::Wt(reader), Writer::Wt(writer)));
            }
            Way::Plain => ws::open(self.tcp().await?, self.server, self.dialect).await?,
            Way::Tls(connector) => {
                let name = ServerName::IpAddress(self.server.ip().into());
                let stream = connector.connect(name, self.tcp().await?).await.context("TLS handshake")?;
                ws::open(stream, self.server, self.dialect).await?
            }
        };
        Ok((Reader::Ws(reader), Writer::Ws(writer)))
    }

    async fn tcp(&self) -> anyhow::Result<TcpStream> {
        let stream = TcpStream::connect(self.server).await.with_context(|| self.server.to_string())?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}
