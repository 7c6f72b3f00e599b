//! Bytes come back as they were sent, by every way a session has.

mod wt_common;

use std::time::Duration;

use chasqui_relay::rt::Driver;
use web_transport_quinn::http::{HeaderName, HeaderValue};
use wt_common::{Seen, TestServer, on_tokio};

#[test]
fn streams_and_datagrams_are_echoed() {
    everything_is_echoed(&TestServer::start(1));
}

/// Where io_uring is refused the shard waits by epoll.
#[test]
fn the_other_driver_does_the_same() {
    everything_is_echoed(&TestServer::start_on(Driver::Epoll));
}

fn everything_is_echoed(server: &TestServer) {
    on_tokio(async {
        let session = server.connect("/echo").await;

        let (mut send, mut recv) = session.open_bi().await.unwrap();
        let message = vec![42; 1_000_000];
        let (sent, echoed) = tokio::join!(
            async {
                send.write_all(&message).await.unwrap();
                send.finish().unwrap();
            },
            recv.read_to_end(2_000_000),
        );
        let () = sent;
        assert_eq!(echoed.unwrap(), message);

        let mut uni = session.open_uni().await.unwrap();
        uni.write_all(b"one way").await.unwrap();
        uni.finish().unwrap();
        let mut back = session.accept_uni().await.unwrap();
        assert_eq!(back.read_to_end(100).await.unwrap(), b"one way");

        session.send_datagram(b"quick".as_slice().to_vec().into()).unwrap();
        assert_eq!(&session.read_datagram().await.unwrap()[..], b"quick");
    });
}

/// A packet that only acknowledges costs the shard as much as a message, and small messages are most of what it sends.
#[test]
fn a_client_is_asked_to_acknowledge_many_packets_at_once() {
    let server = TestServer::start(1);
    on_tokio(async {
        let (_endpoint, conn) = server.raw().await;
        let asked = async {
            while conn.stats().frame_rx.ack_frequency == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), asked).await.expect("in time");
    });
}

#[test]
fn a_request_tells_who_asks_and_the_protocol_is_agreed() {
    let server = TestServer::start(1);
    on_tokio(async {
        let request = server
            .request("/echo?token=secret")
            .with_protocol("chasqui.v1")
            .with_protocol("other")
            .with_header(HeaderName::from_static("origin"), HeaderValue::from_static("https://example.org"));
        let session = server.client().connect(request).await.unwrap();
        assert_eq!(session.protocol(), Some("chasqui.v1"));
    });
    let Seen::Opened { path, query, origin, remote, .. } = server.next() else { panic!("not opened") };
    assert_eq!((path.as_str(), query.as_deref()), ("/echo", Some("token=secret")));
    assert_eq!(origin.as_deref(), Some("https://example.org"));
    assert!(remote.ip().is_loopback());
}

#[test]
fn a_refused_request_is_no_session() {
    let server = TestServer::start(1);
    on_tokio(async {
        assert!(server.client().connect(server.request("/refuse")).await.is_err());
        assert!(server.client().connect(server.request("/silent")).await.is_err());
    });
}

/// Streams opened one after the other, each with its number, arrive in that order.
#[test]
fn streams_keep_their_order() {
    let server = TestServer::start(1);
    on_tokio(async {
        let session = server.connect("/echo").await;
        for round in 0..20_u8 {
            for number in 0..8 {
                let mut uni = session.open_uni().await.unwrap();
                uni.write_all(&[round, number]).await.unwrap();
                uni.finish().unwrap();
            }
            for number in 0..8 {
                let mut back = session.accept_uni().await.unwrap();
                assert_eq!(back.read_to_end(9).await.unwrap(), [round, number]);
            }
        }
    });
}

/// A page that reloads: many sessions, one after the other, leave nothing behind that stops the next.
#[test]
fn many_sessions_come_and_go() {
    let server = TestServer::start(1);
    on_tokio(async {
        for _ in 0..10 {
            let session = server.connect("/echo").await;
            let (mut send, mut recv) = session.open_bi().await.unwrap();
            send.write_all(b"hi").await.unwrap();
            send.finish().unwrap();
            assert_eq!(recv.read_to_end(9).await.unwrap(), b"hi");
            session.close(0, b"");
            tokio::time::timeout(Duration::from_secs(5), session.closed()).await.unwrap();
        }
    });
}
