//! The command line.
//!
//! One file per group of options: [`Common`], [`TrafficArgs`], [`StepArgs`], [`IdleArgs`], [`IsolationArgs`], `special`,
//! [`FloorArgs`] and [`CompareArgs`]; `values` reads single values.

mod common;
mod compare;
mod idle;
mod isolation;
mod rival;
mod special;
mod steps;
mod traffic;
mod values;

use clap::{Parser, Subcommand};

pub use self::compare::CompareArgs;
pub use self::rival::{FloorArgs, FloorScenario, ServeArgs};
pub use common::Common;
pub use idle::IdleArgs;
pub use isolation::IsolationArgs;
pub use special::{ReconnectArgs, SlowReaderArgs, SoakArgs, SoakLoad, StormArgs};
pub use steps::{LoadArgs, Measure, Percentile, Slo, StepArgs};
pub use traffic::{ArrivalArgs, TrafficArgs};

/// What a stranger needs beside the options.
const READING: &str = "\
A first run:
  chasqui serve --dev --data DIR --config deploy/bench.toml     (lifts the limits that hold for people)
  loadtest pairs --data DIR --rate 5k --server-pid $(pidof chasqui)

Open loop, closed loop:
  With --rate messages are due by the clock, whatever the server does, and latency counts from when a message was due,
  so a server that stalls is not spared. With --window each sender waits for its deliveries; that says how much a server
  can do, but hides how long people would wait.

Datagrams:
  With --transport wt-datagram what is sent are typing signals, for nothing else of the protocol goes by datagram. They
  carry no stamp and get no ack. So a pair has one under way at a time, alternately on and off; what arrives is the one
  that was sent last. One that has not come after 1 s is lost, and the pair goes on. The delivery latency runs from when
  a signal was due to when the partner had it, as with messages; the wait for the pair's former one is in it, and is
  counted as send lag. Datagrams may be lost: only above 1 % of them does the run fail. --size and --ack say nothing.

Times are written 500ms, 10s or 2m; rates may be written 20k.

The report:
  delivery     from when a message was due to when a receiver had it
  ack          from when it was due to the server's answer to its sender
  send lag     from when it was due to when this tool sent it: its own share of the two above
  lost         deliveries that had not come when nothing had come for 5 s
  late         deliveries that came longer after they were due than --late-after, or, between the steps of --rate-ladder
               and --find-max, when the books of their step were closed; the latter are lost, too
  server       CPU time of the process --server-pid, all its threads; user and system where there were ticks enough
  counted      by the relay itself, from --metrics
  machine      how hard everything on it pressed for CPUs; figures of a busy machine say little

  INVALID            the tool used above 90 % of its CPU, or sent less than 90 % of an open loop's rate: the figures say
                     more about the tool than about the server
  LATENCIES INVALID  the send lag's p99 is above 1 ms, or above half of the p99 that is reported

Exit code:
  0  passed, though perhaps marked INVALID
  1  a message (of datagrams: more than 1 %) was lost, refused, duplicated or out of order, a connection ended, or a goal was missed; or the run could
     not be made
  2  the command line was not understood";

const COMPARING: &str = "\
What chat costs, on one CPU and beside the floor, if it may be 35 % of CPU time more:
  loadtest compare --threshold 35 --judge cpu --pin-server 0 --server-a floor \\
    --server-b 'chasqui serve --dev --shards 1 --listen 127.0.0.1:0 --data {data} --config deploy/bench.toml' \\
    -- pairs --rate 20k --ack accepted

Exit code 1: B is worse than A by more than the threshold, a run failed, or the two cannot be compared.";

/// Measures a chat relay: open-loop load, latency from the scheduled send time, and an account of every message.
///
/// Each subcommand is a scenario; `loadtest help SCENARIO` says what it does and shows.
#[derive(Debug, Parser)]
#[command(name = "loadtest", version, after_long_help = READING)]
pub struct Cli {
    #[command(subcommand)]
    pub job: Job,
}

#[derive(Debug, Subcommand)]
pub enum Job {
    #[command(flatten)]
    Run(ScenarioArgs),
    /// Two servers under the same load, run in turns, or two results: medians, intervals, ratios
    #[command(after_long_help = COMPARING)]
    Compare(CompareArgs),
    /// Runs a server without chat: floor, epoll or axum
    Serve(ServeArgs),
}

#[derive(Debug, Subcommand)]
pub enum ScenarioArgs {
    /// Direct messages: half of the connections each send to a partner
    ///
    /// Reported are the latency from when a message was due to when its partner had it, that of its ack, and what the
    /// server spent on each delivery.
    Pairs(LoadArgs),
    /// One group: every message goes to all other members
    ///
    /// The cost of a message grows with the group, so the rate is of messages sent and the figures are of deliveries.
    Room {
        #[command(flatten)]
        load: LoadArgs,
        /// Members that send
        #[arg(long, default_value_t = 1)]
        senders: usize,
    },
    /// Pairs whose acks wait for the disk: how long a sender waits until its message is safe
    ///
    /// As pairs, with the ack's latency first in the report and as the one that is judged. Run it against a relay with the
    /// embedded store; the memory store commits at once.
    Durable(LoadArgs),
    /// A day in a chat: half of the users rest, the others are in groups of very different sizes
    ///
    /// Sizes follow Zipf's law, from 2 up to 1,500 members, and one member in ten writes. --seed makes the same rooms again.
    Mixed(LoadArgs),
    /// Everybody comes at once: sessions opened at a steady rate, whatever the server does
    ///
    /// The latency is from when a session was due to be opened to its welcome, with TCP, TLS or QUIC, token and all.
    /// An attempt that fails, or that is not welcomed within 20 s, is counted and fails the run.
    ConnectStorm(StormArgs),
    /// A group of which some members read no more: what the others feel, and whether the slow ones are cut
    ///
    /// Only the members that read are waited for and measured. The run fails if they miss anything, or if the server has
    /// not ended the connections of those that did not read.
    SlowReader(SlowReaderArgs),
    /// Pairs whose receivers drop their connections and come back: nothing may be missing or come twice
    ///
    /// Receivers keep the protocol's client rules: after each return they ask for what they have missed. Reported
    /// besides the messages is how long a return takes, from connecting to having caught up. The delivery latency
    /// includes the time that a receiver was away.
    Reconnect(ReconnectArgs),
    /// A long run with a line a minute, which fails if the server's memory grows
    ///
    /// Compared is the resident memory at the end with that after the warm-up.
    Soak(SoakArgs),
    /// Connections that do nothing: the server's memory for each
    ///
    /// Start the server afresh, or they fill memory that former ones have left.
    Idle(IdleArgs),
    /// What a shard feels of a busy room on another: its own turns, alone and beside the room
    ///
    /// Pairs whose users, conversations and connections are all of shard 1, measured in turns alone and beside a room
    /// that is all of shard 0 and in a closed loop. Compared is the 99th percentile of shard 1's turns in the relay's own
    /// histogram, so --metrics is needed, a relay with two shards, and --pin with the CPU of shard 0: the room's clients
    /// and shard 0 then share that CPU, and shard 1 has its own to itself.
    Isolation(IsolationArgs),
    /// Pairs or a room on a server without chat, the unit for what chat costs
    ///
    /// What says how a relay is reached and spoken to (--connect, --transport, --dialect, --ack, tokens, certificates) is
    /// ignored: such a server is plain WebSocket, without users or acks.
    Floor(FloorArgs),
}

impl ScenarioArgs {
    pub fn common(&self) -> &Common {
        match self {
            Self::Pairs(load) | Self::Room { load, .. } | Self::Durable(load) | Self::Mixed(load) => {
                &load.traffic.common
            }
            Self::ConnectStorm(storm) => &storm.common,
            Self::SlowReader(slow) => &slow.traffic.common,
            Self::Reconnect(reconnect) => &reconnect.traffic.common,
            Self::Soak(soak) => &soak.traffic.common,
            Self::Idle(idle) => &idle.common,
            Self::Isolation(isolation) => &isolation.common,
            Self::Floor(floor) => floor.common(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_grammar_is_consistent() {
        Cli::command().debug_assert();
        assert!(Cli::try_parse_from(["loadtest", "pairs", "--window", "4"]).is_ok());
        let found = ["loadtest", "mixed", "--find-max", "--slo", "p99=5ms,ack-p99=9ms", "--rate", "2k"];
        assert!(Cli::try_parse_from(found).is_ok());
        for bad in [
            &["pairs", "--window", "4", "--rate", "5"][..],
            &["pairs", "--rate", "0"],
            &["pairs", "--find-max"],
            &["pairs", "--rate-ladder", "5k,6k", "--rate", "5"],
            &["pairs", "--rate-ladder", "5k,6k", "--hgrm", "of-which-rate"],
            &["pairs", "--transport", "wt-datagrams"],
            &["room", "--ack", "read"],
        ] {
            assert!(Cli::try_parse_from([&["loadtest"], bad].concat()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_soak_is_long_unless_told_otherwise() {
        let duration = |args: &[&str]| match Cli::try_parse_from([&["loadtest", "soak"], args].concat()).unwrap().job {
            Job::Run(ScenarioArgs::Soak(soak)) => soak.traffic.duration.as_secs(),
            other => panic!("{other:?}"),
        };
        assert_eq!((duration(&[]), duration(&["--duration", "5s"])), (600, 5));
    }
}
