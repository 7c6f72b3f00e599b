//! Bad input gets a clear error with a code, and the right connection is closed or stays.
mod relay_common;

use std::io::{Read, Write};
use std::net::TcpStream;

use relay_common::{PATIENCE, Server, http, token};
use serde_json::json;
use tungstenite::Message;

#[test]
fn a_bad_token_is_401_before_the_upgrade() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let good = token(data.path(), "alice", "1h");
    let expired = token(data.path(), "alice", "1ms");
    std::thread::sleep(std::time::Duration::from_millis(20));
    let forged = format!("{}x", &good[..good.len() - 1]);
    for bad in ["nonsense", &forged, &expired] {
        let refused = server.try_open(&format!("{}?token={bad}", server.ws_url()), "chasqui.v1.json");
        let Err(tungstenite::Error::Http(answer)) = refused.map(|_| ()) else { panic!("{bad} was let in") };
        assert_eq!(answer.status(), 401, "{bad}");
        let body = String::from_utf8(answer.body().clone().unwrap_or_default()).unwrap();
        assert!(body.contains("\"code\":401") && body.contains("name"), "{body}");
    }
    assert!(server.log().contains("authorisation failure"), "{}", server.log());
}

#[test]
fn without_a_token_the_first_frame_must_bring_a_good_one() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--set", "limits.authenticate_within=1s"]);
    let mut silent = server.try_open(&server.ws_url(), "").unwrap();
    assert_eq!(silent.close_code(), 4100);
    let mut hasty = server.try_open(&server.ws_url(), "").unwrap();
    hasty.message("1", "bob", "hi");
    assert_eq!(hasty.expect("ERROR")["name"], "unauthenticated");
    assert_eq!(hasty.close_code(), 4100);
    let mut wrong = server.try_open(&server.ws_url(), "").unwrap();
    wrong.send(json!({"type": "CONNECT", "token": "nonsense"}));
    assert_eq!(wrong.close_code(), 4100);
}

#[test]
fn commands_are_refused_with_a_code_and_the_connection_stays() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let mut eve = server.connect(data.path(), "eve");
    eve.send(json!({"type": "SEND_MESSAGE", "id": "1", "conversationId": "00000000-0000-8000-8000-000000000000",
        "clientId": "00000000-0000-4000-8000-000000000001", "content": "x"}));
    let error = eve.expect("ERROR");
    assert_eq!(
        (error["id"].as_str(), error["code"].as_u64(), error["name"].as_str()),
        (Some("1"), Some(403), Some("not_a_participant"))
    );
    assert_eq!(error["retry"], false);
    eve.send(json!({"type": "DANCE", "id": "2"}));
    assert_eq!(eve.expect("ERROR")["name"], "unknown_type");
    eve.send(json!({"type": "SEND_MESSAGE", "id": "3", "to": "bob", "clientId": "no uuid", "content": "x"}));
    assert_eq!(eve.expect("ERROR")["code"], 400);
    eve.socket.send(Message::text(format!("{{\"pad\":\"{}\"}}", "x".repeat(70_000)))).unwrap();
    assert_eq!(eve.expect("ERROR")["code"], 413);
    eve.socket.send(Message::binary(vec![1, 2, 3])).unwrap();
    assert_eq!(eve.expect("ERROR")["code"], 400);
    eve.message("4", "bob", "still here");
    eve.expect("MESSAGE_ACK");
    for _ in 0..10 {
        let _ = eve.socket.send(Message::text("junk"));
    }
    assert_eq!(eve.close_code(), 4102);
}

#[test]
fn sends_above_the_rate_are_429_with_a_wait() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let mut alice = server.connect(data.path(), "alice");
    for i in 0..60 {
        alice.message(&i.to_string(), "bob", "x");
    }
    let error = alice.expect("ERROR");
    assert_eq!((error["code"].as_u64(), error["name"].as_str()), (Some(429), Some("rate_limited")));
    assert!(error["retryAfterMs"].as_u64() > Some(0), "{error}");
}

#[test]
fn the_eleventh_session_of_a_user_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let _ten: Vec<_> = (0..10).map(|_| server.connect(data.path(), "alice")).collect();
    assert_eq!(server.open(&token(data.path(), "alice", "1h")).close_code(), 4103);
    server.connect(data.path(), "bob");
}

#[test]
fn a_session_ends_with_its_token() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let mut alice = server.open(&token(data.path(), "alice", "1500ms"));
    alice.expect("CONNECT_SUCCESS");
    assert_eq!(alice.close_code(), 4003);
}

#[test]
fn protocol_violations_are_closed_with_their_code() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let token = token(data.path(), "alice", "1h");
    let cases: [(&str, Vec<u8>, u16); 6] = [
        ("unmasked", vec![0x81, 0x02, b'h', b'i'], 1002),
        ("reserved opcode", vec![0x83, 0x80, 0, 0, 0, 0], 1002),
        ("reserved bit", vec![0xc1, 0x80, 0, 0, 0, 0], 1002),
        ("oversize control frame", [vec![0x89, 0xfe, 0, 126, 0, 0, 0, 0], vec![0; 126]].concat(), 1002),
        ("bad UTF-8", vec![0x81, 0x82, 0, 0, 0, 0, 0xff, 0xff], 1007),
        ("absurd length", vec![0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], 1009),
    ];
    for (what, frame, code) in cases {
        let mut client = server.open(&token);
        client.expect("CONNECT_SUCCESS");
        client.socket.get_mut().write_all(&frame).unwrap();
        assert_eq!(client.close_code(), code, "{what}");
    }
}

#[test]
fn endless_fragments_are_cut_and_memory_stays_bounded() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let before = rss_kib(server.pid());
    let mut client = server.open(&token(data.path(), "alice", "1h"));
    client.expect("CONNECT_SUCCESS");
    let stream = client.socket.get_mut();
    let _ = stream.write_all(&[0x01, 0x80, 0, 0, 0, 0]);
    let fragment = [vec![0x00, 0xfe, 0x7f, 0xff, 0, 0, 0, 0], vec![b'x'; 0x7fff]].concat();
    for _ in 0..4_000 {
        if stream.write_all(&fragment).is_err() {
            break;
        }
    }
    assert!(rss_kib(server.pid()) < before + 16 * 1024, "fragments are not kept");
    server.connect(data.path(), "bob");
}

#[test]
fn half_a_handshake_is_cut_after_its_time_and_others_are_served() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--set", "limits.authenticate_within=1s"]);
    let mut halves: Vec<TcpStream> = ["", "GET /ws HTTP/1.1\r\nHost:", "\x16\x03\x01"]
        .into_iter()
        .map(|start| {
            let mut stream = TcpStream::connect(server.public).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream.write_all(start.as_bytes()).unwrap();
            stream
        })
        .collect();
    server.connect(data.path(), "alice");
    for stream in &mut halves {
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        assert!(
            ended.is_ok() || ended.is_err_and(|e| e.kind() == std::io::ErrorKind::ConnectionReset),
            "cut, not timed out"
        );
    }
    assert!(http(server.public, "BREW / HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 405"));
    assert!(http(server.public, "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n").contains("\"name\":\"not_found\""));
}

#[test]
fn a_reader_that_never_reads_is_cut_and_the_others_go_on() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(
        data.path(),
        &[
            "--set",
            "limits.sends_per_second=1000000",
            "--set",
            "limits.send_burst=1000000",
            "--set",
            "limits.outbox_size=256KiB",
        ],
    );
    let mut deaf = server.connect(data.path(), "bob");
    let mut bob = server.connect(data.path(), "bob");
    let mut alice = server.connect(data.path(), "alice");
    let text = "x".repeat(30_000);
    for i in 0..400 {
        alice.message(&i.to_string(), "bob", &text);
        assert_eq!(alice.expect("MESSAGE_ACK")["id"], i.to_string());
        assert_eq!(bob.expect("MESSAGE_RECEIVED")["content"].as_str().map(str::len), Some(text.len()));
    }
    assert_eq!(deaf.close_code(), 4001);
}

#[test]
fn a_peer_that_answers_no_ping_is_cut() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--set", "websocket.ping_every=1s", "--set", "websocket.pong_within=1s"]);
    let mut alice = server.connect(data.path(), "alice");
    let mut bob = server.connect(data.path(), "bob");
    bob.message("1", "alice", "hi");
    alice.expect("MESSAGE_RECEIVED");
    // Bob's library answers pings only when it reads; it does not.
    assert_eq!(alice.expect("USER_OFFLINE")["userId"], "bob");
}

fn rss_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
