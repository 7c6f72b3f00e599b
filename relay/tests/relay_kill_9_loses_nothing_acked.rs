//! kill -9 in the middle of a conversation: what was acknowledged durable is there after the restart, once.
mod relay_common;

use std::collections::BTreeSet;

use relay_common::{Server, token};
use serde_json::json;

const LIVES: usize = 6;
const SENDS: usize = 120;

#[test]
fn every_durable_ack_survives_and_a_resend_is_not_stored_twice() {
    let data = tempfile::tempdir().unwrap();
    let mut acked = BTreeSet::new();
    let mut unanswered: Vec<(String, String)> = Vec::new();
    let mut conv = String::new();
    for life in 0..LIVES {
        let server = Server::start(
            data.path(),
            &["--set", "limits.sends_per_second=100000", "--set", "limits.send_burst=100000"],
        );
        let mut alice = server.connect(data.path(), "alice");
        let mut waiting = std::collections::BTreeMap::new();
        for (i, (client_id, content)) in unanswered.drain(..).enumerate() {
            let id = format!("r{i}");
            alice.send(json!({"type": "SEND_MESSAGE", "id": id, "to": "bob", "clientId": client_id, "content": content, "resend": true}));
            waiting.insert(id, (client_id, content));
        }
        for i in 0..SENDS {
            let content = format!("life {life} message {i}");
            let id = i.to_string();
            let client_id = alice.message(&id, "bob", &content);
            waiting.insert(id, (client_id, content));
        }
        // Killed while some of the acks are still under way.
        for _ in 0..waiting.len() / 2 {
            let ack = alice.expect("MESSAGE_ACK");
            conv = ack["conversationId"].as_str().unwrap().to_owned();
            let (_, content) = waiting.remove(ack["id"].as_str().unwrap()).expect("one ack per send");
            acked.insert(content);
        }
        server.kill();
        unanswered = waiting.into_values().collect();
    }
    let server = Server::start(data.path(), &[]);
    let mut bob = server.open(&token(data.path(), "bob", "1h"));
    assert_eq!(bob.expect("CONNECT_SUCCESS")["heads"][0]["epoch"], LIVES as u64 + 1, "each start is a new epoch");
    let history = bob.history(&conv);
    let seqs: Vec<u64> = history.iter().map(|(seq, _)| *seq).collect();
    assert_eq!(seqs, (1..=history.len() as u64).collect::<Vec<_>>(), "seqs are contiguous");
    let contents: BTreeSet<&String> = history.iter().map(|(_, content)| content).collect();
    assert_eq!(contents.len(), history.len(), "no message is stored twice");
    let lost: Vec<_> = acked.iter().filter(|content| !contents.contains(content)).collect();
    assert!(lost.is_empty(), "acked durable and lost: {lost:?}");
    assert!(acked.len() >= LIVES * SENDS / 2);
}
