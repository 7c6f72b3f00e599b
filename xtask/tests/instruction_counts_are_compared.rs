//! A rise above the bound is named, noise and falls are not, and the two lists of benches are the same.

use xtask::instructions::{Baseline, judge, parse};

fn counts(of: &[(&str, u64)]) -> Baseline {
    let instructions = of.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    Baseline { rustc: "1.95.0".into(), target: "x86_64-unknown-linux-gnu".into(), instructions }
}

#[test]
fn a_rise_is_named_with_its_amount() {
    let verdict =
        judge(&counts(&[("a", 1_000), ("b", 1_000), ("c", 1_000)]), &counts(&[("a", 1_060), ("b", 1_050), ("c", 100)]));
    assert_eq!(verdict.wrong, ["a rose by 6.0 %, from 1000 to 1060"]);
    assert_eq!(verdict.lines.len(), 3);
}

#[test]
fn a_bench_on_one_side_only_is_named() {
    let verdict = judge(&counts(&[("old", 1)]), &counts(&[("new", 1)]));
    assert_eq!(verdict.wrong, ["new has no committed count", "old has a committed count and is not there"]);
}

#[test]
fn the_runners_output_is_read() {
    let metrics = r#"{"Dr":{"values":{"new":7}},"Ir":{"values":{"new":572043,"old":1}}}"#;
    let line = format!(
        r#"{{"function_name":"decode_send","id":"native","profiles":[{{"data":{{"total":{{"metrics":{metrics}}}}}}}]}}"#
    );
    assert_eq!(parse(&line).expect("a count"), ("decode_send/native".to_owned(), 572_043));
    assert!(parse(r#"{"function_name":"decode_send","id":"native","profiles":[]}"#).is_err());
    assert!(parse("Gungraun result: Ok").is_err());
}
