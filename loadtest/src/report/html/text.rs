//! Numbers as they are read.

/// Microseconds with a unit that fits.
pub fn latency(us: f64) -> String {
    match us {
        _ if us >= 1_000_000.0 => format!("{} s", digits(us / 1_000_000.0)),
        _ if us >= 1_000.0 => format!("{} ms", digits(us / 1_000.0)),
        _ => format!("{} µs", digits(us)),
    }
}

/// Three digits, or all before the point.
fn digits(value: f64) -> String {
    let decimals = match value {
        _ if value >= 100.0 => 0,
        _ if value >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// 1234567 as 1,234,567.
pub fn grouped(number: f64) -> String {
    crate::report::terminal::grouped(number.round().max(0.0) as u64)
}

/// For HTML, in text and in quoted attributes.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_short_and_have_a_unit() {
        for (us, text) in
            [(0.5, "0.5 µs"), (87.4, "87.4 µs"), (999.0, "999 µs"), (1_000.0, "1 ms"), (12_345.0, "12.3 ms")]
        {
            assert_eq!(latency(us), text);
        }
        assert_eq!(latency(2_500_000.0), "2.5 s");
    }

    #[test]
    fn markup_in_a_text_stays_text() {
        assert_eq!(escaped("<b a=\"1\">&"), "&lt;b a=&quot;1&quot;&gt;&amp;");
    }
}
