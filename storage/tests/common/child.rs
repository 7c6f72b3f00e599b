//! A child process that writes load through the service until it is killed, or for a set number of tickets.
//!
//! The child is the test binary itself, run again with one test selected and its orders in the environment. It
//! writes one line per acknowledged ticket to a file it was given; what a process has written to a file outlives
//! its SIGKILL.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chasqui_proto::row::{Completion, Outcome};
use chasqui_storage::embedded::Embedded;
use chasqui_storage::service::{CompletionSink, Service, ServiceConfig, ShardHandle};

use super::load::Writer;
use super::sink::write;

pub const SHARDS: u64 = 3;
/// Tickets each writer keeps outstanding: enough that groups form and rings are never full.
const WINDOW: u64 = 64;

const ORDERS: &str = "CHASQUI_TEST_CHILD";
/// A child whose parent died before it could kill it ends by itself, lest it fill the disk.
const LIFE_MAX: Duration = Duration::from_secs(120);

/// What a child is to do.
pub struct Orders {
    pub folder: PathBuf,
    pub acks: PathBuf,
    pub life: u64,
    /// Tickets per writer; `u64::MAX` to go on until killed.
    pub tickets: u64,
}

impl Orders {
    /// Runs this binary again from its entry point `test`, with `wrapper` (a command and its arguments, or empty)
    /// in front.
    pub fn command(&self, test: &str, wrapper: &[&str]) -> Command {
        let program = std::env::current_exe().expect("this test has a path");
        let mut words = wrapper.iter().map(OsString::from).chain([program.into()]);
        let mut command = Command::new(words.next().expect("at least the program"));
        command.args(words).args([test, "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
        let (folder, acks) = (self.folder.display(), self.acks.display());
        command.env(ORDERS, format!("{folder}\n{acks}\n{}\n{}", self.life, self.tickets));
        command.stdout(Stdio::null()).stdin(Stdio::null());
        command
    }

    fn given() -> Option<Self> {
        let orders = std::env::var(ORDERS).ok()?;
        let mut lines = orders.lines();
        let mut next = || lines.next().expect("four lines of orders");
        let (folder, acks) = (next().into(), next().into());
        Some(Self { folder, acks, life: next().parse().unwrap(), tickets: next().parse().unwrap() })
    }
}

/// A running child; dropping it, as when a check fails, kills it.
pub struct Mortal(pub Child);

impl Mortal {
    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Mortal {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The child's whole life. Does nothing when there are no orders, as when ignored tests are run by hand.
pub fn obey() {
    let Some(orders) = Orders::given() else { return };
    std::thread::spawn(|| {
        std::thread::sleep(LIFE_MAX);
        std::process::exit(3)
    });
    let acks = Arc::new(Mutex::new(File::options().append(true).create(true).open(&orders.acks).unwrap()));
    let engine = Embedded::open(&orders.folder).unwrap();
    let acked: Vec<_> = (0..SHARDS).map(|_| Arc::new(AtomicU64::new(0))).collect();
    let sinks = (0..SHARDS).zip(&acked).map(|(shard, acked)| AckSink::boxed(shard, &acks, acked)).collect();
    let (service, handles) = Service::start(engine, ServiceConfig::default(), sinks);
    let writers = handles.into_iter().zip(0..).zip(acked).map(|((handle, shard), acked)| {
        let writer = Writer { life: orders.life, shard };
        std::thread::spawn(move || submit_all(handle, writer, orders.tickets, &acked))
    });
    writers.collect::<Vec<_>>().into_iter().for_each(|writer| writer.join().unwrap());
    service.stop();
}

fn submit_all(mut handle: ShardHandle, writer: Writer, tickets: u64, acked: &AtomicU64) {
    for ticket in 0..tickets {
        while ticket >= acked.load(Ordering::Acquire) + WINDOW {
            std::thread::yield_now();
        }
        handle.submit(write(ticket, writer.rows(ticket))).expect("the window is smaller than the ring");
    }
}

/// Writes "shard ticket" lines, one write per batch.
struct AckSink {
    shard: u64,
    lines: String,
    count: u64,
    acks: Arc<Mutex<File>>,
    acked: Arc<AtomicU64>,
}

impl AckSink {
    fn boxed(shard: u64, acks: &Arc<Mutex<File>>, acked: &Arc<AtomicU64>) -> Box<dyn CompletionSink> {
        let (acks, acked) = (acks.clone(), acked.clone());
        Box::new(Self { shard, lines: String::new(), count: 0, acks, acked })
    }
}

impl CompletionSink for AckSink {
    fn complete(&mut self, completion: Completion) {
        assert_eq!(completion.outcome, Outcome::Persisted);
        self.lines += &format!("{} {}\n", self.shard, completion.ticket.0);
        self.count += 1;
    }
    fn flush(&mut self) {
        self.acks.lock().unwrap().write_all(self.lines.as_bytes()).unwrap();
        self.lines.clear();
        self.acked.fetch_add(std::mem::take(&mut self.count), Ordering::Release);
    }
}

/// The acknowledged tickets of each shard, in the order they were acknowledged. A last line cut short does not count.
pub fn read_acks(path: &Path) -> Vec<Vec<u64>> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let mut acks = vec![Vec::new(); SHARDS as usize];
    for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
        let (shard, ticket) = line.split_once(' ').expect("two numbers");
        acks[shard.parse::<usize>().unwrap()].push(ticket.parse().unwrap());
    }
    acks
}
