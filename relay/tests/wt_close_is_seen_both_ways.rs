//! Whoever closes a session, the other side learns code and reason at once, and its streams end with it.

mod wt_common;

use std::time::{Duration, Instant};

use chasqui_relay::wt::{ClosedBy, StreamError};
use web_transport_quinn::quinn::VarInt;
use web_transport_quinn::{SessionError, WebTransportError};
use wt_common::bytes::{control_stream, frame, varint};
use wt_common::{Seen, TestServer, on_tokio};

/// The promise is 100 ms; a machine that is busy with other tests gets more.
const AT_ONCE: Duration = Duration::from_millis(1000);

#[test]
fn the_server_closes() {
    let server = TestServer::start(1);
    on_tokio(async {
        let session = server.connect("/close").await;
        let (mut send, mut recv) = session.open_bi().await.unwrap();
        send.write_all("4102 malformed frame".as_bytes()).await.unwrap();
        let told = Instant::now();
        send.finish().unwrap();
        let error = session.closed().await;
        assert!(told.elapsed() < AT_ONCE, "{:?}", told.elapsed());
        let SessionError::WebTransportError(WebTransportError::Closed(code, reason)) = error else {
            panic!("{error:?}")
        };
        assert_eq!((code, reason.as_str()), (4102, "malformed frame"));
        assert!(recv.read_to_end(10).await.is_err());
    });
    let (info, _) = server.next_closed();
    assert_eq!((info.code, info.reason.as_str(), info.by), (4102, "malformed frame", ClosedBy::Us));
}

#[test]
fn the_client_closes() {
    let server = TestServer::start(1);
    on_tokio(async {
        let session = server.connect("/echo").await;
        let before = Instant::now();
        session.close(4000, b"gone for lunch");
        session.closed().await;
        let (info, at) = server.next_closed();
        assert!(at - before < AT_ONCE, "{:?}", at - before);
        assert_eq!((info.code, info.reason.as_str(), info.by), (4000, "gone for lunch", ClosedBy::Peer));
    });
}

#[test]
fn a_read_in_progress_is_woken_by_the_close() {
    let server = TestServer::start(1);
    on_tokio(async {
        let session = server.connect("/watch").await;
        let (mut send, mut recv) = session.open_bi().await.unwrap();
        send.write_all(b"begun").await.unwrap();
        recv.read_exact(&mut [0; 5]).await.unwrap();
        session.close(7, b"");
        session.closed().await;
    });
    let mut ended = None;
    let mut closed = None;
    while ended.is_none() || closed.is_none() {
        match server.next() {
            Seen::StreamEnded(error) => ended = Some(error),
            Seen::Closed { info, .. } => closed = Some(info.code),
            Seen::Opened { .. } => {}
        }
    }
    assert!(matches!(ended, Some(StreamError::SessionClosed | StreamError::ConnectionLost)), "{ended:?}");
    assert_eq!(closed, Some(7));
}

/// The closing capsule after capsules nobody knows, cut into DATA frames of one byte each.
#[test]
fn unknown_capsules_are_skipped_in_one_byte_pieces() {
    let server = TestServer::start(1);
    on_tokio(async {
        let (_endpoint, conn) = server.raw().await;
        let mut control = conn.open_uni().await.unwrap();
        control.write_all(&control_stream()).await.unwrap();
        let (mut send, mut recv) = conn.open_bi().await.unwrap();
        let mut request = Vec::new();
        server.request("/echo").encode(&mut request).unwrap();
        send.write_all(&request).await.unwrap();

        let grease = [varint(0x1f * 12_345 + 0x21), varint(300), vec![0xee; 300]].concat();
        let empty = [varint(0x40 * 0x1f + 0x21), varint(0)].concat();
        let close = [varint(0x2843), varint(9), 4001_u32.to_be_bytes().to_vec(), b"tired".to_vec()].concat();
        for byte in [grease, empty, close].concat() {
            send.write_all(&frame(0, &[byte])).await.unwrap();
        }
        let (info, _) = server.next_closed();
        assert_eq!((info.code, info.reason.as_str(), info.by), (4001, "tired", ClosedBy::Peer));
        // The server ends its side in turn.
        recv.read_to_end(10_000).await.unwrap();
    });
}

#[test]
fn a_request_stream_that_just_ends_closes_with_zero() {
    let server = TestServer::start(1);
    on_tokio(async {
        let (_endpoint, conn) = server.raw().await;
        let mut control = conn.open_uni().await.unwrap();
        control.write_all(&control_stream()).await.unwrap();
        let (mut send, _recv) = conn.open_bi().await.unwrap();
        let mut request = Vec::new();
        server.request("/echo").encode(&mut request).unwrap();
        send.write_all(&request).await.unwrap();
        send.finish().unwrap();
        let (info, _) = server.next_closed();
        assert_eq!((info.code, info.reason.as_str(), info.by), (0, "", ClosedBy::Peer));
    });
}

/// The other streams of a session that the server closes are reset with the code for that.
#[test]
fn streams_end_with_their_session() {
    let server = TestServer::start(1);
    on_tokio(async {
        let (_endpoint, conn) = server.raw().await;
        let mut control = conn.open_uni().await.unwrap();
        control.write_all(&control_stream()).await.unwrap();
        let (mut connect, mut answer) = conn.open_bi().await.unwrap();
        let mut request = Vec::new();
        server.request("/close").encode(&mut request).unwrap();
        connect.write_all(&request).await.unwrap();
        let (mut told, _t) = conn.open_bi().await.unwrap();
        told.write_all(&[varint(0x41), varint(0), b"9 done".to_vec()].concat()).await.unwrap();
        // This one is never accepted, and never finished.
        let (mut other, mut other_back) = conn.open_bi().await.unwrap();
        other.write_all(&[varint(0x41), varint(0)].concat()).await.unwrap();
        told.finish().unwrap();
        let gone = VarInt::from_u32(0x170d_7b68);
        assert_eq!(other.stopped().await.unwrap(), Some(gone));
        let reset = other_back.received_reset().await.unwrap();
        assert_eq!(reset, Some(gone));
        connect.finish().unwrap();
        let answer = answer.read_to_end(10_000).await.unwrap();
        let capsule = [varint(0x2843), varint(8), 9_u32.to_be_bytes().to_vec(), b"done".to_vec()].concat();
        assert!(answer.ends_with(&frame(0, &capsule)), "{answer:?}");
    });
}

#[test]
fn a_reset_carries_the_applications_code() {
    let server = TestServer::start(1);
    on_tokio(async {
        let session = server.connect("/watch").await;
        let (mut send, mut recv) = session.open_bi().await.unwrap();
        send.write_all(b"begun").await.unwrap();
        recv.read_exact(&mut [0; 5]).await.unwrap();
        send.reset(4_000_000_000).unwrap();
        server.next_opened();
        let Seen::StreamEnded(error) = server.next() else { panic!("not ended") };
        assert_eq!(error, StreamError::Reset(Some(4_000_000_000)));
    });
}
