//! A sample of worlds on every `cargo test`; `cargo xtask sim --seeds N` runs more.

use chasqui_sim::Coverage;

/// The rarest event is seen in one world of ten or so.
const WORLDS: u64 = 200;

#[test]
fn many_worlds_converge_and_everything_happens_in_them() {
    let mut seen = Coverage::default();
    for seed in 0..WORLDS {
        seen.add(&chasqui_sim::run(seed).seen);
    }
    for (name, count) in seen.all() {
        assert!(count > 0, "no world has seen {name}: {seen:?}");
    }
}

#[test]
fn the_same_seed_is_the_same_world() {
    let (a, b) = (chasqui_sim::run(7), chasqui_sim::run(7));
    assert_eq!(format!("{a:?}"), format!("{b:?}"));
    assert!(a.seen.sends > 100 && a.seen.acks > 50, "{a:?}");
}
