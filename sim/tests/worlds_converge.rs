//! A sample of worlds on every `cargo test`; `cargo xtask sim --seeds N` runs more.

use chasqui_sim::Coverage;

#[test]
fn forty_worlds_converge_and_everything_happens_in_them() {
    let mut seen = Coverage::default();
    for seed in 0..40 {
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
