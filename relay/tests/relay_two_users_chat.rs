//! Two users chat: over several shards and devices, plain and under TLS, with one ack per send.
mod relay_common;

use relay_common::{Server, http, http_until, token};
use serde_json::json;

#[test]
fn a_message_is_acked_once_and_reaches_every_device_in_order() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--shards", "3"]);
    // Connections are spread over the shards by the kernel; several make a mix certain enough.
    let mut alices: Vec<_> = (0..3).map(|_| server.connect(data.path(), "alice")).collect();
    let mut bobs: Vec<_> = (0..3).map(|_| server.connect(data.path(), "bob")).collect();
    for i in 0..6 {
        alices[0].message(&i.to_string(), "bob", &format!("text {i}"));
    }
    for i in 0..6 {
        let ack = alices[0].expect("MESSAGE_ACK");
        assert_eq!((ack["id"].as_str(), ack["seq"].as_u64()), (Some(&*i.to_string()), Some(i + 1)));
        assert!(ack["durableSeq"].as_u64() >= ack["seq"].as_u64(), "the default ack is durable: {ack}");
    }
    for client in bobs.iter_mut().chain(&mut alices[1..]) {
        assert_eq!(client.expect("CONVERSATION_CREATED")["members"], json!(["alice", "bob"]));
        for i in 0..6 {
            let message = client.expect("MESSAGE_RECEIVED");
            assert_eq!((message["seq"].as_u64(), message["senderId"].as_str()), (Some(i + 1), Some("alice")));
            assert_eq!(message["content"], format!("text {i}"));
        }
    }
    let conv = bobs[0].history_conv();
    bobs[0].send(json!({"type": "MARK_AS_READ", "conversationId": conv, "seq": 6}));
    assert_eq!(alices[0].expect("MESSAGE_DELIVERED")["seq"], 6);
    assert_eq!(alices[0].expect("MESSAGE_READ")["userId"], "bob");
    assert_eq!(alices[0].history(&conv).len(), 6);
}

#[test]
fn groups_grow_and_typing_and_presence_are_told() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &["--shards", "2"]);
    let mut alice = server.connect(data.path(), "alice");
    let mut bob = server.connect(data.path(), "bob");
    alice.send(json!({"type": "CREATE_CONVERSATION", "id": "2", "title": "team", "members": ["bob"],
        "clientId": "00000000-0000-4000-8000-000000000001"}));
    let created = alice.expect("CONVERSATION_CREATED");
    let conv = created["conversationId"].as_str().unwrap().to_owned();
    assert_eq!(bob.expect("CONVERSATION_CREATED")["title"], "team");
    alice.expect("USER_ONLINE");
    bob.send(json!({"type": "TYPING_START", "conversationId": conv}));
    assert_eq!(alice.expect("TYPING_START")["userId"], "bob");
    alice.send(json!({"type": "ADD_MEMBER", "id": "3", "conversationId": conv, "userId": "dave"}));
    assert_eq!(bob.expect("MEMBER_ADDED")["by"], "alice");
    let mut dave = server.connect(data.path(), "dave");
    bob.send(json!({"type": "SEND_MESSAGE", "id": "4", "conversationId": conv, "content": "hi dave",
        "clientId": "00000000-0000-4000-8000-000000000002"}));
    assert_eq!(dave.expect("MESSAGE_RECEIVED")["content"], "hi dave");
    drop(bob);
    let offline = alice.expect("USER_OFFLINE");
    assert_eq!(offline["userId"], "bob");
    assert!(offline["lastSeen"].as_u64() > Some(1_700_000_000_000));
}

#[test]
fn a_token_may_come_by_header_query_subprotocol_or_first_frame() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let token = token(data.path(), "alice", "1h");
    let mut first = server.try_open(&server.ws_url(), "chasqui.v1.json").unwrap();
    first.send(json!({"type": "CONNECT", "token": token}));
    assert_eq!(first.expect("CONNECT_SUCCESS")["userId"], "alice");
    let protocols = format!("chasqui.v1.json, bearer.{token}");
    server.try_open(&server.ws_url(), &protocols).unwrap().expect("CONNECT_SUCCESS");
    server
        .try_open(&format!("ws://{}/api/chat/ws?token={token}", server.public), "")
        .unwrap()
        .expect("CONNECT_SUCCESS");
    let upgrade = format!(
        "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    let answer = http_until(server.public, &upgrade, "CONNECT_SUCCESS");
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
}

#[test]
fn health_and_readiness_are_on_the_internal_port() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    for path in ["/healthz", "/readyz"] {
        let answer = http(server.internal, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let _alice = server.connect(data.path(), "alice");
    let metrics = http(server.internal, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    let sum = |name: &str| -> u64 {
        let lines = metrics.lines().filter(|line| line.starts_with(name));
        lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
    };
    assert_eq!((sum("chasqui_connections{"), sum("chasqui_frames_out_total{")), (1, 1), "{metrics}");
    assert!(http(server.public, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 404"));
}

impl relay_common::Client {
    fn history_conv(&mut self) -> String {
        self.send(json!({"type": "SYNC", "id": "c", "conversations": {}}));
        let result = self.expect("SYNC_RESULT");
        result["conversations"].as_object().unwrap().keys().next().unwrap().clone()
    }
}
