//! Two shards share a port; a connection stays with the one that took it, wherever its client goes.

mod wt_common;

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chasqui_relay::rt::quic::steering::Steering;
use chasqui_relay::rt::quic::{EndpointLimits, Group, group};
use web_transport_quinn::Session;
use web_transport_quinn::quinn::{ConnectionError, Endpoint};
use wt_common::{TestServer, on_tokio};

const CLIENTS: usize = 12;
const MOVES: usize = 4;

async fn echo(session: &Session, text: String) {
    let (mut send, mut recv) = session.open_bi().await.unwrap();
    send.write_all(text.as_bytes()).await.unwrap();
    send.finish().unwrap();
    assert_eq!(recv.read_to_end(100).await.unwrap(), text.as_bytes());
}

/// Every client changes its port a few times, so the kernel's own hash would send its packets anywhere.
fn clients_wander(bind: impl FnOnce(SocketAddr, &Steering) -> std::io::Result<Group>, steered: bool) {
    let server = TestServer::start_with(2, EndpointLimits::default(), bind);
    assert_eq!(server.steered, steered);
    let mut shards = Vec::new();
    on_tokio(async {
        let mut clients = Vec::new();
        for _ in 0..CLIENTS {
            let endpoint = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
            let conn = endpoint.connect_with(server.raw_config(), server.addr, "localhost").unwrap().await.unwrap();
            let session = Session::connect(conn, server.request("/echo")).await.unwrap();
            shards.push(server.next_opened().0);
            clients.push((endpoint, session));
        }
        for round in 0..MOVES {
            for (number, (endpoint, session)) in clients.iter().enumerate() {
                endpoint.rebind(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()).unwrap();
                echo(session, format!("client {number}, move {round}")).await;
            }
        }
    });
    shards.sort();
    shards.dedup();
    assert_eq!(shards, [0, 1], "both shards took connections");
}

#[test]
fn the_kernel_steers() {
    clients_wander(group::bind, true);
}

#[test]
fn without_the_kernel_the_shards_hand_packets_on() {
    clients_wander(group::bind_unsteered, false);
}

/// Forwards between one client and whichever server it is pointed at.
struct Switch {
    addr: SocketAddr,
    target: Arc<Mutex<SocketAddr>>,
}

impl Switch {
    fn towards(server: SocketAddr) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = socket.local_addr().unwrap();
        let target = Arc::new(Mutex::new(server));
        let current = target.clone();
        std::thread::spawn(move || {
            let (mut buffer, mut client) = ([0; 65536], None);
            // Ends with the test's process.
            while let Ok((len, from)) = socket.recv_from(&mut buffer) {
                let target = *current.lock().unwrap();
                if from == target {
                    client.map(|client| socket.send_to(&buffer[..len], client));
                } else if client.is_none_or(|client| client == from) {
                    client = Some(from);
                    let _ = socket.send_to(&buffer[..len], target);
                }
            }
        });
        Self { addr, target }
    }
}

/// A server that comes back with the same secret tells clients of its former life at once. Seen from the
/// client, another server with that secret in the old one's place is just that.
#[test]
fn a_restart_is_noticed_without_waiting_for_the_idle_timeout() {
    let (server, reborn) = (TestServer::start(1), TestServer::start(1));
    on_tokio(async {
        let switch = Switch::towards(server.addr);
        let endpoint = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let conn = endpoint.connect_with(server.raw_config(), switch.addr, "localhost").unwrap().await.unwrap();
        *switch.target.lock().unwrap() = reborn.addr;
        let begun = Instant::now();
        conn.open_uni().await.unwrap().write_all(b"anybody there?").await.unwrap();
        assert_eq!(conn.closed().await, ConnectionError::Reset);
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    });
}
