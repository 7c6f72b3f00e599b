//! Streams and datagrams that name a session before it is known wait for it, within limits; those for a
//! session that is gone are sent back.

mod wt_common;

use chasqui_relay::wt::{ClosedBy, PARKED_STREAMS_MAX};
use web_transport_quinn::quinn::{Connection, ReadError, RecvStream, SendStream, StoppedError, VarInt};
use wt_common::bytes::{control_stream, varint};
use wt_common::{TestServer, on_tokio};

const BUFFERED_STREAM_REJECTED: u32 = 0x3994_bd84;
const SESSION_GONE: u32 = 0x170d_7b68;

async fn request(server: &TestServer, send: &mut SendStream, path: &str) {
    let mut head = Vec::new();
    server.request(path).encode(&mut head).unwrap();
    send.write_all(&head).await.unwrap();
}

async fn control(conn: &Connection) -> SendStream {
    let mut control = conn.open_uni().await.unwrap();
    control.write_all(&control_stream()).await.unwrap();
    control
}

async fn stray(conn: &Connection, session: u64, data: &[u8]) -> (SendStream, RecvStream) {
    let (mut send, recv) = conn.open_bi().await.unwrap();
    send.write_all(&[varint(0x41), varint(session), data.to_vec()].concat()).await.unwrap();
    send.finish().unwrap();
    (send, recv)
}

fn id(stream: &SendStream) -> u64 {
    VarInt::from(stream.id()).into_inner()
}

/// The request comes last: its stream is opened first, so it has its id, but says nothing yet.
#[test]
fn what_comes_before_its_request_is_kept_in_order() {
    let server = TestServer::start(1);
    on_tokio(async {
        let (_endpoint, conn) = server.raw().await;
        let _control = control(&conn).await;
        let (mut connect, _answer) = conn.open_bi().await.unwrap();
        let session = id(&connect);
        let (_s1, mut first) = stray(&conn, session, b"first").await;
        conn.send_datagram([varint(session / 4), b"early".to_vec()].concat().into()).unwrap();
        let mut uni = conn.open_uni().await.unwrap();
        uni.write_all(&[varint(0x54), varint(session), b"one way".to_vec()].concat()).await.unwrap();
        uni.finish().unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        request(&server, &mut connect, "/late").await;
        assert_eq!(first.read_to_end(100).await.unwrap(), b"first");
        let datagram = conn.read_datagram().await.unwrap();
        assert_eq!(&datagram[..], [varint(session / 4), b"early".to_vec()].concat());
    });
}

#[test]
fn one_stream_too_many_is_refused() {
    let server = TestServer::start(1);
    on_tokio(async {
        let (_endpoint, conn) = server.raw().await;
        let _control = control(&conn).await;
        let unknown = 4 * 1000;
        let mut refused = None;
        // Unidirectional streams fill what the bidirectional limit leaves of the parking lot.
        let mut parked = Vec::new();
        for number in 0..=PARKED_STREAMS_MAX {
            if number % 2 == 0 {
                let mut uni = conn.open_uni().await.unwrap();
                uni.write_all(&[varint(0x54), varint(unknown), vec![1]].concat()).await.unwrap();
                // Each must be seen before the next, so that the last is the one too many.
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                if number == PARKED_STREAMS_MAX {
                    refused = Some(uni.stopped().await);
                } else {
                    parked.push(uni);
                }
            } else {
                std::mem::forget(stray(&conn, unknown, b"x").await);
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
        assert_eq!(refused, Some(Ok(Some(VarInt::from_u32(BUFFERED_STREAM_REJECTED)))));
        let first = parked[0].stopped();
        let waiting = tokio::time::timeout(std::time::Duration::from_millis(100), first).await;
        assert!(waiting.is_err(), "a parked stream is left alone: {waiting:?}");
    });
}

#[test]
fn a_stream_for_a_session_that_is_gone_is_refused() {
    let server = TestServer::start(1);
    on_tokio(async {
        let (_endpoint, conn) = server.raw().await;
        let _control = control(&conn).await;
        // One session stays, so the connection does.
        let (mut keep, _k) = conn.open_bi().await.unwrap();
        request(&server, &mut keep, "/echo").await;
        let (mut connect, mut answer) = conn.open_bi().await.unwrap();
        request(&server, &mut connect, "/echo").await;
        let session = id(&connect);
        let (_s, mut live) = stray(&conn, session, b"live").await;
        assert_eq!(live.read_to_end(100).await.unwrap(), b"live");
        connect.finish().unwrap();
        assert_eq!(server.next_closed().0.by, ClosedBy::Peer);
        answer.read_to_end(10_000).await.unwrap();

        let (send, mut late) = stray(&conn, session, b"late").await;
        let error = late.read_to_end(100).await.unwrap_err();
        let gone = VarInt::from_u32(SESSION_GONE);
        assert!(format!("{error:?}").contains(&format!("{:?}", ReadError::Reset(gone))), "{error:?}");
        drop(send);
        let (_s, mut other) = stray(&conn, id(&keep), b"other").await;
        assert_eq!(other.read_to_end(100).await.unwrap(), b"other");
    });
}

#[test]
fn streams_parked_for_a_refused_session_are_sent_back() {
    let server = TestServer::start(1);
    on_tokio(async {
        let (_endpoint, conn) = server.raw().await;
        let _control = control(&conn).await;
        let (mut connect, _answer) = conn.open_bi().await.unwrap();
        let (_send, mut recv) = stray(&conn, id(&connect), b"hopeful").await;
        request(&server, &mut connect, "/refuse").await;
        assert!(recv.read_to_end(100).await.is_err());
    });
}

#[test]
fn a_stream_that_names_no_possible_session_closes_the_connection() {
    let server = TestServer::start(1);
    on_tokio(async {
        let (_endpoint, conn) = server.raw().await;
        let _control = control(&conn).await;
        let (send, _recv) = stray(&conn, 3, b"x").await;
        let stopped: Result<_, StoppedError> = send.stopped().await;
        assert!(stopped.is_err() || conn.closed().await.to_string().contains("session"));
        assert!(format!("{:?}", conn.closed().await).contains("264"));
    });
}
