//! A frame that claims to be huge is refused before it is stored, and the connection with it.

mod wt_common;

use web_transport_quinn::quinn::{Connection, ConnectionError, SendStream};
use wt_common::bytes::{control_stream, frame, varint};
use wt_common::{TestServer, on_tokio};

const EXCESSIVE_LOAD: u64 = 0x107;
const MB: usize = 1 << 20;

fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

async fn control(conn: &Connection) -> SendStream {
    let mut control = conn.open_uni().await.unwrap();
    control.write_all(&control_stream()).await.unwrap();
    control
}

/// Writes `head` and then up to 100 MB of its payload; says how much of it the server let through.
async fn flood(conn: &Connection, stream: &mut SendStream, head: &[u8]) -> usize {
    stream.write_all(head).await.unwrap();
    let megabyte = vec![0x21; MB];
    for sent in 0..100 {
        if stream.write_all(&megabyte).await.is_err() {
            let error = conn.closed().await;
            let ConnectionError::ApplicationClosed(close) = &error else { panic!("{error:?}") };
            assert_eq!(close.error_code.into_inner(), EXCESSIVE_LOAD, "{error:?}");
            return sent;
        }
    }
    100
}

#[test]
fn huge_frames_are_refused_everywhere() {
    let server = TestServer::start(1);
    let before = resident_bytes();
    on_tokio(async {
        for kind in [0x01, 0x21, 0x4242, 0x04] {
            let head = [varint(kind), varint(100 * MB as u64)].concat();

            let (_endpoint, conn) = server.raw().await;
            let _control = control(&conn).await;
            let (mut request, _answer) = conn.open_bi().await.unwrap();
            assert!(flood(&conn, &mut request, &head).await < 2, "frame {kind:#x} on a request");

            let (_endpoint, conn) = server.raw().await;
            let mut control = control(&conn).await;
            assert!(flood(&conn, &mut control, &head).await < 2, "frame {kind:#x} on the control stream");
        }
    });
    assert!(resident_bytes() < before + 30 * MB, "from {before} to {} bytes", resident_bytes());
}

/// After its head a session's CONNECT stream may carry capsules for ever, but no other frame of size.
#[test]
fn a_session_is_held_to_the_same_limit() {
    let server = TestServer::start(1);
    on_tokio(async {
        let (_endpoint, conn) = server.raw().await;
        let _control = control(&conn).await;
        let (mut connect, _answer) = conn.open_bi().await.unwrap();
        let mut head = Vec::new();
        server.request("/echo").encode(&mut head).unwrap();
        connect.write_all(&head).await.unwrap();
        server.next_opened();
        // An unknown capsule of 20 MB in DATA frames of 64 KiB passes and is forgotten.
        connect.write_all(&frame(0, &[varint(0x7777), varint(20 * MB as u64)].concat())).await.unwrap();
        for _ in 0..320 {
            connect.write_all(&frame(0, &[0; 65536])).await.unwrap();
        }
        let huge = [varint(0x01), varint(100 * MB as u64)].concat();
        assert!(flood(&conn, &mut connect, &huge).await < 2);
    });
}

/// Many small unknown frames ahead of the headers add up.
#[test]
fn headers_cannot_be_put_off_for_ever() {
    let server = TestServer::start(1);
    on_tokio(async {
        let (_endpoint, conn) = server.raw().await;
        let _control = control(&conn).await;
        let (mut request, _answer) = conn.open_bi().await.unwrap();
        let grease = frame(0x21, &[0; 1000]);
        for _ in 0..1000 {
            if request.write_all(&grease).await.is_err() {
                break;
            }
        }
        let ConnectionError::ApplicationClosed(close) = conn.closed().await else { panic!("not closed") };
        assert_eq!(close.error_code.into_inner(), EXCESSIVE_LOAD);
    });
}

/// Requests that are no requests are counted, since each leaves a trace in the library.
#[test]
fn endless_malformed_requests_end_the_connection() {
    let server = TestServer::start(1);
    on_tokio(async {
        let (_endpoint, conn) = server.raw().await;
        let _control = control(&conn).await;
        for _ in 0..200 {
            let Ok((mut send, mut recv)) = conn.open_bi().await else { break };
            // An empty unknown frame and then the end: no headers at all.
            let _ = send.write_all(&frame(0x21, &[])).await;
            let _ = send.finish();
            let _ = recv.read_to_end(1000).await;
        }
        let ConnectionError::ApplicationClosed(close) = conn.closed().await else { panic!("not closed") };
        assert_eq!(close.error_code.into_inner(), EXCESSIVE_LOAD);
    });
}

/// Random bytes on streams of every kind and as datagrams: whatever happens, the server lives.
#[test]
fn random_bytes_do_no_harm() {
    let server = TestServer::start(1);
    on_tokio(async {
        let mut seed = 0x2545_f491_4f6c_dd1d_u64;
        let mut random = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        for _ in 0..60 {
            let (_endpoint, conn) = server.raw().await;
            let bytes: Vec<u8> = (0..random() % 300).map(|_| random() as u8).collect();
            let _control = if random() % 2 == 0 { Some(control(&conn).await) } else { None };
            let Ok(mut uni) = conn.open_uni().await else { continue };
            let _ = uni.write_all(&bytes).await;
            if let Ok((mut send, _recv)) = conn.open_bi().await {
                let _ = send.write_all(&bytes).await;
                let _ = send.finish();
            }
            let _ = conn.send_datagram(bytes.into());
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        let session = server.connect("/echo").await;
        session.send_datagram(b"alive".to_vec().into()).unwrap();
        assert_eq!(&session.read_datagram().await.unwrap()[..], b"alive");
    });
}
