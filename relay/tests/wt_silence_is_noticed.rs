//! A client that is gone without a word is noticed, and a connection nobody uses is closed.

mod wt_common;

use std::time::{Duration, Instant};

use chasqui_relay::rt::quic::{EndpointLimits, group};
use chasqui_relay::wt::{ClosedBy, LINGER};
use web_transport_quinn::quinn::ConnectionError;
use wt_common::bytes::control_stream;
use wt_common::{TestServer, on_tokio};

/// The tokio runtime, and the client's socket with it, stops from one moment to the next.
#[test]
fn a_killed_client_is_noticed_within_the_idle_timeout() {
    let idle_timeout = Duration::from_secs(3);
    let limits = EndpointLimits { idle_timeout, keep_alive: Duration::from_millis(800) };
    let server = TestServer::start_with(1, limits, group::bind);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let session = runtime.block_on(server.connect("/echo"));
    server.next_opened();
    let killed = Instant::now();
    runtime.shutdown_background();
    let (info, at) = server.next_closed();
    std::mem::forget(session);
    assert_eq!(info.by, ClosedBy::Lost);
    let after = at - killed;
    assert!(after < idle_timeout + Duration::from_secs(1), "{after:?}");
    assert!(after > Duration::from_secs(1), "{after:?}");
}

/// The keep-alive holds a quiet session far beyond the idle timeout.
#[test]
fn a_quiet_session_lives_on() {
    let limits = EndpointLimits { idle_timeout: Duration::from_millis(1500), keep_alive: Duration::from_millis(400) };
    let server = TestServer::start_with(1, limits, group::bind);
    on_tokio(async {
        let session = server.connect("/echo").await;
        tokio::time::sleep(Duration::from_secs(4)).await;
        session.send_datagram(b"still here".to_vec().into()).unwrap();
        assert_eq!(&session.read_datagram().await.unwrap()[..], b"still here");
    });
}

#[test]
fn an_unused_connection_is_closed_after_its_last_request() {
    let server = TestServer::start(1);
    on_tokio(async {
        let (_endpoint, conn) = server.raw().await;
        let mut control = conn.open_uni().await.unwrap();
        control.write_all(&control_stream()).await.unwrap();
        let (mut send, mut recv) = conn.open_bi().await.unwrap();
        let mut request = Vec::new();
        server.request("/echo").encode(&mut request).unwrap();
        send.write_all(&request).await.unwrap();
        server.next_opened();
        // The session is in use however long it says nothing.
        assert!(tokio::time::timeout(LINGER + Duration::from_millis(500), conn.closed()).await.is_err());
        send.finish().unwrap();
        recv.read_to_end(10_000).await.unwrap();
        let ended = Instant::now();
        let error = conn.closed().await;
        assert!(
            matches!(&error, ConnectionError::ApplicationClosed(close) if close.error_code.into_inner() == 0x100),
            "{error:?}"
        );
        assert!(ended.elapsed() > Duration::from_secs(1), "{:?}", ended.elapsed());
        assert!(ended.elapsed() < Duration::from_secs(4), "{:?}", ended.elapsed());
    });
}
