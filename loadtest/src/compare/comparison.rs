//! From runs to medians, ratios and a verdict.

use anyhow::ensure;
use serde::Serialize;

use super::Figure;
use crate::report::Report;

/// One server's runs.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
    /// The file, or the command that started it.
    pub name: String,
    pub reports: Vec<Report>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    pub rows: Vec<Row>,
    pub threshold_percent: f64,
    /// No run failed, and no figure that is judged is worse by more than the threshold.
    pub passed: bool,
    pub failures: Vec<String>,
    /// Why figures are not to be believed.
    pub doubts: Vec<String>,
    pub a: Side,
    pub b: Side,
}

/// One figure on both sides.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Row {
    pub figure: Figure,
    pub a: Summary,
    pub b: Summary,
    /// Of the medians, B over A.
    pub ratio: f64,
    /// The least and the greatest ratio between a run of B and the run of A before it; None where there are no such pairs.
    pub ratio_range: Option<(f64, f64)>,
    pub judged: bool,
    pub worse_than_threshold: bool,
}

#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Summary {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Comparison {
    pub fn of(a: Side, b: Side, judge: &[Figure], threshold_percent: f64) -> anyhow::Result<Self> {
        let rows = Figure::ALL.into_iter().filter_map(|figure| Row::of(figure, &a, &b, judge, threshold_percent));
        let rows: Vec<_> = rows.collect();
        ensure!(rows.iter().any(|row| row.judged), "no figure that is to be judged was measured on both sides");
        let sides = [("A", &a), ("B", &b)];
        let failed = sides.iter().flat_map(|(letter, side)| complaints(letter, side, |r| &r.verdict.failures));
        let worse = rows.iter().filter(|row| row.worse_than_threshold).map(|row| {
            let percent = row.figure.worse_by(row.ratio) * 100.0;
            format!("{} is {percent:.1} % worse", row.figure.label())
        });
        let failures: Vec<_> = failed.chain(worse).collect();
        let doubts = sides.iter().flat_map(|(letter, side)| complaints(letter, side, |r| &r.verdict.doubts)).collect();
        Ok(Self { passed: failures.is_empty(), rows, threshold_percent, failures, doubts, a, b })
    }
}

/// What was said of any of the runs.
fn complaints(letter: &str, side: &Side, of: impl Fn(&Report) -> &Vec<String>) -> Vec<String> {
    let said = side.reports.iter().enumerate().filter(|(_, report)| !of(report).is_empty());
    said.map(|(index, report)| format!("run {} of {letter}: {}", index + 1, of(report).join(", "))).collect()
}

impl Row {
    fn of(figure: Figure, a: &Side, b: &Side, judge: &[Figure], threshold_percent: f64) -> Option<Self> {
        let values = |side: &Side| side.reports.iter().map(|report| figure.of(report)).collect::<Option<Vec<_>>>();
        let (a, b) = (values(a)?, values(b)?);
        let (judged, ratio_range) = (judge.contains(&figure), range(&a, &b));
        let (a, b) = (Summary::of(&a)?, Summary::of(&b)?);
        let ratio = b.median / a.median;
        let worse_than_threshold = judged && figure.worse_by(ratio) * 100.0 > threshold_percent;
        Some(Self { figure, a, b, ratio, ratio_range, judged, worse_than_threshold })
    }
}

/// Neighbours in time share what the machine did meanwhile.
fn range(a: &[f64], b: &[f64]) -> Option<(f64, f64)> {
    if a.len() != b.len() || a.len() < 2 {
        return None;
    }
    let ratios = a.iter().zip(b).map(|(a, b)| b / a);
    Some(ratios.fold((f64::INFINITY, 0.0), |(least, greatest), ratio| (ratio.min(least), ratio.max(greatest))))
}

impl Summary {
    /// None of nothing.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median =
            if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) };
        Some(Self { median, min, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let summary = |values: &[f64]| Summary::of(values).map(|it| (it.median, it.min, it.max));
        assert_eq!(summary(&[3.0, 1.0, 9.0]), Some((3.0, 1.0, 9.0)));
        assert_eq!(summary(&[4.0, 1.0]), Some((2.5, 1.0, 4.0)));
        assert_eq!(summary(&[]), None);
    }

    #[test]
    fn ratios_are_of_neighbours() {
        assert_eq!(range(&[10.0, 20.0], &[15.0, 20.0]), Some((1.0, 1.5)));
        assert_eq!(range(&[10.0], &[15.0]), None);
        assert_eq!(range(&[10.0, 1.0], &[15.0]), None);
    }

    #[test]
    fn less_throughput_is_worse_and_less_cpu_is_better() {
        assert_eq!(Figure::Throughput.worse_by(0.5), 1.0);
        assert_eq!(Figure::Cpu.worse_by(0.5), -0.5);
    }
}
