//! A datagram that is not typing is refused on the stream and counted; hostile ones hurt nobody but who sends them.
mod relay_common;

use std::time::Duration;

use chasqui_client::ConvId;
use chasqui_proto::codes::ErrorCode;
use chasqui_proto::command::Command;
use chasqui_proto::dialect::Dialect;
use chasqui_proto::limits::{DATAGRAM_BYTES_MAX, MALFORMED_FRAMES_MAX};
use relay_common::datagrams::{Raw, connect, datagrams, dial, greet, json, on_tokio, send};
use relay_common::{PATIENCE, Server};
use web_transport_quinn::quinn::ConnectionError;

#[test]
fn another_command_is_refused_and_not_carried_out() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    on_tokio(async {
        let mut alice = Raw::open(&server, data.path(), "alice", "&datagrams=1", None).await;
        let datagram = json(&send("mine", "bob"));
        alice.session.send_datagram(datagram.into()).unwrap();
        let error = alice.hear_error(ErrorCode::Malformed).await;
        assert_eq!((error["id"].as_str(), error["code"].as_u64()), (Some("mine"), Some(400)));
        assert!(error["message"].as_str().unwrap().contains("typing"), "{error}");
        alice.says_nothing().await;
        // Typing of a conversation one has no part in is answered as on the stream.
        let typing = Command::Typing { id: "t", conv: ConvId([9; 16]), on: true };
        alice.session.send_datagram(json(&typing).into()).unwrap();
        assert_eq!(alice.hear_error(ErrorCode::NotAParticipant).await["id"], "t");
    });
}

#[test]
fn malformed_ones_are_counted_and_end_the_session() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    on_tokio(async {
        let mut bob = connect(&server, data.path(), "bob", Dialect::Native, true).await;
        let mut alice = Raw::enter(&server, data.path(), "&datagrams=1", None).await;
        // Ahead of the authentication they are lost, however many and whatever they are.
        for _ in 0..3 * MALFORMED_FRAMES_MAX {
            alice.session.send_datagram("junk".into()).unwrap();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        alice.authenticate(data.path(), "alice").await;
        alice.says_nothing().await;
        let long = vec![b'x'; DATAGRAM_BYTES_MAX + 1];
        let hostile: [(&[u8], _); 3] =
            [(b"", ErrorCode::Malformed), (b"junk", ErrorCode::Malformed), (&long, ErrorCode::TooLarge)];
        for (datagram, code) in hostile {
            alice.session.send_datagram(datagram.to_vec().into()).unwrap();
            alice.hear_error(code).await;
        }
        for _ in 3..MALFORMED_FRAMES_MAX {
            alice.session.send_datagram("junk".into()).unwrap();
        }
        assert_eq!(alice.closed().await, 4102);
        greet(&mut bob, "alice").await;
    });
}

/// What names no session of the connection's is held within bounds or dropped; what names none at all ends the
/// connection, as the standard has it.
#[test]
fn those_for_nobody_hurt_nobody() {
    const DATAGRAM_ERROR: u64 = 0x33;
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    on_tokio(async {
        let mut bob = connect(&server, data.path(), "bob", Dialect::Native, true).await;
        let mut alice = Raw::open(&server, data.path(), "alice", "&datagrams=1", None).await;
        for _ in 0..1_000 {
            // Sessions 4 and 252, which nobody began.
            alice.conn.send_datagram([&[1][..], &[b'x'; 900]].concat().into()).unwrap();
            alice.conn.send_datagram([&[0x3f][..], b"y"].concat().into()).unwrap();
        }
        alice.says_nothing().await;
        assert_eq!(datagrams(&server), (0, 0));

        for bad in [&[][..], &[0x40], &[0xff; 8]] {
            let (_endpoint, conn) = dial(&server, data.path(), None).await;
            conn.send_datagram(bad.to_vec().into()).unwrap();
            let ended = tokio::time::timeout(PATIENCE, conn.closed()).await.expect("in time");
            let ConnectionError::ApplicationClosed(close) = &ended else { panic!("{ended:?}") };
            assert_eq!(close.error_code.into_inner(), DATAGRAM_ERROR, "{bad:x?}");
        }
        alice.says_nothing().await;
        greet(&mut bob, "alice").await;
    });
}
