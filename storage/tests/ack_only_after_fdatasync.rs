//! No acknowledgement leaves before an fdatasync has covered the journal bytes of its batch, and none leaves after
//! an fdatasync has failed.
//!
//! The proof is a system-call trace of a child under load: for each acknowledged ticket, its bytes up to the end of
//! its batch were written to the journal, then an fdatasync of that journal began and ended well, and only then was
//! the acknowledgement written. Needs `strace` (Debian package of that name) and the right to trace a child.

mod common;

use std::path::Path;
use std::process::Command;

use chasqui_storage::embedded::Embedded;
use common::child::{self, Orders, SHARDS, read_acks};
use common::load::{Writer, marker};
use common::trace::{Call, parse};

const TICKETS: u64 = 150;
/// More than a child gets to acknowledge before its disk fails.
const UNREACHED_TICKETS: u64 = 2_000;
/// Ends each batch in the journal.
const BATCH_TRAILER: &[u8] = b"FJL\x03";

#[test]
#[ignore = "not a test: the process that is traced"]
fn the_child() {
    child::obey();
}

/// Runs a child under strace with more options; tells its folder, what it said on stderr, and whether it ended well.
struct Traced {
    folder: tempfile::TempDir,
    stderr: String,
    success: bool,
}

impl Traced {
    fn run(tickets: u64, options: &[&str]) -> Self {
        require_strace();
        let folder = tempfile::tempdir().unwrap();
        // Opened before, so that the trace and the faults begin with the load and not with the creation.
        drop(Embedded::open(&folder.path().join("data")).unwrap());
        let orders = orders(folder.path(), tickets);
        let trace = folder.path().join("trace").display().to_string();
        let wrapper = [&["strace", "-f", "-y", "-xx", "-s", "1000000", "-o", &trace], options].concat();
        let output = orders.command("the_child", &wrapper).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Self { folder, stderr, success: output.status.success() }
    }

    fn calls(&self) -> Vec<Call> {
        parse(&std::fs::read_to_string(self.folder.path().join("trace")).unwrap())
    }

    fn acks(&self) -> Vec<Vec<u64>> {
        read_acks(&self.folder.path().join("acks"))
    }
}

fn orders(folder: &Path, tickets: u64) -> Orders {
    Orders { folder: folder.join("data"), acks: folder.join("acks"), life: 1, tickets }
}

fn require_strace() {
    let works = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).status();
    assert!(
        works.is_ok_and(|status| status.success()),
        "this test needs a working strace: `apt-get install strace`, and in a container the right to use ptrace"
    );
}

/// The bytes of one journal, with the line on which each was surely written.
#[derive(Default)]
struct Journal {
    bytes: Vec<u8>,
    /// (end of a write in `bytes`, line on which that write ended)
    writes: Vec<(usize, usize)>,
}

impl Journal {
    fn of(calls: &[Call], path: &str) -> Self {
        let mut journal = Self::default();
        for call in calls.iter().filter(|call| call.name == "write" && call.file == path) {
            assert_eq!(call.result, call.bytes.len().to_string(), "whole writes");
            journal.bytes.extend(&call.bytes);
            journal.writes.push((journal.bytes.len(), call.ended));
        }
        journal
    }

    /// The line by which the batch that holds `text` was written to its end.
    fn written_by(&self, text: &str) -> Option<usize> {
        let start = find(&self.bytes, text.as_bytes())?;
        let end = start + find(&self.bytes[start..], BATCH_TRAILER)? + BATCH_TRAILER.len();
        self.writes.iter().find(|(written, _)| *written >= end).map(|(_, line)| *line)
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[test]
fn each_ack_follows_an_fdatasync_that_covers_it() {
    let traced = Traced::run(TICKETS, &["-e", "trace=write,writev,pwrite64,fsync,fdatasync"]);
    assert!(traced.success, "{}", traced.stderr);
    let calls = traced.calls();
    let journals: std::collections::BTreeSet<&str> =
        calls.iter().map(|call| &call.file[..]).filter(|file| file.ends_with(".jnl")).collect();
    assert_eq!(journals.len(), 1, "a load this small stays in one journal: {journals:?}");
    let path = journals.into_iter().next().unwrap();
    let journal = Journal::of(&calls, path);
    let syncs: Vec<&Call> = calls
        .iter()
        .filter(|call| call.file == path && matches!(&call.name[..], "fdatasync" | "fsync") && call.result == "0")
        .collect();
    let mut acks = 0;
    for ack in calls.iter().filter(|call| call.name == "write" && call.file.ends_with("/acks")) {
        for line in std::str::from_utf8(&ack.bytes).unwrap().lines() {
            let (shard, ticket) = line.split_once(' ').unwrap();
            let text = marker(shard.parse().unwrap(), ticket.parse().unwrap());
            let written = journal.written_by(&text).unwrap_or_else(|| panic!("{text} is in no journal"));
            let covered = syncs.iter().any(|sync| written < sync.began && sync.ended < ack.began);
            assert!(covered, "{text} was acknowledged on line {} without an fdatasync since line {written}", ack.began);
            acks += 1;
        }
    }
    assert_eq!(acks, SHARDS * TICKETS, "every ticket was acknowledged and looked at");
    assert!(syncs.len() > 3, "the load took several commits");
}

#[test]
fn a_failing_fdatasync_ends_the_process_and_acknowledges_nothing_more() {
    let inject = "inject=fdatasync:error=EIO:when=4+";
    let traced = Traced::run(UNREACHED_TICKETS, &["-e", "trace=write,fdatasync", "-e", inject]);
    assert!(!traced.success);
    assert!(traced.stderr.contains("the store cannot write to its disk"), "{}", traced.stderr);
    let calls = traced.calls();
    let failed = calls.iter().find(|call| call.name == "fdatasync" && call.result.contains("EIO")).expect("it failed");
    assert!(traced.acks().iter().any(|acks| !acks.is_empty()), "it acknowledged before the failure");
    let late = calls.iter().find(|call| call.file.ends_with("/acks") && call.began > failed.ended);
    assert!(late.is_none(), "acknowledged after the failure: {late:?}");
    check_reopened(&traced);
}

/// Starts again on the same folder, without faults: everything acknowledged is there.
fn check_reopened(traced: &Traced) {
    let store = Embedded::open(&traced.folder.path().join("data")).unwrap();
    for (shard, acks) in (0..).zip(traced.acks()) {
        assert!(Writer { life: 1, shard }.check(&store) >= acks.len() as u64);
    }
}
