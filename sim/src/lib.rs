//! A seeded world: shards joined by rings of two, a faulting store, and clients that keep the client rules, all in
//! virtual time.
//!
//! Promise: the same seed is the same world, step by step. A world runs in chaos for a while (dropped connections,
//! crashes that lose what no fsync covered, drains, unknown and rejected writes, slow and failing stores, evictions,
//! full rings), then heals, and must converge: no deadlock, and what [`checks`] says.
//!
//! What really happened is counted in [`Coverage`], so that nobody believes in checks that never ran.
//!
//! Not here: threads, sockets, framing. The core under test is the one the relay runs.

pub mod checks;
pub mod client;
pub mod coverage;
pub mod links;
mod misfortune;
mod people;
pub mod rng;
pub mod server;
mod wires;
pub mod world;

pub use coverage::Coverage;
pub use world::{Report, World};

/// Runs one world to its end. Panics, naming the seed's broken promise.
pub fn run(seed: u64) -> Report {
    run_traced(seed, false)
}

/// The same; with `trace`, what happens is printed as it happens.
pub fn run_traced(seed: u64, trace: bool) -> Report {
    let mut world = World::new(seed);
    world.trace = trace;
    world.chaos();
    world.heal();
    checks::converged(&world);
    world.report()
}
