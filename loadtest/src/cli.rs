//! The command line.

mod compare;
mod rival;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chasqui_proto::command::AckLevel;
use chasqui_proto::dialect::Dialect;
use clap::{Args, Parser, Subcommand};

pub use self::compare::CompareArgs;
pub use self::rival::{FloorArgs, FloorScenario, ServeArgs};
use crate::dial::Transport;
use crate::rival::Rival;

/// Measures a chat relay: open-loop load, latency from the scheduled send time, and an account of every message.
///
/// Exit code 1: a message was lost, refused, duplicated or out of order, a connection ended, or the run could not be
/// made.
#[derive(Debug, Parser)]
#[command(name = "loadtest", version)]
pub struct Cli {
    #[command(subcommand)]
    pub scenario: ScenarioArgs,
}

#[derive(Debug, Subcommand)]
pub enum ScenarioArgs {
    /// Half of the connections each send to a partner in a direct conversation
    Pairs(TrafficArgs),
    /// One group; every message goes to all other members
    Room {
        #[command(flatten)]
        traffic: TrafficArgs,
        /// Members that send
        #[arg(long, default_value_t = 1)]
        senders: usize,
    },
    /// Connections that do nothing: the server's memory for each; start the server afresh, or they fill memory that
    /// former ones have left
    Idle(IdleArgs),
    /// The same load on a server without chat, the unit for what chat costs; what says how a relay is reached and
    /// spoken to (--connect, --transport, --dialect, --ack, tokens, certificates) is ignored
    Floor(FloorArgs),
    /// Two servers under the same load, run in turns, or two results: medians, intervals, ratios
    ///
    /// For example: loadtest compare --server-a floor --server-b 'chasqui serve --dev --shards 1 --listen 127.0.0.1:0
    /// --data {data} --config deploy/bench.toml' --pin-server 0 --threshold 35 --judge cpu -- pairs --rate 20000
    ///
    /// Exit code 1: B is worse than A by more than the threshold, a run failed, or the two cannot be compared.
    Compare(CompareArgs),
    /// Run a server without chat: floor, epoll or axum
    Serve(ServeArgs),
}

#[derive(Debug, Clone, Args)]
pub struct Common {
    /// The server's public address
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub connect: SocketAddr,
    #[arg(long, value_enum, default_value = "ws")]
    pub transport: Transport,
    /// native or json
    #[arg(long, default_value = "native", value_parser = dialect)]
    pub dialect: Dialect,
    /// Data folder of a `serve --dev` relay, whose key signs the tokens
    #[arg(long, value_name = "DIR", default_value = "./chasqui-data")]
    pub data: PathBuf,
    /// File with the HMAC secret of a configured relay, instead of --data
    #[arg(long, value_name = "FILE")]
    pub token_key: Option<PathBuf>,
    /// PEM file whose first certificate is the server's [default: the one in --data]
    #[arg(long, value_name = "FILE")]
    pub certificate: Option<PathBuf>,
    /// `iss` of the tokens, with --token-key
    #[arg(long, requires = "token_key")]
    pub issuer: Option<String>,
    /// `aud` of the tokens, with --token-key
    #[arg(long, requires = "token_key")]
    pub audience: Option<String>,
    /// Threads of this tool [default: half of the CPUs]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// The server's process, whose CPU time and memory are read
    #[arg(long, value_name = "PID")]
    pub server_pid: Option<u32>,
    /// Also write the result as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Also write the result as a page for a browser
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Also write the delivery latencies, in microseconds, as HdrHistogram's percentile text
    #[arg(long, value_name = "FILE")]
    pub hgrm: Option<PathBuf>,
    /// The server is one of these, and no relay.
    #[arg(skip)]
    pub rival: Option<Rival>,
}

#[derive(Debug, Clone, Args)]
pub struct TrafficArgs {
    #[command(flatten)]
    pub common: Common,
    /// Connections [default: pairs 100, room 200]
    #[arg(long, value_name = "N")]
    pub conns: Option<usize>,
    /// Messages a second, all senders together (open loop)
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    pub rate: u64,
    /// Closed loop instead: each sender keeps N messages under way, freed by their delivery; with --ack accepted, or
    /// the sends outrun the store
    #[arg(long, value_name = "N", conflicts_with = "rate", value_parser = window)]
    pub window: Option<usize>,
    /// Bytes of a message's text
    #[arg(long, value_name = "BYTES", default_value_t = 128)]
    pub size: usize,
    /// Load before the measurement begins
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    pub warmup: Duration,
    /// What is measured
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub duration: Duration,
    /// What the server acknowledges: accepted or durable
    #[arg(long, default_value = "durable", value_parser = ack)]
    pub ack: AckLevel,
}

#[derive(Debug, Clone, Args)]
pub struct IdleArgs {
    #[command(flatten)]
    pub common: Common,
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub conns: usize,
    /// How long the connections rest before memory is read
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub duration: Duration,
}

fn dialect(name: &str) -> Result<Dialect, String> {
    Dialect::from_name(name).ok_or_else(|| "native or json".into())
}

fn ack(name: &str) -> Result<AckLevel, String> {
    match name {
        "accepted" => Ok(AckLevel::Accepted),
        "durable" => Ok(AckLevel::Durable),
        // The receivers of a load say nothing back, so the other levels would never come.
        _ => Err("accepted or durable".into()),
    }
}

/// Beyond it a closed loop is an overload test without a clock.
const WINDOW_MAX: usize = 65_536;

fn window(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(size @ 1..=WINDOW_MAX) => Ok(size),
        _ => Err(format!("a number from 1 to {WINDOW_MAX}")),
    }
}

/// `500ms`, `10s`, `2m`.
fn duration(text: &str) -> Result<Duration, String> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let ms_per_unit = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => return Err("a number with ms, s or m".into()),
    };
    let number: u64 = number.parse().map_err(|_| "a number with ms, s or m".to_owned())?;
    Ok(Duration::from_millis(number.saturating_mul(ms_per_unit)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_grammar_is_consistent() {
        Cli::command().debug_assert();
        assert!(Cli::try_parse_from(["loadtest", "pairs", "--window", "4"]).is_ok());
        for bad in
            [&["pairs", "--window", "4", "--rate", "5"][..], &["pairs", "--rate", "0"], &["room", "--ack", "read"]]
        {
            assert!(Cli::try_parse_from([&["loadtest"], bad].concat()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        for bad in ["", "5", "s", "1h", "-1s"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
