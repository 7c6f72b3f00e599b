//! The cursor, provisional messages, and holes that are gaps or not.

use chasqui_client_rules::Config;

use crate::after_ready;
use crate::script::{run, run_with};

#[test]
fn the_cursor_stops_at_the_durable_head() {
    after_ready(
        "
        < msg A 5 m5 d=4
        ! new A 5 m5 provisional
        ? cursor A 4
        ? reach A 5
        ? known A 5:m5?
        < msg A 6 m6 d=5
        ! new A 6 m6 provisional
        ? cursor A 5
        < msg A 7 m7 d=7
        ! new A 7 m7
        ? cursor A 7
        ? known A
        ? due never
        ",
    );
}

#[test]
fn the_cursor_stops_at_a_hole_however_durable_what_follows() {
    after_ready(
        "
        < msg A 6 m6 d=6
        ! new A 6 m6
        ? cursor A 4
        < msg A 5 m5 d=5
        ! new A 5 m5
        ? cursor A 6
        ? due never
        ? out_of_order 1
        ",
    );
}

#[test]
fn own_acked_messages_count() {
    after_ready(
        "
        < send c1 A
        > send 1 c1 A
        < ack 1 A 5 m5 d=5
        ! ticked c1 A 5 m5
        ? cursor A 5
        ? unacked
        ? due never
        ",
    );
}

#[test]
fn a_message_is_shown_once_however_often_it_comes() {
    after_ready(
        "
        < msg A 5 m5 d=4
        ! new A 5 m5 provisional
        < msg A 5 m5 d=5
        < msg A 5 m5 d=5
        < msg A 2 m2 d=5
        ? cursor A 5
        ? duplicates 3
        ? shown 5
        ",
    );
}

#[test]
fn a_hole_is_a_gap_when_no_own_send_is_unacked() {
    after_ready(
        "
        < msg A 6 m6 d=4
        ! new A 6 m6 provisional
        ? due 20
        @ 20
        > sync s2 A=4
        < result s2 A 5:m5 6:m6 d=4 last=6
        ! new A 5 m5 provisional
        ! synced
        ? cursor A 4
        ? reach A 6
        ? settled true
        ",
    );
}

#[test]
fn a_hole_waits_while_an_own_send_may_explain_it() {
    after_ready(
        "
        < send c1 A
        > send 1 c1 A
        < msg A 6 m6 d=4
        ! new A 6 m6 provisional
        ? due 5000
        @ 4999
        < ack 1 A 5 m5 d=6
        ! ticked c1 A 5 m5
        ? cursor A 6
        ? due never
        ",
    );
}

#[test]
fn a_hole_is_a_gap_after_five_seconds_whatever_is_unacked() {
    after_ready(
        "
        < send c1 A
        > send 1 c1 A
        < msg A 6 m6 d=4
        ! new A 6 m6 provisional
        @ 5000
        > sync s2 A=4
        < result s2 A 5:m5:alice:c1 6:m6 d=6
        ! synced
        ? cursor A 6
        ? unacked c1
        < ack 1 A 5 m5 d=6
        ! ticked c1 A 5 m5
        ? acked_behind_cursor 0
        ? settled true
        ",
    );
}

#[test]
fn a_hole_becomes_a_gap_when_the_last_own_send_is_placed_elsewhere_or_refused() {
    after_ready(
        "
        < send c1 A
        > send 1 c1 A
        < send c2 A
        > send 2 c2 A
        < msg A 7 m7 d=4
        ! new A 7 m7 provisional
        < ack 1 A 6 m6 d=4 ack=accepted
        ! ticked c1 A 6 m6
        ? due 5000
        < error 2 not_a_participant
        ! failed c2 not_a_participant
        ? due 20
        @ 20
        > sync s2 A=4
        ",
    );
}

#[test]
fn an_own_send_elsewhere_explains_nothing() {
    after_ready(
        "
        < send c1 @bob
        > send 1 c1 @bob
        < msg A 6 m6 d=4
        ! new A 6 m6 provisional
        ? due 20
        ",
    );
}

#[test]
fn a_hole_that_a_sync_leaves_open_is_asked_for_at_leisure() {
    after_ready(
        "
        < msg A 6 m6 d=4
        ! new A 6 m6 provisional
        @ 20
        > sync s2 A=4
        < result s2 A 6:m6 d=4 last=6
        ! synced
        ? settled false
        ? due 5000
        @ 5000
        > sync s3 A=4
        ",
    );
}

#[test]
fn what_lies_before_the_membership_is_not_a_gap() {
    run("
        < welcome
        ! told Welcome
        > sync s1
        < result s1
        ! synced
        < joined A
        ! told MemberAdded
        < msg A 51 m51 d=50
        ! new A 51 m51 provisional
        @ 20
        > sync s2 A=0
        < result s2 A 51:m51 d=50 last=51
        ! synced
        ? cursor A 50
        ? reach A 51
        ? settled true
    ");
}

#[test]
fn joining_after_the_last_message_leaves_nothing_to_read() {
    run("
        < welcome A d=50
        ! told Welcome
        > sync s1 A=0
        < result s1 A d=50
        ! synced
        ? cursor A 50
        ? settled true
    ");
}

#[test]
fn the_messages_of_an_own_other_device_are_shown() {
    after_ready(
        "
        < msg A 5 m5 from=alice c=c9 d=4
        ! new A 5 m5 provisional
        ",
    );
}

#[test]
fn two_messages_at_one_place_are_settled_by_sync() {
    after_ready(
        "
        < msg A 5 m5 d=4
        ! new A 5 m5 provisional
        < msg A 5 m6 d=4
        > sync s2 A=4
        < result s2 A 5:m5 d=4 last=5
        ! synced
        > sync s3 A=4
        < result s3 A 5:m5 d=4 last=5
        ! synced
        ? conflicts 1
        ? shown 5
        ? settled true
        ",
    );
}

#[test]
fn a_client_that_starts_at_the_head_reads_only_what_is_new() {
    let config = Config { start_at_head: true, ..Config::default() };
    run_with(
        config,
        "
        < welcome A d=40 last=41
        ! told Welcome
        > sync s1 A=40
        < result s1 A 41:m41 d=40 last=41
        ! new A 41 m41 provisional
        ! synced
        ? cursor A 40
        ",
    );
}
