//! What every subcommand is told: the server, and how to reach it.

use std::net::SocketAddr;
use std::path::PathBuf;

use chasqui_proto::dialect::Dialect;
use clap::Args;

use super::values::{Ips, dialect, ips};
use crate::dial::Transport;
use crate::probe::MetricsUrl;
use crate::rival::Rival;

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Server, this tool, and what is told")]
pub struct Common {
    /// The server's public address
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub connect: SocketAddr,
    /// ws, wss, wt-stream or, of pairs, wt-datagram: typing signals instead of messages (see below)
    #[arg(long, value_name = "NAME", default_value = "ws", value_parser = Transport::from_name)]
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
    /// Threads of this tool [default: one for each CPU of --pin, else half of the CPUs]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Binds each thread to one of these CPUs, in turn
    #[arg(long, value_name = "CPU,CPU", value_delimiter = ',')]
    pub pin: Vec<usize>,
    /// Connects from these addresses in turn, such as 127.0.0.2-9: one address has ports for some 28,000 connections
    #[arg(long, value_name = "IPS", value_parser = ips)]
    pub bind_ips: Option<Ips>,
    /// The server's process, whose CPU time and memory are read
    #[arg(long, value_name = "PID")]
    pub server_pid: Option<u32>,
    /// The relay's own counters, read before and after what is measured: http://IP:PORT/metrics
    #[arg(long, value_name = "URL")]
    pub metrics: Option<MetricsUrl>,
    /// Runs N times, with connections and users of its own each, and ends with medians
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub repeat: u32,
    /// Also write the result as JSON; with --repeat, all results and how far they spread
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Also write the result, of --repeat the last, as a page for a browser
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Also write the delivery latencies of one rate, of --repeat the last run's, as HdrHistogram's percentile text in
    /// microseconds
    #[arg(long, value_name = "FILE")]
    pub hgrm: Option<PathBuf>,
    /// The server is one of these, and no relay.
    #[arg(skip)]
    pub rival: Option<Rival>,
}
