//! Starting beside another server, over a damaged store; stopping on SIGTERM.
mod relay_common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use relay_common::Server;

fn serve(data: &Path, listen: &str) -> (Option<i32>, String) {
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

/// What a start over this store says before it exits with 1. None: it serves, for the damage looks like a write cut short.
fn complaint(data: &Path) -> Option<String> {
    let args = ["serve", "--dev", "--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_chasqui"));
    let mut child = command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    if !first.is_empty() {
        child.kill().unwrap();
    }
    let output = child.wait_with_output().unwrap();
    first.is_empty().then(|| {
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    })
}

/// Wherever a journal is damaged the relay says so in the same words: where the replay finds it, and where the replay panics.
#[test]
fn a_damaged_journal_is_told_with_advice_and_exits_1() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let mut alice = server.connect(data.path(), "alice");
    for i in 0..20 {
        alice.message(&i.to_string(), "bob", &"x".repeat(500));
        alice.expect("MESSAGE_ACK");
    }
    server.kill();
    let journal = std::fs::read(data.path().join("embedded/0.jnl")).unwrap();
    let end = journal.iter().rposition(|byte| *byte != 0).unwrap();
    let (mut told, mut panics, mut from) = (0, 0, end / 2);
    while (told == 0 || panics == 0) && from < end {
        let copy = tempfile::tempdir().unwrap();
        assert!(
            Command::new("cp").arg("-r").arg(data.path().join("embedded")).arg(copy.path()).status().unwrap().success()
        );
        let mut damaged = journal.clone();
        damaged[from..from + 8].fill(0xee);
        from += 8;
        std::fs::write(copy.path().join("embedded/0.jnl"), damaged).unwrap();
        let Some(said) = complaint(copy.path()) else { continue };
        assert!(said.contains("move the damaged journal") && !said.contains("panicked at"), "{said}");
        match said.contains("its replay panicked") {
            true => panics += 1,
            false => told += 1,
        }
    }
    assert!(told > 0 && panics > 0, "both were met: {told} told, {panics} panics");
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
