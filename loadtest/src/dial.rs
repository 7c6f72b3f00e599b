//! How connections are opened: transport, dialect, and which certificate is the right one.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use chasqui_client::{ConnectOptions, Connector, Dialect, TokenIn, Trust};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sha2::{Digest, Sha256};

use crate::rival;

/// Where `serve --dev` keeps its certificate.
pub const DEV_CERTIFICATE_FILE: &str = "dev-certificate.pem";

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

    fn url(self, server: SocketAddr) -> String {
        match self {
            Self::Ws => format!("ws://{server}"),
            Self::Wss => format!("wss://{server}"),
            Self::Wt => format!("https://{server}"),
        }
    }
}

/// What every connection of a run has in common. Tokens are shown in the first frame.
pub fn options(
    server: SocketAddr,
    transport: Transport,
    dialect: Dialect,
    certificate: &Path,
) -> anyhow::Result<ConnectOptions> {
    let options = ConnectOptions::new(&transport.url(server))?;
    // A connection that rests says nothing for longer than a client would bear.
    let options = options.dialect(dialect).token_in(TokenIn::FirstFrame).silence_max(None);
    match transport {
        Transport::Ws => Ok(options),
        Transport::Wss | Transport::Wt => Ok(options.trust(pinned(certificate)?)),
    }
}

/// A connection into a room of a server without chat.
pub fn floor(server: SocketAddr, room: &str) -> anyhow::Result<Connector> {
    let url = format!("ws://{server}{}?{}={room}", rival::PATH, rival::ROOM);
    Ok(Connector::new(ConnectOptions::new(&url)?.token_in(TokenIn::Header).silence_max(None))?)
}

/// Connections that share a UDP socket. A real client has one to itself; one for all overflows as soon as a room
/// speaks, and one each costs megabytes of receive buffer.
const SESSIONS_PER_SOCKET: usize = 16;

/// Makes connectors as they are needed. Each thread has its own, for the tasks of their sockets live on its runtime.
pub struct Dialer {
    options: ConnectOptions,
    current: Connector,
    dialled: usize,
}

impl Dialer {
    pub fn new(options: ConnectOptions) -> anyhow::Result<Self> {
        Ok(Self { current: Connector::new(options.clone())?, options, dialled: 0 })
    }

    /// The connector for the next connection.
    pub fn connector(&mut self) -> anyhow::Result<Connector> {
        if self.dialled == SESSIONS_PER_SOCKET {
            *self = Self::new(self.options.clone())?;
        }
        self.dialled += 1;
        Ok(self.current.clone())
    }
}

/// Trusts the first certificate of a PEM file, and no other.
fn pinned(path: &Path) -> anyhow::Result<Trust> {
    let pem = std::fs::read(path).with_context(|| path.display().to_string())?;
    let certificate =
        CertificateDer::from_pem_slice(&pem).with_context(|| format!("{}: no certificate", path.display()))?;
    Ok(Trust::CertHashes(vec![Sha256::digest(&certificate).into()]))
}
