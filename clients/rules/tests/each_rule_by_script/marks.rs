//! Receipts are told for what was received, upwards, and in each connection again.

use chasqui_client_rules::Config;

use crate::script::run_with;
use crate::{READY, after_ready};

#[test]
fn delivered_marks_are_gathered_and_reach_no_further_than_the_first_hole() {
    let config = Config { mark_delivered_after: Some(50), ..Config::default() };
    run_with(
        config,
        &format!(
            "{READY}
            @ 50
            > delivered A 4
            < msg A 5 m5 d=4
            ! new A 5 m5 provisional
            < msg A 7 m7 d=4
            ! new A 7 m7 provisional
            < msg A 6 m6 d=4
            ! new A 6 m6 provisional
            @ 49
            @ 1
            > delivered A 7
            < msg A 8 m8 from=alice c=c9 d=4
            ! new A 8 m8 provisional
            ? due never
            "
        ),
    );
}

#[test]
fn marks_wait_for_the_sync_and_are_told_again_in_the_next_connection() {
    after_ready(
        "
        < read A 4
        > read A 4
        < read A 3
        < gone
        < read A 4
        < welcome A d=4
        ! told Welcome
        > sync s2 A=4
        < result s2 A d=4
        ! synced
        > read A 4
        ",
    );
}

#[test]
fn a_message_that_replaces_a_lost_one_is_not_read_on_its_behalf() {
    after_ready(
        "
        < msg A 5 m5 c=c5 d=4
        ! new A 5 m5 provisional
        < read A 5
        > read A 5
        < gone
        < welcome A d=4 e=2
        ! told Welcome
        > sync s2 A=4
        < result s2 A 5:m15:carol:c7 d=5 e=2
        ! new A 5 m15
        ! withdrawn A 5 m5
        ! synced
        > read A 4
        ",
    );
}
