//! One UDP port, one socket per shard.
//!
//! Promises: [`bind`] opens the sockets in shard order, because the kernel's filter answers with a place
//! in that order; where the filter is refused the shards still reach each other through the hand-off
//! alone, at the cost of a copy per stray packet.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};

use super::filter;
use super::handoff::{self, Handoff};
use super::steering::Steering;

/// Room for the bursts of many connections on one socket; the kernel clamps it to its own limit.
const SOCKET_BUFFER_BYTES: usize = 4 << 20;

/// What one shard needs to open its endpoint. Made on any thread, sent to the shard's.
pub struct Member {
    pub(super) shard: u16,
    pub(super) socket: UdpSocket,
    pub(super) steering: Steering,
    pub(super) handoff: Handoff,
}

impl Member {
    pub fn shard(&self) -> u16 {
        self.shard
    }
}

/// The sockets of all shards, in shard order.
pub struct Group {
    pub members: Vec<Member>,
    pub local_addr: SocketAddr,
    /// Why the kernel does not steer, if it does not: short packets may then arrive at any shard and
    /// are handed on in user space.
    pub unsteered: Option<io::Error>,
}

/// Binds `addr` once per shard; port 0 lets the first socket choose for all.
pub fn bind(addr: SocketAddr, steering: &Steering) -> io::Result<Group> {
    bind_with(addr, steering, filter::attach)
}

/// As [`bind`], without the kernel's help: for tests of the hand-off.
pub fn bind_unsteered(addr: SocketAddr, steering: &Steering) -> io::Result<Group> {
    bind_with(addr, steering, |_, _| Err(io::ErrorKind::Unsupported.into()))
}

fn bind_with(
    addr: SocketAddr,
    steering: &Steering,
    attach: impl FnOnce(&UdpSocket, &Steering) -> io::Result<()>,
) -> io::Result<Group> {
    refuse_taken_port(addr)?;
    let first = reuseport_socket(addr)?;
    let local_addr = first.local_addr()?;
    let mut sockets = vec![first];
    for _ in 1..steering.shards() {
        sockets.push(reuseport_socket(local_addr)?);
    }
    let unsteered = match sockets.len() {
        1 => None,
        _ => attach(&sockets[0], steering).err(),
    };
    let handoffs = handoff::mesh(steering.shards())?;
    let members = sockets.into_iter().zip(handoffs).zip(0..);
    let members =
        members.map(|((socket, handoff), shard)| Member { shard, socket, steering: steering.clone(), handoff });
    Ok(Group { members: members.collect(), local_addr, unsteered })
}

/// Sockets that may share a port share it with any process of the same user, another relay included, and
/// the kernel would deal out packets among both. One that may not share finds out.
fn refuse_taken_port(addr: SocketAddr) -> io::Result<()> {
    if addr.port() == 0 {
        return Ok(());
    }
    UdpSocket::bind(addr).map(drop)
}

fn reuseport_socket(addr: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    // A small buffer is no reason to refuse to start; the kernel may cap both.
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER_BYTES);
    socket.bind(&addr.into())?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_refused() {
        let steering = Steering::new(2, &[1; 32]);
        let group = bind(([127, 0, 0, 1], 0).into(), &steering).unwrap();
        assert_eq!(group.members.len(), 2);
        let taken = bind(group.local_addr, &steering).err().map(|error| error.kind());
        assert_eq!(taken, Some(io::ErrorKind::AddrInUse));
        let addr = group.local_addr;
        drop(group);
        bind(addr, &steering).unwrap();
    }
}
