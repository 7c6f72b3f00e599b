//! Generated commands, played on the core and on a model without shards, rings or a slow store: every session is
//! told the same. `REFERENCE_CASES` and `REFERENCE_SEED` in the environment draw more and others.
mod reference;
mod script;
mod world;

use chasqui_chat::DeliveryOrder;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestError, TestRunner};
use world::Options;

const CASES: u32 = 300;

fn compare(shards: u16, order: DeliveryOrder) {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let config = ProptestConfig {
        cases: number("REFERENCE_CASES").unwrap_or(u64::from(CASES)) as u32,
        rng_seed: RngSeed::Fixed(number("REFERENCE_SEED").unwrap_or(1)),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let options = Options { shards, order, ring: 1_000, permits: 1_000, ..Options::default() };
    let plans = (any::<u64>(), reference::plans());
    let done = TestRunner::new(config)
        .run(&plans, |(chance, plan)| reference::run(&options, chance, &plan).map_err(TestCaseError::fail));
    match done {
        Ok(()) => {}
        // The moves themselves say less than the script.
        Err(TestError::Fail(script, _)) => panic!("{script}"),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn one_shard_relay_first() {
    compare(1, DeliveryOrder::RelayFirst);
}

#[test]
fn one_shard_durable_first() {
    compare(1, DeliveryOrder::DurableFirst);
}

#[test]
fn four_shards_relay_first() {
    compare(4, DeliveryOrder::RelayFirst);
}

#[test]
fn four_shards_durable_first() {
    compare(4, DeliveryOrder::DurableFirst);
}
