//! Starting beside another server, over a damaged store; stopping on SIGTERM.
mod relay_common;

use std::process::Command;

use relay_common::Server;

fn serve(data: &std::path::Path, listen: &str) -> (Option<i32>, String) {
    let args = ["serve", "--dev", "--data", data.to_str().unwrap(), "--listen", listen];
    let output = Command::new(env!("CARGO_BIN_EXE_chasqui")).args(args).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_second_relay_on_the_same_data_folder_or_port_says_so_and_exits_1() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let (code, said) = serve(data.path(), "127.0.0.1:0");
    assert_eq!(code, Some(1));
    assert!(said.contains("in use by another process"), "{said}");
    let other = tempfile::tempdir().unwrap();
    let (code, said) = serve(other.path(), &server.public.to_string());
    assert_eq!(code, Some(1));
    assert!(said.contains("cannot be bound"), "{said}");
}

#[test]
fn sigterm_answers_what_was_accepted_then_says_goodbye() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(data.path(), &["--shards", "2"]);
    let mut alice = server.connect(data.path(), "alice");
    let mut bob = server.connect(data.path(), "bob");
    for i in 0..10 {
        alice.message(&i.to_string(), "bob", "x");
    }
    // The first ack shows that the sends have arrived.
    alice.expect("MESSAGE_ACK");
    let stopping = std::thread::spawn(move || server.terminate());
    let mut answered = 1;
    let mut draining = false;
    let code = loop {
        match alice.next() {
            Ok(frame) if frame["type"] == "MESSAGE_ACK" || frame["type"] == "ERROR" => answered += 1,
            Ok(frame) if frame["type"] == "DRAINING" => draining = frame["reconnectAfterMs"].as_u64() > Some(0),
            Ok(_) => {}
            Err(code) => break code,
        }
    };
    assert_eq!((answered, draining, code), (10, true, 4000));
    assert_eq!(bob.close_code(), 4000);
    assert_eq!(stopping.join().unwrap().code(), Some(0));
}

#[test]
fn logs_tell_who_came_and_went_but_no_message_and_no_token() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(data.path(), &["--set", "log.level=trace"]);
    let token = relay_common::token(data.path(), "alice", "1h");
    let mut alice = server.open(&token);
    alice.expect("CONNECT_SUCCESS");
    alice.message("1", "bob", "a secret nobody logs");
    alice.expect("MESSAGE_ACK");
    drop(alice);
    server.terminate();
    let log = server.log();
    assert!(log.contains("connect") && log.contains("disconnect") && log.contains("alice"), "{log}");
    assert!(!log.contains("a secret nobody logs") && !log.contains(&token), "the log tells too much");
}
