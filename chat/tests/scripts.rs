//! Every rule of the core as a text table: see `scripts/` and, for the language, `script/mod.rs`.
mod script;
mod world;

use std::collections::BTreeSet;

use chasqui_proto::codes::{CloseCode, ErrorCode};

macro_rules! scripts {
    ($($name:ident)*) => {
        const ALL: &[&str] = &[$(stringify!($name)),*];
        $(#[test] fn $name() { run(stringify!($name)); })*
    };
}

scripts! {
    a_drain_refuses_and_comes_to_rest
    a_full_ring_loses_nothing
    a_send_sent_twice_is_one_message
    acks_come_at_their_level
    bad_input_is_refused_by_code
    commands_wait_in_order_while_a_conversation_loads
    groups_grow_and_hide_what_came_before
    nothing_durable_is_lost
    presence_is_told_once
    receipts_only_rise
    sessions_are_counted_and_expire
    sync_brings_what_was_missed
    the_send_rate_is_shared_by_a_users_sessions
    typing_reaches_the_others
    without_capacity_a_command_gets_503
}

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scripts");

/// Runs a file; what all its sessions were told.
fn run(name: &str) -> Vec<String> {
    let path = format!("{FOLDER}/{name}.txt");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    script::run::run(&text).unwrap_or_else(|failures| panic!("\n{path}\n{failures}\n"))
}

#[test]
fn every_file_is_run() {
    let files = std::fs::read_dir(FOLDER).expect("the folder is there").map(|file| file.expect("it is readable"));
    let names: BTreeSet<String> = files.map(|file| file.file_name().to_string_lossy().replace(".txt", "")).collect();
    assert_eq!(names, ALL.iter().map(|name| (*name).to_owned()).collect());
}

/// Those of the others are given by the shell: it decodes frames, checks tokens, and minds connections.
#[test]
fn every_code_of_the_core_is_reached() {
    use CloseCode::{Draining, Overloaded, TokenExpired, TooManyConnections};
    use ErrorCode::{Internal, Malformed, Unauthenticated, UnknownType};
    let told: Vec<String> = ALL.iter().flat_map(|name| run(name)).collect();
    for code in ErrorCode::ALL.iter().filter(|c| ![Malformed, UnknownType, Unauthenticated, Internal].contains(c)) {
        let end = format!("error {}", code.name());
        assert!(told.iter().any(|line| line.contains(&end)), "{end} is not reached");
    }
    for code in [Draining, Overloaded, TokenExpired, TooManyConnections] {
        assert!(told.contains(&format!("closed {}", code.name())), "{code:?} is not reached");
    }
}
