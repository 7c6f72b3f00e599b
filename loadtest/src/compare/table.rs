//! The comparison for people.

use std::fmt::Write;

use super::{Comparison, Row, Side, Summary};
use crate::report;

pub fn table(comparison: &Comparison) -> String {
    let mut out = String::new();
    for (letter, side) in [("A", &comparison.a), ("B", &comparison.b)] {
        out += &heading(letter, side);
    }
    let columns = ["A: median (min .. max)", "B: median (min .. max)", "B / A (of neighbours)"];
    out += &format!("  {:<18}{:>32}{:>32}{:>26}\n", "", columns[0], columns[1], columns[2]);
    for row in &comparison.rows {
        out += &line(row);
    }
    out + &verdict(comparison)
}

fn heading(letter: &str, side: &Side) -> String {
    let what = side.reports.first().map_or_else(String::new, report::heading);
    let waited: Vec<_> = side.reports.iter().filter_map(|report| report.pressure?.cpu_some).collect();
    let waited = Summary::of(&waited).map_or_else(String::new, |it| {
        let [median, max] = [it.median, it.max].map(|part| part * 100.0);
        format!("; some task of the machine waited for a CPU {median:.0} % of the time (median; {max:.0} % at most)")
    });
    format!("{letter}  {}\n   {what}; {} runs{waited}\n", side.name, side.reports.len())
}

fn line(row: &Row) -> String {
    let summary = |it: Summary| {
        let [median, min, max] = [it.median, it.min, it.max].map(|value| row.figure.text(value));
        format!("{median} ({min} .. {max})")
    };
    let range = row.ratio_range.map_or_else(String::new, |(from, to)| format!(" ({from:.2} .. {to:.2})"));
    let ratio = format!("{:.2}{range}", row.ratio);
    let mark = match row {
        Row { worse_than_threshold: true, .. } => "  WORSE",
        Row { judged: false, .. } => "  (not judged)",
        _ => "",
    };
    format!("  {:<18}{:>32}{:>32}{ratio:>26}{mark}\n", row.figure.label(), summary(row.a), summary(row.b))
}

fn verdict(comparison: &Comparison) -> String {
    let mut out = String::new();
    for doubt in &comparison.doubts {
        let _ = writeln!(out, "  doubtful: {doubt}");
    }
    let threshold = comparison.threshold_percent;
    if comparison.passed {
        out + &format!("  passed: no judged figure of B is more than {threshold} % worse\n")
    } else {
        out + &format!("  FAILED ({threshold} % allowed): {}\n", comparison.failures.join("; "))
    }
}
