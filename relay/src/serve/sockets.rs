//! The sockets of a server, bound before any shard starts, so that a port in use is an error of the start.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

use anyhow::{Context, bail};

use crate::config::Config;
use crate::rt::quic::{self, Group, Steering};
use crate::rt::tcp;
use crate::wt::{cert, tls};

/// A port chosen by the system for TCP may be taken for UDP: then another is tried.
const PORT_TRIES_MAX: usize = 16;

pub struct Sockets {
    pub public: SocketAddr,
    pub internal: SocketAddr,
    /// One per shard.
    pub tcp: Vec<TcpListener>,
    pub udp: Option<Group>,
    pub internal_listener: TcpListener,
}

/// The server's certificate, in the forms its two transports want.
#[derive(Clone)]
pub struct Identity {
    pub tcp: Arc<rustls::ServerConfig>,
    pub quic: Arc<rustls::ServerConfig>,
    sha256: [u8; 32],
}

impl Identity {
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }
}

/// The configured certificate, or in development one made here; `None`: neither TLS nor WebTransport.
pub fn identity(config: &Config) -> anyhow::Result<Option<Identity>> {
    let certificate = match (&config.tls.certificate_file, &config.tls.key_file) {
        (Some(certificate), Some(key)) => cert::load_pem(certificate, key)?,
        (None, None) if config.dev => {
            cert::load_or_renew(&config.data).context("the development certificate cannot be made")?
        }
        (None, None) => return Ok(None),
        _ => bail!("tls.certificate_file and tls.key_file go together"),
    };
    let (chain, key, sha256) = (certificate.chain.clone(), certificate.key.clone_key(), certificate.sha256());
    Ok(Some(Identity { tcp: tls::tcp(chain.clone(), key.clone_key())?, quic: tls::quic(chain, key)?, sha256 }))
}

pub fn bind(config: &Config, shards: usize, with_quic: bool) -> anyhow::Result<Sockets> {
    let listen = config.server.listen;
    let internal_listener = TcpListener::bind(config.server.internal_listen)
        .with_context(|| format!("the internal address {} cannot be bound", config.server.internal_listen))?;
    let secret = steering_secret(config)?;
    let mut tries = if listen.port() == 0 { PORT_TRIES_MAX } else { 1 };
    loop {
        tries -= 1;
        match bind_public(listen, shards, with_quic, &secret) {
            Ok((public, tcp, udp)) => {
                let internal = internal_listener.local_addr()?;
                return Ok(Sockets { public, internal, tcp, udp, internal_listener });
            }
            Err(error) if tries == 0 => {
                return Err(error).with_context(|| format!("the public address {listen} cannot be bound"));
            }
            Err(_) => {}
        }
    }
}

type Public = (SocketAddr, Vec<TcpListener>, Option<Group>);

fn bind_public(listen: SocketAddr, shards: usize, with_quic: bool, secret: &[u8; 32]) -> std::io::Result<Public> {
    probe_free(listen)?;
    let first = tcp::bind(listen)?;
    let public = first.local_addr()?;
    let mut listeners = vec![first];
    for _ in 1..shards {
        listeners.push(tcp::bind(public)?);
    }
    if !with_quic {
        return Ok((public, listeners, None));
    }
    // SO_REUSEPORT would let us share the number with another process of ours: a plain bind tells.
    drop(UdpSocket::bind(public)?);
    let group = quic::group::bind(public, &Steering::new(shards as u16, secret))?;
    if let Some(error) = &group.unsteered {
        tracing::warn!(%error, "the kernel does not steer QUIC packets; shards hand them on");
    }
    Ok((public, listeners, Some(group)))
}

/// SO_REUSEPORT lets a second server of the same user bind the same port unseen: a plain bind tells.
fn probe_free(listen: SocketAddr) -> std::io::Result<()> {
    if listen.port() != 0 {
        let socket = socket2::Socket::new(socket2::Domain::for_address(listen), socket2::Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&listen.into())?;
        socket.listen(1)?;
    }
    Ok(())
}

/// Kept in the data folder, so that clients of a crashed server are told at once.
fn steering_secret(config: &Config) -> anyhow::Result<[u8; 32]> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = config.data.join("quic-steering.key");
    if let Ok(bytes) = std::fs::read(&path)
        && let Ok(secret) = <[u8; 32]>::try_from(bytes)
    {
        return Ok(secret);
    }
    let mut secret = [0u8; 32];
    getrandom::fill(&mut secret).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
    std::fs::create_dir_all(&config.data)
        .with_context(|| format!("the data folder {} cannot be made", config.data.display()))?;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    file.write_all(&secret)?;
    Ok(secret)
}
