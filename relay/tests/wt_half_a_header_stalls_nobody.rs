//! Each stream is read on its own: one that stops in the middle of its head holds up no other.

mod wt_common;

use std::time::{Duration, Instant};

use chasqui_relay::wt::HEAD_TIMEOUT;
use web_transport_quinn::http::Method;
use web_transport_quinn::quinn::VarInt;
use wt_common::bytes::{control_stream, frame, varint};
use wt_common::{TestServer, on_tokio};

#[test]
fn other_streams_go_on_and_the_half_one_is_cut() {
    let server = TestServer::start(1);
    on_tokio(async {
        let (_endpoint, conn) = server.raw().await;
        let mut control = conn.open_uni().await.unwrap();
        control.write_all(&control_stream()).await.unwrap();
        let (mut connect, _answer) = conn.open_bi().await.unwrap();
        let mut head = Vec::new();
        server.request("/echo").encode(&mut head).unwrap();
        connect.write_all(&head).await.unwrap();
        let session = VarInt::from(connect.id()).into_inner();
        server.next_opened();

        // Half of 0x41's two bytes, half of a request's head, half of 0x54's session id.
        let begun = Instant::now();
        let (mut half_bidi, mut half_answer) = conn.open_bi().await.unwrap();
        half_bidi.write_all(&varint(0x41)[..1]).await.unwrap();
        let (mut half_request, mut half_request_answer) = conn.open_bi().await.unwrap();
        half_request.write_all(&head[..head.len() / 2]).await.unwrap();
        let mut half_uni = conn.open_uni().await.unwrap();
        half_uni.write_all(&[varint(0x54), vec![0x40]].concat()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;

        for number in 0..10_u8 {
            let (mut send, mut recv) = conn.open_bi().await.unwrap();
            send.write_all(&[varint(0x41), varint(session), vec![number]].concat()).await.unwrap();
            send.finish().unwrap();
            assert_eq!(recv.read_to_end(10).await.unwrap(), [number]);
        }
        assert!(begun.elapsed() < HEAD_TIMEOUT, "the echoes did not wait for the cut");

        assert!(half_answer.read_to_end(10).await.is_err());
        assert!(half_request_answer.read_to_end(10_000).await.is_ok_and(|answer| answer.is_empty()));
        assert!(half_uni.stopped().await.unwrap().is_some());
        assert!(begun.elapsed() >= HEAD_TIMEOUT);
    });
}

/// The settings of a slow client may come after its first request.
#[test]
fn late_settings_hold_up_nothing() {
    let server = TestServer::start(1);
    on_tokio(async {
        let (_endpoint, conn) = server.raw().await;
        let (mut connect, _answer) = conn.open_bi().await.unwrap();
        let mut head = Vec::new();
        server.request("/echo").encode(&mut head).unwrap();
        connect.write_all(&head).await.unwrap();
        let (mut send, mut recv) = conn.open_bi().await.unwrap();
        let session = VarInt::from(connect.id()).into_inner();
        send.write_all(&[varint(0x41), varint(session), b"hello".to_vec()].concat()).await.unwrap();
        send.finish().unwrap();
        assert_eq!(recv.read_to_end(10).await.unwrap(), b"hello");
        let mut control = conn.open_uni().await.unwrap();
        for byte in control_stream() {
            control.write_all(&[byte]).await.unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let (mut send, mut recv) = conn.open_bi().await.unwrap();
        send.write_all(&[varint(0x41), varint(session), b"again".to_vec()].concat()).await.unwrap();
        send.finish().unwrap();
        assert_eq!(recv.read_to_end(10).await.unwrap(), b"again");
    });
}

/// An ordinary request beside a session, written with literal header fields only.
#[test]
fn ordinary_requests_are_answered_beside_sessions() {
    let server = TestServer::start(1);
    on_tokio(async {
        let (_endpoint, conn) = server.raw().await;
        let mut control = conn.open_uni().await.unwrap();
        control.write_all(&control_stream()).await.unwrap();
        let (mut connect, _answer) = conn.open_bi().await.unwrap();
        let mut head = Vec::new();
        server.request("/echo").encode(&mut head).unwrap();
        connect.write_all(&head).await.unwrap();
        server.next_opened();
        for (path, expected) in [("/hello", "hello\n"), ("/nothing", "not found\n")] {
            let (mut send, mut recv) = conn.open_bi().await.unwrap();
            send.write_all(&get(path)).await.unwrap();
            send.finish().unwrap();
            let answer = recv.read_to_end(10_000).await.unwrap();
            assert!(answer.ends_with(&frame(0, expected.as_bytes())), "{answer:?}");
        }
    });
}

fn get(path: &str) -> Vec<u8> {
    let mut block = vec![0, 0];
    let method = Method::GET;
    for (name, value) in
        [(":method", method.as_str()), (":scheme", "https"), (":authority", "localhost"), (":path", path)]
    {
        // A literal field line with a literal name (RFC 9204, 4.5.6); every name here is longer than 4
        // and shorter than 7 + 127 bytes.
        assert!(name.len() < 7 + 127 && value.len() < 127);
        if name.len() < 7 {
            block.push(0x20 | name.len() as u8);
        } else {
            block.extend([0x27, (name.len() - 7) as u8]);
        }
        block.extend(name.as_bytes());
        block.push(value.len() as u8);
        block.extend(value.as_bytes());
    }
    frame(0x01, &block)
}
