//! From values to places on a plot, and where its ticks are.

/// How values are spread over an axis.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Scale {
    Linear {
        from: f64,
        to: f64,
    },
    /// Equal ratios are equal distances.
    Log {
        from: f64,
        to: f64,
    },
    /// Quantiles, by what is left to 1: each further nine is an equal distance.
    Nines {
        nines: f64,
    },
}

impl Scale {
    /// From zero to a little above `most`.
    pub fn linear_to(most: f64) -> Self {
        let step = step(most.max(1e-9));
        Self::Linear { from: 0.0, to: (most / step).ceil() * step }
    }

    /// Around all values; whole decades only where they are many.
    pub fn log_around(values: impl Iterator<Item = f64>) -> Self {
        let (least, most) = values
            .filter(|value| *value > 0.0)
            .fold((f64::INFINITY, 0.0), |(least, most), value| (value.min(least), value.max(most)));
        if least > most {
            return Self::Log { from: 1.0, to: 10.0 };
        }
        let from =
            ONE_TWO_FIVE.iter().rev().map(|m| m * decade(least)).find(|it| *it <= least).unwrap_or(decade(least));
        let to = ONE_TWO_FIVE.iter().map(|m| m * decade(most)).find(|it| *it >= most).unwrap_or(10.0 * decade(most));
        Self::Log { from, to: to.max(from * 2.0) }
    }

    /// Where a value is: 0 at the beginning, 1 at the end.
    pub fn place(self, value: f64) -> f64 {
        match self {
            Self::Linear { from, to } => (value - from) / (to - from),
            Self::Log { from, to } => (value.max(from) / from).ln() / (to / from).ln(),
            Self::Nines { nines } => (-(1.0 - value).max(1e-12).log10() / nines).min(1.0),
        }
    }

    pub fn ticks(self) -> Vec<f64> {
        match self {
            Self::Linear { from, to } => {
                let step = step(to - from);
                (0..=((to - from) / step + 1e-6).floor() as u32).map(|n| from + f64::from(n) * step).collect()
            }
            Self::Log { from, to } => {
                let wide = to / from > 300.0;
                let multiples: &[f64] = if wide { &[1.0] } else { &ONE_TWO_FIVE };
                let decades = (from.log10().floor() as i32)..=(to.log10().ceil() as i32);
                let all = decades.flat_map(|exponent| multiples.iter().map(move |m| m * 10f64.powi(exponent)));
                all.filter(|tick| *tick >= from * 0.999 && *tick <= to * 1.001).collect()
            }
            Self::Nines { nines } => [0.0, 0.5, 0.9]
                .into_iter()
                .chain((2..=nines.floor() as i32).map(|n| 1.0 - 10f64.powi(-n)))
                .filter(|tick| self.place(*tick) <= 1.0)
                .collect(),
        }
    }
}

const ONE_TWO_FIVE: [f64; 3] = [1.0, 2.0, 5.0];

fn decade(value: f64) -> f64 {
    10f64.powf(value.log10().floor())
}

/// A round number that divides `length` into some five parts.
fn step(length: f64) -> f64 {
    let rough = length / 5.0;
    let decade = decade(rough);
    ONE_TWO_FIVE.iter().map(|m| m * decade).find(|step| *step >= rough * 0.999).unwrap_or(10.0 * decade)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_nine_is_as_far_as_the_one_before() {
        let scale = Scale::Nines { nines: 4.0 };
        assert_eq!(scale.place(0.0), 0.0);
        assert!((scale.place(0.9) - 0.25).abs() < 1e-9);
        assert!((scale.place(0.999) - 0.75).abs() < 1e-9);
        assert_eq!(scale.place(1.0), 1.0);
        assert_eq!(scale.ticks().len(), 6);
    }

    #[test]
    fn ticks_are_round_and_within() {
        assert_eq!(Scale::linear_to(9.3).ticks(), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(Scale::linear_to(60.0).ticks(), [0.0, 20.0, 40.0, 60.0]);
        assert_eq!(Scale::Linear { from: 0.0, to: 13.0 }.ticks(), [0.0, 5.0, 10.0], "none is beyond the end");
        let scale = Scale::log_around([80.0, 430.0].into_iter());
        assert_eq!(scale, Scale::Log { from: 50.0, to: 500.0 });
        assert_eq!(scale.ticks().len(), 4);
        let wide = Scale::log_around([30.0, 900_000.0].into_iter());
        assert_eq!(wide.ticks().iter().map(|tick| tick.round()).collect::<Vec<_>>(), [100.0, 1e3, 1e4, 1e5, 1e6]);
    }
}
