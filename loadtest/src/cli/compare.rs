//! The arguments of `compare`.

use std::path::PathBuf;

use clap::Args;

use crate::compare::Figure;

/// Two result files, or two servers and a load.
#[derive(Debug, Clone, Args)]
pub struct CompareArgs {
    /// Results that --json has written, of one run or a list of them
    #[arg(value_name = "FILE", num_args = 0..=2, required_unless_present = "server_a")]
    pub files: Vec<PathBuf>,
    /// Command that starts a server, as a shell reads it, which listens on port 0 and tells its address as `chasqui
    /// serve` does; {data} stands for a folder made new for each run (in TMPDIR). Or just floor, epoll or axum
    #[arg(long, value_name = "COMMAND", requires = "server_b", conflicts_with = "files")]
    pub server_a: Option<String>,
    /// The one that is judged
    #[arg(long, value_name = "COMMAND", requires_all = ["server_a", "load"])]
    pub server_b: Option<String>,
    /// Runs of each server, in turns
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub runs: u16,
    /// The CPU that servers are kept on, with all their threads
    #[arg(long, value_name = "CPU", requires = "server_a")]
    pub pin_server: Option<usize>,
    /// B may be worse than A by this much
    #[arg(long, value_name = "PERCENT", default_value_t = 10.0)]
    pub threshold: f64,
    /// What is held against the threshold; the rest is only shown
    #[arg(long, value_name = "FIGURES", value_enum, value_delimiter = ',', default_values_t = Figure::ALL)]
    pub judge: Vec<Figure>,
    /// Also write the comparison, with all of its runs, as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// The scenario and its options, as for a run of its own; what says how a relay is spoken to does not apply to floor,
    /// epoll and axum
    #[arg(last = true, value_name = "LOAD")]
    pub load: Vec<String>,
}
