//! The percentile text that HdrHistogram's plotters read, in microseconds.

use std::fmt::Write;

use super::Distribution;
use crate::account::Tally;

pub fn hgrm(distribution: &Distribution) -> String {
    let mut out = format!("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    for point in &distribution.points {
        write!(out, "{:12.3} {:14.12} {:10}", point.us, point.quantile, point.count).expect("a string takes it");
        // The last has no odds.
        let odds = (point.quantile < 1.0).then(|| format!(" {:14.2}", 1.0 / (1.0 - point.quantile)));
        out += &(odds.unwrap_or_default() + "\n");
    }
    out + &footer(distribution)
}

fn footer(distribution: &Distribution) -> String {
    let Distribution { mean_us, stddev_us, points } = distribution;
    let (max, count) = points.last().map_or((0.0, 0), |point| (point.us, point.count));
    let histogram = Tally::default().delivery;
    let (buckets, sub_buckets) = (histogram.buckets(), (2 * 10u32.pow(histogram.sigfig().into())).next_power_of_two());
    format!(
        "#[Mean    = {mean_us:12.3}, StdDeviation   = {stddev_us:12.3}]\n\
         #[Max     = {max:12.3}, Total count    = {count:12}]\n\
         #[Buckets = {buckets:12}, SubBuckets     = {sub_buckets:12}]\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_laid_out_as_the_plotters_expect() {
        let mut histogram = Tally::default().delivery;
        [1_000, 2_000, 3_000, 4_000].iter().for_each(|ns| histogram.record(*ns).unwrap());
        let text = hgrm(&Distribution::of(&histogram).unwrap());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "       Value     Percentile TotalCount 1/(1-Percentile)");
        assert_eq!(lines[2], "       1.000 0.000000000000          1           1.00");
        let last = lines.iter().find(|line| line.contains("1.000000000000")).unwrap();
        assert_eq!(
            last.split_whitespace().collect::<Vec<_>>(),
            ["4.001", "1.000000000000", "4"],
            "the upper end of its bucket"
        );
        assert!(text.contains("Total count    =            4]"), "{text}");
        assert!(text.ends_with("SubBuckets     =         2048]\n"), "{text}");
    }
}
