//! Where the runs come from: two servers that are loaded in turns, or files.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

use super::{Figure, Side};
use crate::cli::CompareArgs;
use crate::report::Report;
use crate::rival::Rival;
use crate::server::Server;

/// In a server's command: its data folder.
const DATA: &str = "{data}";

/// What `--json` writes: one run, those of --repeat, or a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Repeated { runs: Vec<Report> },
    List(Vec<Report>),
    One(Box<Report>),
}

pub fn read(path: &Path) -> anyhow::Result<Side> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(|| name.clone())?;
    let written = serde_json::from_str(&text).with_context(|| format!("{name} is no result of this version"))?;
    let reports = match written {
        Written::Repeated { runs } | Written::List(runs) => runs,
        Written::One(report) => vec![*report],
    };
    ensure!(!reports.is_empty(), "{name} holds no run");
    Ok(Side { name, reports })
}

pub fn make(commands: [&String; 2], args: &CompareArgs) -> anyhow::Result<[Side; 2]> {
    let mut sides = commands.map(|command| Side { name: command.clone(), reports: Vec::new() });
    for run in 1..=args.runs {
        for (letter, side) in ["A", "B"].into_iter().zip(&mut sides) {
            let report = once(&side.name, args).with_context(|| format!("run {run} of {letter}"))?;
            tell(&format!("{letter} {run}/{}", args.runs), &report);
            side.reports.push(report);
        }
    }
    Ok(sides)
}

/// Starts a server, loads it, ends it.
fn once(command: &str, args: &CompareArgs) -> anyhow::Result<Report> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let server = match Rival::from_name(command) {
        Some(rival) => Server::rival(rival, args.pin_server)?,
        None => Server::command(&command.replace(DATA, &quoted(&data)?), args.pin_server)?,
    };
    let json = folder.path().join("report.json");
    let mut tool = Command::new(std::env::current_exe()?);
    match server.rival {
        Some(rival) => {
            tool.args(["floor", "--rival", rival.name(), "--at", &server.address.to_string()]).args(&args.load)
        }
        None => aim(tool.args(&args.load), server.address, command.contains(DATA).then_some(&data)),
    };
    tool.args(["--server-pid", &server.pid().to_string(), "--json"]).arg(&json);
    let output = tool.stdin(Stdio::null()).output()?;
    match std::fs::read(&json) {
        Ok(report) => Ok(serde_json::from_slice(&report)?),
        Err(_) => bail!("{}", String::from_utf8_lossy(&output.stderr).trim()),
    }
}

fn aim<'a>(tool: &'a mut Command, at: SocketAddr, data: Option<&impl AsRef<Path>>) -> &'a mut Command {
    tool.args(["--connect", &at.to_string()]);
    if let Some(data) = data {
        tool.arg("--data").arg(data.as_ref());
    }
    tool
}

/// For a shell.
fn quoted(path: &Path) -> anyhow::Result<String> {
    let path = path.to_str().context("the temporary folder's name is not UTF-8")?;
    Ok(format!("'{}'", path.replace('\'', r"'\''")))
}

/// Comparisons take minutes, so each run is told as it comes.
fn tell(which: &str, report: &Report) {
    let figures = Figure::ALL.into_iter().filter_map(|figure| Some((figure, figure.of(report)?)));
    let figures: Vec<_> = figures.map(|(figure, value)| format!("{} {}", figure.label(), figure.text(value))).collect();
    let verdict =
        if report.verdict.passed { String::new() } else { format!("  {}", report.verdict.failures.join("; ")) };
    eprintln!("{which}  {}{verdict}", figures.join(", "));
}
