//! The phases of a run, from the command line to the verdict.

mod floor;
mod idle;
mod output;
mod traffic;

use std::sync::Arc;

use anyhow::{anyhow, ensure};
use chasqui_client::ConnectOptions;

use crate::account::Progress;
use crate::cli::{Cli, Common, ScenarioArgs};
use crate::compare;
use crate::dial;
use crate::probe::raise_open_files;
use crate::report;
use crate::rival;
use crate::token::Signer;
use crate::worker::{Load, Settings};

/// Carries the run out and reports it. Whether it passed.
pub fn run(cli: &Cli) -> anyhow::Result<bool> {
    raise_open_files();
    let (report, common) = match &cli.scenario {
        ScenarioArgs::Pairs(traffic) => (traffic::pairs(traffic)?, &traffic.common),
        ScenarioArgs::Room { traffic, senders } => (traffic::room(traffic, *senders)?, &traffic.common),
        ScenarioArgs::Idle(idle) => (idle::run(idle)?, &idle.common),
        ScenarioArgs::Floor(args) => (floor::run(args)?, floor::common(args)),
        ScenarioArgs::Compare(args) => return compare::run(args),
        ScenarioArgs::Serve(args) => return rival::serve(args.rival, args.listen).map(|()| true),
    };
    print!("{}", report::terminal(&report));
    output::write(&report, common)?;
    Ok(report.verdict.passed)
}

/// Threads to use: half of the CPUs, since the server usually needs the others.
pub(crate) fn threads(common: &Common) -> usize {
    let half = || std::thread::available_parallelism().map_or(1, |cpus| cpus.get().div_ceil(2));
    common.threads.unwrap_or_else(half).max(1)
}

fn signer(common: &Common) -> anyhow::Result<Signer> {
    match &common.token_key {
        Some(path) => Signer::from_key_file(path, common.issuer.clone(), common.audience.clone()),
        None => Signer::from_data(&common.data),
    }
}

fn connect_options(common: &Common) -> anyhow::Result<ConnectOptions> {
    let in_data = || common.data.join(dial::DEV_CERTIFICATE_FILE);
    let certificate = common.certificate.clone().unwrap_or_else(in_data);
    dial::options(common.connect, common.transport, common.dialect, &certificate)
}

/// Settings for a run without load.
fn quiet_settings(common: &Common) -> anyhow::Result<Settings> {
    ensure!(common.connect.port() != 0, "--connect needs the server's port");
    let chat = common.rival.is_none();
    Ok(Settings {
        server: common.connect,
        connect: if chat {
            connect_options(common)?
        } else {
            ConnectOptions::new(&format!("ws://{}", common.connect))?
        },
        signer: chat.then(|| signer(common)).transpose()?,
        ack: None,
        size: 0,
        run: run_id()?,
        load: Load::None,
        senders: 0,
        receivers: 0,
        progress: Arc::new(Progress::default()),
        windows: Arc::new([]),
    })
}

/// 48 random bits.
fn run_id() -> anyhow::Result<u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes[2..]).map_err(|error| anyhow!("no random numbers: {error}"))?;
    Ok(u64::from_be_bytes(bytes))
}
