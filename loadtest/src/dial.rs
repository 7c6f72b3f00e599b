//! How connections are opened: transport, dialect, and which certificate is the right one.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use anyhow::Context;
use chasqui_client::{ConnectOptions, Connector, Dialect, TokenIn, Trust};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sha2::{Digest, Sha256};

use crate::rival;

/// Where `serve --dev` keeps its certificate.
pub const DEV_CERTIFICATE_FILE: &str = "dev-certificate.pem";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// WebSocket over plain TCP.
    Ws,
    /// WebSocket over TLS.
    Wss,
    /// WebTransport, everything on one bidirectional stream.
    Wt,
    /// WebTransport with typing as datagrams, which are then the load.
    WtDatagram,
}

impl Transport {
    /// By its name on the command line.
    pub fn from_name(name: &str) -> Result<Self, String> {
        match name {
            "ws" => Ok(Self::Ws),
            "wss" => Ok(Self::Wss),
            "wt-stream" | "wt" => Ok(Self::Wt),
            "wt-datagram" => Ok(Self::WtDatagram),
            _ => Err("ws, wss, wt-stream or wt-datagram".into()),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Ws => "ws",
            Self::Wss => "wss",
            Self::Wt => "wt-stream",
            Self::WtDatagram => "wt-datagram",
        }
    }

    fn url(self, server: SocketAddr) -> String {
        match self {
            Self::Ws => format!("ws://{server}"),
            Self::Wss => format!("wss://{server}"),
            Self::Wt | Self::WtDatagram => format!("https://{server}"),
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
        Transport::WtDatagram => Ok(options.trust(pinned(certificate)?).datagrams(true)),
    }
}

/// Connections that share a UDP socket. A real client has one to itself; one for all overflows as soon as a room
/// speaks, and one each costs megabytes of receive buffer.
const SESSIONS_PER_SOCKET: usize = 16;
/// What the system holds for a peer that does not read: little, so that what is met is the server's own bound.
const STALLED_BUFFER_BYTES: u32 = 64 * 1024;

/// Makes connectors as they are needed. Each thread has its own, for the tasks of their sockets live on its runtime.
pub struct Dialer {
    /// One for each own address.
    places: Vec<Place>,
    ips: Vec<IpAddr>,
    stalled: Connector,
    dialled: usize,
}

struct Place {
    options: ConnectOptions,
    current: Connector,
    dialled: usize,
}

impl Dialer {
    /// Connections come from `ips` in turn; without any, from where the system chooses.
    pub fn new(options: &ConnectOptions, ips: &[IpAddr]) -> anyhow::Result<Self> {
        let mut places: Vec<ConnectOptions> = ips.iter().map(|ip| options.clone().local_ip(*ip)).collect();
        if places.is_empty() {
            places.push(options.clone());
        }
        let places = places.into_iter().map(Place::new).collect::<Result<_, _>>()?;
        let stalled = Connector::new(options.clone().receive_buffer_bytes(STALLED_BUFFER_BYTES))?;
        Ok(Self { places, ips: ips.to_vec(), stalled, dialled: 0 })
    }

    /// The connector for the next connection. `stalled`: for one that is not going to be read.
    pub fn connector(&mut self, stalled: bool) -> anyhow::Result<Connector> {
        if stalled {
            return Ok(self.stalled.clone());
        }
        let place = self.dialled % self.places.len();
        self.dialled += 1;
        self.places[place].connector()
    }

    /// The connector for one connection into a room of a server without chat.
    pub fn floor(&mut self, server: SocketAddr, room: &str) -> anyhow::Result<Connector> {
        let url = format!("ws://{server}{}?{}={room}", rival::PATH, rival::ROOM);
        let options = ConnectOptions::new(&url)?.token_in(TokenIn::Header).silence_max(None);
        let ip = self.ips.get(self.dialled % self.places.len());
        self.dialled += 1;
        Ok(Connector::new(ip.map_or(options.clone(), |ip| options.local_ip(*ip)))?)
    }
}

impl Place {
    fn new(options: ConnectOptions) -> anyhow::Result<Self> {
        Ok(Self { current: Connector::new(options.clone())?, options, dialled: 0 })
    }

    fn connector(&mut self) -> anyhow::Result<Connector> {
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
