//! The settings of every timed bench.

use std::time::Duration;

use criterion::Criterion;

/// Short enough that all benches together take a few minutes.
const MEASURED: Duration = Duration::from_secs(3);
const WARM_UP: Duration = Duration::from_secs(1);

pub fn criterion() -> Criterion {
    Criterion::default().measurement_time(MEASURED).warm_up_time(WARM_UP)
}
