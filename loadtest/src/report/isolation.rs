//! What a run has shown of one shard beside a busy one.

use serde::{Deserialize, Serialize};

use super::terminal::grouped;
use crate::probe::TurnTimes;

/// Of fewer turns, chance alone makes the p99.
const TURNS_MIN: u64 = 1_000;

/// The measured shard's turns, all rounds together.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Isolation {
    pub members: usize,
    pub rounds: Vec<IsolationRound>,
    pub quiet: TurnFigures,
    pub beside_room: TurnFigures,
    /// Of the p99 beside the room to the quiet one.
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
    pub fn failure(&self) -> Option<String> {
        let Self { p99_ratio, p99_ratio_max, .. } = *self;
        let turns = self.quiet.turns.min(self.beside_room.turns);
        if turns < TURNS_MIN {
            return Some(format!("{turns} turns are too few to tell; a higher --rate or --duration is needed"));
        }
        // What cannot be told is above, too.
        let above = !p99_ratio.le(&p99_ratio_max);
        above.then(|| format!("beside the room p99 was {p99_ratio:.2} times as long, {p99_ratio_max} is allowed"))
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
                "  p99 ratio {:.2} (rounds {least:.2} to {most:.2}), {} allowed; room of {} with {rate} deliveries/s\n",
                self.p99_ratio,
                self.p99_ratio_max,
                grouped(self.members as u64),
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(turns: u64, quiet_us: f64, beside_us: f64) -> Isolation {
        let figures = |p99_us| TurnFigures { turns, p50_us: 1.0, p99_us };
        let (quiet, beside_room) = (figures(quiet_us), figures(beside_us));
        let round = IsolationRound { quiet, beside_room, room_deliveries_per_second: 5_000.0 };
        let p99_ratio = round.p99_ratio();
        Isolation { members: 9, rounds: vec![round], quiet, beside_room, p99_ratio, p99_ratio_max: 1.5 }
    }

    #[test]
    fn what_is_above_or_cannot_be_told_fails() {
        assert_eq!(shown(2_000, 40.0, 60.0).failure(), None);
        for bad in [shown(2_000, 40.0, 61.0), shown(999, 40.0, 40.0), shown(2_000, 0.0, 0.0)] {
            assert!(bad.failure().is_some(), "{bad:?}");
        }
        let lines = shown(2_000, 40.0, 50.0).lines();
        assert!(lines.contains("p99 ratio 1.25 (rounds 1.25 to 1.25), 1.5 allowed; room of 9 with 5,000"), "{lines}");
    }
}
