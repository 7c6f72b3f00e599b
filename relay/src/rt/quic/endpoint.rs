//! A shard's QUIC endpoint and the limits its connections live under.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use quinn::crypto::rustls::QuicServerConfig;
use quinn::{AckFrequencyConfig, Endpoint, EndpointConfig, ServerConfig, TransportConfig, VarInt};

use super::group::Member;
use super::runtime::ShardRuntime;
use super::socket::ShardSocket;

/// Streams of each direction a client may have open: a chat needs few, and idle memory follows this.
const STREAMS_MAX: u32 = 16;
/// Two of the largest frames in flight per stream.
const STREAM_WINDOW_BYTES: u32 = 256 << 10;
const CONNECTION_WINDOW_BYTES: u32 = 1 << 20;
/// What quinn may hold unacknowledged per connection before writes wait.
const SEND_WINDOW_BYTES: u64 = 1 << 20;
const DATAGRAM_BUFFER_BYTES: usize = 64 << 10;
/// Packets a peer may leave unacknowledged before it has to answer at once (draft-ietf-quic-ack-frequency, section 4).
const UNACKED_PACKETS_MAX: u32 = 10;
/// Handshakes that wait to be looked at; the rest are refused.
const INCOMING_MAX: usize = 1024;
const INCOMING_BYTES_MAX: u64 = 4 << 20;

/// The times a connection is held to.
#[derive(Clone, Copy, Debug)]
pub struct EndpointLimits {
    /// A peer that fell silent is noticed within this time, the keep-alive's period included.
    pub idle_timeout: Duration,
    /// A quiet connection is pinged this often, so a live peer never looks dead.
    pub keep_alive: Duration,
}

impl Default for EndpointLimits {
    fn default() -> Self {
        Self { idle_timeout: Duration::from_secs(10), keep_alive: Duration::from_millis(2500) }
    }
}

/// The transport parameters of every connection.
pub fn transport_config(limits: EndpointLimits) -> TransportConfig {
    let mut transport = TransportConfig::default();
    // A ping of ours restarts the idle timer once, so silence is noticed one keep-alive later than
    // the timer alone says.
    let idle = limits.idle_timeout.saturating_sub(limits.keep_alive).max(limits.keep_alive);
    transport
        .max_concurrent_bidi_streams(STREAMS_MAX.into())
        .max_concurrent_uni_streams(STREAMS_MAX.into())
        .stream_receive_window(STREAM_WINDOW_BYTES.into())
        .receive_window(CONNECTION_WINDOW_BYTES.into())
        .send_window(SEND_WINDOW_BYTES)
        .datagram_receive_buffer_size(Some(DATAGRAM_BUFFER_BYTES))
        .datagram_send_buffer_size(DATAGRAM_BUFFER_BYTES)
        .max_idle_timeout(idle.try_into().ok().or(Some(VarInt::MAX.into())))
        .keep_alive_interval(Some(limits.keep_alive))
        .ack_frequency_config(Some(ack_frequency()));
    transport
}

/// What peers that know the extension are asked for. How long they may wait stays their own choice.
///
/// A chat's packets are small, so one that only acknowledges costs as much as a message.
fn ack_frequency() -> AckFrequencyConfig {
    let mut wanted = AckFrequencyConfig::default();
    wanted.ack_eliciting_threshold(UNACKED_PACKETS_MAX.into());
    wanted
}

/// Opens the shard's endpoint. Must run on the shard's thread, inside its runtime.
pub fn open(member: Member, tls: Arc<rustls::ServerConfig>, limits: EndpointLimits) -> io::Result<Endpoint> {
    let mut config = EndpointConfig::new(member.steering.reset_key());
    let (steering, shard) = (member.steering.clone(), member.shard);
    config.cid_generator(move || steering.generator(shard));
    let server = server_config(tls, limits)?;
    let socket = Arc::new(ShardSocket::new(member)?);
    Endpoint::new_with_abstract_socket(config, Some(server), socket, Arc::new(ShardRuntime))
}

/// The server's half of the configuration, also used to swap a renewed certificate in.
pub fn server_config(tls: Arc<rustls::ServerConfig>, limits: EndpointLimits) -> io::Result<ServerConfig> {
    let crypto = QuicServerConfig::try_from(tls).map_err(io::Error::other)?;
    let mut server = ServerConfig::with_crypto(Arc::new(crypto));
    server
        .transport_config(Arc::new(transport_config(limits)))
        .max_incoming(INCOMING_MAX)
        .incoming_buffer_size_total(INCOMING_BYTES_MAX);
    Ok(server)
}
