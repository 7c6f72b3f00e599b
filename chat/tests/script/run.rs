//! Runs the cases of a file.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::command::Cmd;
use super::expect::{Expected, matches};
use super::options;
use super::player::Player;
use crate::world::Options;

/// One command, and what sessions should be told because of it.
struct Step {
    number: usize,
    line: String,
    cmd: Cmd,
    expected: Vec<Expected>,
    /// Whatever was told is fine.
    skipped: bool,
}

#[derive(Default)]
struct Case {
    title: String,
    options: Options,
    steps: Vec<Step>,
}

/// Runs every case of a file's text. All lines told, or what failed. With `TELL` in the environment what was
/// told is printed and not compared, which is how a case is begun.
pub fn run(text: &str) -> Result<Vec<String>, String> {
    let mut told = Vec::new();
    let mut failures = Vec::new();
    for case in cases(text)? {
        let mut log = Vec::new();
        let played = catch_unwind(AssertUnwindSafe(|| play(&case, &mut log, &mut told)));
        if std::env::var_os("TELL").is_some() {
            println!("case {}\n{}\n", case.title, log.join("\n"));
        }
        if let Err(why) = played.unwrap_or_else(|_| Err("a panic".to_owned())) {
            failures.push(format!("case {}\n{}\n  {why}", case.title, log.join("\n")));
        }
    }
    if failures.is_empty() { Ok(told) } else { Err(failures.join("\n\n")) }
}

fn play(case: &Case, log: &mut Vec<String>, all: &mut Vec<String>) -> Result<(), String> {
    let mut player = Player::new(case.options.clone());
    for step in &case.steps {
        log.push(format!("{:4}  {}", step.number, step.line));
        player.play(&step.cmd).map_err(|why| format!("^ {why}"))?;
        let mut told = player.told();
        for (name, code) in player.closed() {
            told.entry(name).or_default().push(format!("closed {code}"));
        }
        all.extend(told.values().flatten().cloned());
        log.extend(
            told.iter().flat_map(|(name, lines)| lines.iter().map(move |line| format!("      {name} < {line}"))),
        );
        if !step.skipped && std::env::var_os("TELL").is_none() && !matches(&step.expected, told) {
            return Err(format!("^ expected {}", show(&step.expected)));
        }
    }
    Ok(())
}

fn show(expected: &[Expected]) -> String {
    let mut lines: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    expected.iter().for_each(|e| lines.entry(&e.session).or_default().push(&e.text));
    format!("{lines:#?}")
}

fn cases(text: &str) -> Result<Vec<Case>, String> {
    let mut cases: Vec<Case> = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(title) = line.strip_prefix("case ") {
            cases.push(Case { title: title.to_owned(), ..Case::default() });
        } else if !line.is_empty() {
            let case = cases.last_mut().ok_or("a file begins with a case")?;
            add(case, i + 1, line).map_err(|why| format!("line {}: {line}: {why}", i + 1))?;
        }
    }
    Ok(cases)
}

fn add(case: &mut Case, number: usize, line: &str) -> Result<(), String> {
    if let Some(options) = line.strip_prefix("world ") {
        case.options = options::parse(options)?;
    } else if line == "skip" {
        case.steps.last_mut().ok_or("nothing to skip")?.skipped = true;
    } else if let Some(expected) = Expected::parse(line) {
        case.steps.last_mut().ok_or("nobody did anything")?.expected.push(expected);
    } else {
        let (line, cmd) = (line.to_owned(), Cmd::parse(line)?);
        case.steps.push(Step { number, line, cmd, expected: Vec::new(), skipped: false });
    }
    Ok(())
}
