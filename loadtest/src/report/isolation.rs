//! What a run has shown of one shard beside a busy one.

use serde::{Deserialize, Serialize};

use super::terminal::grouped;
use crate::probe::TurnTimes;

/// Of fewer turns, chance alone makes the p99.
const TURNS_MIN: u64 = 1_000;

/// The measured shard's turns.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Isolation {
    pub members: usize,
    pub rounds: Vec<IsolationRound>,
    /// Of all rounds together.
    pub quiet: TurnFigures,
    pub beside_room: TurnFigures,
    /// Of the p99 beside the room to the quiet one: the median of the rounds, so that a moment in which the machine did
    /// something else weighs no more than another.
    pub p99_ratio: f64,
    pub p99_ratio_max: f64,
}

/// The pairs alone, and then beside the room.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct IsolationRound {
    pub quiet: TurnFigures,
    pub beside_room: TurnFigures,
    pub room_deliveries_per_second: f64,
}

#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct TurnFigures {
    pub turns: u64,
    pub p50_us: f64,
    pub p99_us: f64,
}

impl TurnFigures {
    pub fn of(turns: &TurnTimes) -> Self {
        Self { turns: turns.count(), p50_us: turns.quantile_us(0.5), p99_us: turns.quantile_us(0.99) }
    }

    fn line(&self, name: &str) -> String {
        let Self { turns, p50_us, p99_us } = *self;
        format!("  {name:<16}{:>10} turns, p50 {p50_us:.1} us, p99 {p99_us:.1} us\n", grouped(turns))
    }
}

impl IsolationRound {
    pub fn p99_ratio(&self) -> f64 {
        self.beside_room.p99_us / self.quiet.p99_us
    }
}

impl Isolation {
    pub fn of(
        members: usize,
        rounds: Vec<IsolationRound>,
        quiet: TurnFigures,
        beside_room: TurnFigures,
        p99_ratio_max: f64,
    ) -> Self {
        let mut ratios: Vec<_> = rounds.iter().map(IsolationRound::p99_ratio).collect();
        ratios.sort_by(f64::total_cmp);
        let middle = ratios.get(ratios.len().saturating_sub(1) / 2..=ratios.len() / 2).unwrap_or_default();
        let p99_ratio = middle.iter().sum::<f64>() / middle.len() as f64;
        Self { members, rounds, quiet, beside_room, p99_ratio, p99_ratio_max }
    }

    pub fn failure(&self) -> Option<String> {
        let Self { p99_ratio, p99_ratio_max, .. } = *self;
        let turns = self.quiet.turns.min(self.beside_room.turns);
        if turns < TURNS_MIN {
            return Some(format!("{turns} turns are too few to tell; a higher --rate or --duration is needed"));
        }
        // What cannot be told is above, too.
        let above = !p99_ratio.le(&p99_ratio_max);
        above.then(|| {
            format!("beside the room the p99 of turns was {p99_ratio:.2} times as long, {p99_ratio_max} is allowed")
        })
    }

    /// For people.
    pub fn lines(&self) -> String {
        let ratios = self.rounds.iter().map(IsolationRound::p99_ratio);
        let (least, most) = (ratios.clone().fold(f64::INFINITY, f64::min), ratios.fold(0.0, f64::max));
        let rate = self.rounds.iter().map(|round| round.room_deliveries_per_second).sum::<f64>();
        let rate = grouped((rate / self.rounds.len().max(1) as f64).round() as u64);
        self.quiet.line("quiet shard")
            + &self.beside_room.line("beside a room")
            + &format!(
                "  p99 ratio {:.2}, the median of {} rounds ({least:.2} to {most:.2}), {} allowed; room of {} with {rate} \
                 deliveries/s\n",
                self.p99_ratio,
                self.rounds.len(),
                self.p99_ratio_max,
                grouped(self.members as u64),
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(turns: u64, quiet_us: f64, beside_us: &[f64]) -> Isolation {
        let figures = |p99_us| TurnFigures { turns, p50_us: 1.0, p99_us };
        let quiet = figures(quiet_us);
        let rounds = beside_us.iter().map(|p99_us| IsolationRound {
            quiet,
            beside_room: figures(*p99_us),
            room_deliveries_per_second: 5_000.0,
        });
        Isolation::of(9, rounds.collect(), quiet, quiet, 1.5)
    }

    #[test]
    fn what_is_above_or_cannot_be_told_fails() {
        for fine in [shown(2_000, 40.0, &[60.0]), shown(2_000, 40.0, &[9_000.0, 40.0, 44.0])] {
            assert_eq!(fine.failure(), None);
        }
        for bad in [
            shown(2_000, 40.0, &[61.0]),
            shown(2_000, 40.0, &[30.0, 64.0, 90.0, 40.0, 62.0]),
            shown(999, 40.0, &[40.0]),
            shown(2_000, 0.0, &[0.0]),
            shown(2_000, 40.0, &[]),
        ] {
            assert!(bad.failure().is_some(), "{bad:?}");
        }
        let lines = shown(2_000, 40.0, &[50.0, 60.0]).lines();
        assert!(lines.contains("p99 ratio 1.38, the median of 2 rounds (1.25 to 1.50), 1.5 allowed"), "{lines}");
        assert!(lines.contains("room of 9 with 5,000 deliveries/s"), "{lines}");
    }
}
