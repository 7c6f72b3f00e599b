//! The grammar of the command line. Values stay text here: the table of settings parses them, so that a flag,
//! a variable and a line of the file are judged alike.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::Sources;

/// Chat and message relay: WebTransport, WebSocket, and nothing acknowledged durable is ever lost.
#[derive(Debug, Parser)]
#[command(name = "chasqui", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the relay.
    Serve(Settings),
    /// Print a token for a user of a `serve --dev` relay.
    Token(TokenArgs),
    /// Check a configuration file and the key files it names.
    CheckConfig {
        /// The TOML file.
        file: PathBuf,
    },
    /// Print a commented configuration file with all defaults.
    DefaultConfig {
        /// Print the reference table for the documentation instead.
        #[arg(long)]
        markdown: bool,
    },
    /// Look at this machine and say what would keep the relay from running well.
    Doctor {
        #[command(flatten)]
        settings: Settings,
        /// One JSON object instead of lines for people.
        #[arg(long)]
        json: bool,
    },
    /// Print version, commit, compiler and features.
    Version,
}

/// Everything that decides a configuration. Later layers win: defaults, --config, environment, flags.
#[derive(Debug, Clone, Default, Args)]
pub struct Settings {
    /// Try it out: generated signing key and certificate in the data folder, links for two demo users.
    #[arg(long)]
    pub dev: bool,
    /// Data folder [default: ./chasqui-data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// Public address, TCP and UDP [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Address of /healthz and /readyz [default: 127.0.0.1:9180; with --dev port 0]
    #[arg(long, value_name = "ADDR")]
    pub internal_listen: Option<String>,
    /// Configuration file in TOML; CHASQUI_CONFIG does the same
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Shard threads: a number or auto [default: auto]
    #[arg(long, value_name = "N")]
    pub shards: Option<String>,
    /// auto, io_uring or epoll [default: auto]
    #[arg(long, value_name = "DRIVER")]
    pub driver: Option<String>,
    /// Any setting by its key, e.g. --set limits.send_burst=50; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub set: Vec<(String, String)>,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

impl Settings {
    /// These flags over the given environment. A flag of its own wins over `--set`.
    pub fn sources(&self, env: Vec<(String, String)>) -> Sources {
        let set = self.set.iter().map(|(key, value)| (format!("--set {key}"), key.clone(), value.clone()));
        let named = [
            ("--data", "data", &self.data),
            ("--listen", "server.listen", &self.listen),
            ("--internal-listen", "server.internal_listen", &self.internal_listen),
            ("--shards", "server.shards", &self.shards),
            ("--driver", "server.driver", &self.driver),
        ];
        let named = named.into_iter().filter_map(|(flag, key, value)| {
            value.as_ref().map(|value| (flag.to_owned(), key.to_owned(), value.clone()))
        });
        Sources { dev: self.dev, file: self.config.clone(), env, flags: set.chain(named).collect() }
    }
}

#[derive(Debug, Args)]
pub struct TokenArgs {
    /// Data folder of the relay
    #[arg(long, value_name = "DIR", env = "CHASQUI_DATA", default_value = "./chasqui-data")]
    pub data: PathBuf,
    /// The user the token is for
    #[arg(long, value_name = "USER")]
    pub user: String,
    /// How long it is valid: a number with ms, s, m, h or d
    #[arg(long, value_name = "DURATION", default_value = "1h")]
    pub ttl: String,
}
