//! The ports, and the kernel's ceiling for UDP buffers.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use socket2::{Domain, Socket, Type};

use super::Finding;
use crate::config::Config;

/// What QUIC wants for bursts at full speed; the kernel's usual 208 KiB drops packets then.
const UDP_BUFFER_BYTES_WANTED: u64 = 2 << 20;

pub(super) fn public_port(config: &Config) -> Finding {
    const CHECK: &str = "public port";
    let address = config.server.listen;
    let tcp = bind_tcp(address).map_err(|error| (error, "TCP"));
    let both = tcp.and_then(|()| UdpSocket::bind(address).map(drop).map_err(|error| (error, "UDP")));
    report(CHECK, address, "server.listen", both)
}

pub(super) fn internal_port(config: &Config) -> Finding {
    const CHECK: &str = "internal port";
    let address = config.server.internal_listen;
    report(CHECK, address, "server.internal_listen", bind_tcp(address).map_err(|error| (error, "TCP")))
}

/// As a server binds: connections of an earlier process that still linger are no obstacle.
fn bind_tcp(address: SocketAddr) -> io::Result<()> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(1)
}

fn report(check: &'static str, address: SocketAddr, key: &str, bound: Result<(), (io::Error, &str)>) -> Finding {
    let Err((error, protocol)) = bound else { return Finding::ok(check, format!("{address} is free")) };
    let found = format!("{address} over {protocol}: {error}");
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            Finding::fail(check, found, format!("another process (a running relay?) has it; stop it or change {key}"))
        }
        io::ErrorKind::PermissionDenied => {
            Finding::fail(check, found, "ports below 1024 need CAP_NET_BIND_SERVICE; choose a higher one")
        }
        _ => Finding::fail(check, found, format!("set {key} to an address of this machine")),
    }
}

pub(super) fn udp_buffers(_: &Config) -> Finding {
    const CHECK: &str = "UDP buffers";
    let (receive, send) = (sysctl("rmem_max"), sysctl("wmem_max"));
    let (Some(receive), Some(send)) = (receive, send) else {
        return Finding::ok(CHECK, "net.core.rmem_max and wmem_max are not visible here");
    };
    let found = format!("net.core.rmem_max = {receive}, net.core.wmem_max = {send}");
    if receive.min(send) < UDP_BUFFER_BYTES_WANTED {
        let wanted = UDP_BUFFER_BYTES_WANTED;
        return Finding::warn(CHECK, found, format!("sysctl -w net.core.rmem_max={wanted} net.core.wmem_max={wanted}"));
    }
    Finding::ok(CHECK, found)
}

fn sysctl(name: &str) -> Option<u64> {
    std::fs::read_to_string(format!("/proc/sys/net/core/{name}")).ok()?.trim().parse().ok()
}
