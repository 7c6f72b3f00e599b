//! Plays the same commands on the core and on the model.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::model::{Model, Told};
use super::plan::Move;
use crate::script::command::Cmd;
use crate::script::expect::{Expected, matches};
use crate::script::options::show;
use crate::script::player::Player;
use crate::world::Options;

const SHOWN_LINES_MAX: usize = 12;

/// Plays a plan; an error tells, as a script, what was asked and where the two disagree.
pub fn run(options: &Options, chance: u64, plan: &[Move]) -> Result<(), String> {
    let mut run = Run { model: Model::default(), player: Player::new(options.clone()), log: vec![show(options)] };
    run.player.world.chance = Some(chance | 1);
    for each in plan {
        for cmd in each.commands(&run.model) {
            run.step(&cmd)?;
        }
    }
    // Whatever was asked, it comes to rest.
    run.step(&Cmd::Pass(1_000))?;
    run.play(&Cmd::Quiet(true))
}

struct Run {
    model: Model,
    player: Player,
    log: Vec<String>,
}

impl Run {
    fn step(&mut self, cmd: &Cmd) -> Result<(), String> {
        let expected = self.model.step(cmd);
        self.play(cmd)?;
        let told = self.told();
        self.log.extend(lines(&told));
        if matches(&expect(&expected), told) {
            return Ok(());
        }
        self.fail(&format!("# the model expects\n{}", lines(&expected).join("\n")))
    }

    fn play(&mut self, cmd: &Cmd) -> Result<(), String> {
        self.log.push(cmd.to_string());
        let played = catch_unwind(AssertUnwindSafe(|| self.player.play(cmd)));
        match played.unwrap_or_else(|_| Err("the core panics".to_owned())) {
            Ok(()) => Ok(()),
            Err(why) => self.fail(&format!("# {why}")),
        }
    }

    fn told(&mut self) -> Told {
        let mut told = self.player.told();
        for (name, code) in self.player.closed() {
            told.entry(name).or_default().push(format!("closed {code}"));
        }
        told.values_mut().flatten().for_each(|line| *line = undated(line));
        told
    }

    fn fail(&self, why: &str) -> Result<(), String> {
        Err(format!("case found against the reference model\n{}\n{why}", self.log.join("\n")))
    }
}

/// A line without what is durable by then, where that depends on who is faster.
fn undated(line: &str) -> String {
    if !line.starts_with("message ") && (!line.contains(": ack ") || line.contains(": ack durable ")) {
        return line.to_owned();
    }
    let Some((before, after)) = line.split_once('/') else {
        return line.to_owned();
    };
    format!("{before}{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
}

fn expect(told: &Told) -> Vec<Expected> {
    let line = |session: &String, text: &String| Expected { session: session.clone(), count: None, text: text.clone() };
    told.iter().flat_map(|(session, lines)| lines.iter().map(move |text| line(session, text))).collect()
}

/// What was told, of a flood the beginning.
fn lines(told: &Told) -> Vec<String> {
    let line = |session: &String, line: &String| format!("{session} < {line}");
    let some = |(session, all): (&String, &Vec<String>)| {
        let mut lines: Vec<String> = all.iter().take(SHOWN_LINES_MAX).map(|text| line(session, text)).collect();
        lines.extend((all.len() > SHOWN_LINES_MAX).then(|| format!("# {session} is told {} lines", all.len())));
        lines
    };
    told.iter().flat_map(some).collect()
}
