//! Each client rule, by a table of what comes in and what must come out.

mod cursor_and_holes;
mod epochs_and_ghosts;
mod marks;
mod retractions;
mod script;
mod sends;
mod sync_rounds;

use script::run;

/// Connected, with conversation A read up to its durable head 4 in epoch 1.
const READY: &str = "
    < welcome A d=4
    ! told Welcome
    > sync s1 A=0
    < result s1 A 1:m1 2:m2 3:m3 4:m4 d=4
    ! new A 1 m1
    ! new A 2 m2
    ! new A 3 m3
    ! new A 4 m4
    ! synced
    ? cursor A 4
    ? settled true
";

fn after_ready(script: &str) {
    run(&format!("{READY}\n{script}"));
}
