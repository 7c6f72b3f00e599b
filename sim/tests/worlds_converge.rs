//! A sample of worlds on every `cargo test`; `cargo xtask sim --seeds N` runs more.

#[test]
fn forty_worlds_converge() {
    for seed in 0..40 {
        chasqui_sim::run(seed);
    }
}

#[test]
fn the_same_seed_is_the_same_world() {
    let (a, b) = (chasqui_sim::run(7), chasqui_sim::run(7));
    assert_eq!(format!("{a:?}"), format!("{b:?}"));
    assert!(a.sends > 100 && a.acked > 50, "{a:?}");
}
