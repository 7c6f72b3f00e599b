//! The phases of a run, from the command line to the verdict.

mod floor;
mod idle;
mod isolation;
mod live;
mod output;
mod reading;
mod rig;
mod search;
mod soak;
mod steps;
mod storm;
mod traffic;

use std::sync::Arc;

use anyhow::{Context, anyhow, ensure};
use chasqui_client::ConnectOptions;

use crate::account::Progress;
use crate::cli::{Cli, Common, Job, ScenarioArgs};
use crate::compare;
use crate::dial::{self, Transport};
use crate::pacing::Arrivals;
use crate::probe::raise_open_files;
use crate::report::{self, Repeated, Report};
use crate::rival;
use crate::token::Signer;
use crate::worker::Settings;

/// Does what was asked for. Whether it passed.
pub fn run(cli: &Cli) -> anyhow::Result<bool> {
    raise_open_files();
    match &cli.job {
        Job::Run(scenario) => load(scenario),
        Job::Compare(args) => compare::run(args),
        Job::Serve(args) => rival::serve(args.rival, args.listen).map(|()| true),
    }
}

/// Carries the run out, as often as asked for, and reports it.
fn load(scenario: &ScenarioArgs) -> anyhow::Result<bool> {
    let common = scenario.common();
    let mut reports = (0..common.repeat).map(|_| told(scenario)).collect::<Result<Vec<_>, _>>()?;
    if common.repeat == 1 {
        let report = reports.pop().context("a run has a report")?;
        output::json(&report, common)?;
        output::curves(&report, common)?;
        return Ok(report.verdict.passed);
    }
    let repeated = Repeated::of(reports);
    print!("{}", report::repeated_terminal(&repeated));
    output::json(&repeated, common)?;
    output::curves(repeated.runs.last().context("a run has a report")?, common)?;
    Ok(repeated.passed)
}

fn told(scenario: &ScenarioArgs) -> anyhow::Result<Report> {
    let report = once(scenario)?;
    print!("{}", report::terminal(&report));
    Ok(report)
}

fn once(scenario: &ScenarioArgs) -> anyhow::Result<Report> {
    let datagrams = scenario.common().transport == Transport::WtDatagram;
    // The floor ignores how a relay is reached.
    let fit = matches!(scenario, ScenarioArgs::Pairs(_) | ScenarioArgs::Floor(_));
    ensure!(fit || !datagrams, "wt-datagram sends typing signals, and only pairs does so; all else goes by wt-stream");
    match scenario {
        ScenarioArgs::Pairs(load) => traffic::pairs(load),
        ScenarioArgs::Room { load, senders } => traffic::room(load, *senders),
        ScenarioArgs::Durable(load) => traffic::durable(load),
        ScenarioArgs::Mixed(load) => traffic::mixed(load),
        ScenarioArgs::ConnectStorm(storm) => storm::run(storm),
        ScenarioArgs::SlowReader(slow) => traffic::slow_reader(slow),
        ScenarioArgs::Reconnect(reconnect) => traffic::reconnect(reconnect),
        ScenarioArgs::Soak(soak) => soak::run(soak),
        ScenarioArgs::Idle(idle) => idle::run(idle),
        ScenarioArgs::Isolation(isolation) => isolation::run(isolation),
        ScenarioArgs::Floor(args) => floor::run(args),
    }
}

/// Threads to use. Half of the CPUs unless told otherwise, since the server usually needs the others.
pub(crate) fn threads(common: &Common) -> usize {
    let half = || std::thread::available_parallelism().map_or(1, |cpus| cpus.get().div_ceil(2));
    let pinned = (!common.pin.is_empty()).then_some(common.pin.len());
    common.threads.or(pinned).unwrap_or_else(half).max(1)
}

/// CPUs this tool may use.
pub(crate) fn cpus(common: &Common) -> usize {
    let pinned: std::collections::BTreeSet<_> = common.pin.iter().collect();
    if pinned.is_empty() { std::thread::available_parallelism().map_or(1, Into::into) } else { pinned.len() }
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
    let transport = if common.rival.is_some() { Transport::Ws } else { common.transport };
    dial::options(common.connect, transport, common.dialect, &certificate)
}

/// Settings for a run without load.
fn quiet_settings(common: &Common) -> anyhow::Result<Settings> {
    ensure!(common.connect.port() != 0, "--connect needs the server's port");
    let chat = common.rival.is_none();
    Ok(Settings {
        server: common.connect,
        connect: connect_options(common)?,
        bind_ips: common.bind_ips.iter().flat_map(|ips| ips.iter().copied()).collect(),
        pin: common.pin.clone(),
        signer: chat.then(|| signer(common)).transpose()?,
        ack: Default::default(),
        size: 0,
        run: run_id()?,
        arrivals: Arrivals::default(),
        seed: 0,
        late_after: std::time::Duration::MAX,
        senders: 0,
        drops: None,
        progress: Arc::new(Progress::default()),
        windows: Arc::new([]),
        signals: common.transport == Transport::WtDatagram && chat,
    })
}

/// 48 random bits.
fn run_id() -> anyhow::Result<u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes[2..]).map_err(|error| anyhow!("no random numbers: {error}"))?;
    Ok(u64::from_be_bytes(bytes))
}
