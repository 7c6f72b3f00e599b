//! What every subcommand is told: the server, and how to reach it.

use std::net::SocketAddr;
use std::path::PathBuf;

use chasqui_proto::dialect::Dialect;
use clap::Args;

use super::values::dialect;
use crate::dial::Transport;

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
}
