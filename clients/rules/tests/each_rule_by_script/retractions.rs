//! What the server takes back is taken back once, and its place kept.

use crate::after_ready;

#[test]
fn a_retraction_takes_the_message_back_and_keeps_its_place() {
    after_ready(
        "
        < msg A 5 m5 d=4
        ! new A 5 m5 provisional
        < retracted A 5 m5
        ! retracted A 5 m5
        < msg A 6 m6 d=6
        ! new A 6 m6
        ? cursor A 6
        ",
    );
}

#[test]
fn a_retraction_ahead_of_its_message_keeps_it_from_being_shown() {
    after_ready(
        "
        < retracted A 5 m5
        < msg A 5 m5 d=4
        < msg A 6 m6 d=6
        ! new A 6 m6
        ? cursor A 6
        ? shown 5
        ",
    );
}

#[test]
fn a_retraction_learnt_by_sync_is_told_once() {
    after_ready(
        "
        < msg A 5 m5 c=c5 d=4
        ! new A 5 m5 provisional
        < gone
        < welcome A d=6
        ! told Welcome
        > sync s2 A=4
        < result s2 A 5:m5:bob:c5! 6:m6:bob:c5 d=6
        ! retracted A 5 m5
        ! new A 6 m6
        ! synced
        ? cursor A 6
        ",
    );
}

#[test]
fn an_own_send_the_store_rejected_is_sent_again_and_takes_another_place() {
    after_ready(
        "
        < send c1 A
        > send 1 c1 A
        < retracted A 5 m5
        < error 1 store_rejected
        @ 2000
        > send 1 c1 A resend
        < ack 1 A 6 m6 d=6
        ! ticked c1 A 6 m6
        ? cursor A 4
        @ 20
        > sync s2 A=4
        < result s2 A 5:m5:alice:c1! 6:m6:alice:c1 d=6
        ! synced
        ? cursor A 6
        ",
    );
}

#[test]
fn a_retraction_of_another_message_fills_no_hole() {
    after_ready(
        "
        < retracted A 5 m95
        < msg A 6 m6 d=6
        ! new A 6 m6
        ? cursor A 4
        @ 20
        > sync s2 A=4
        < result s2 A 5:m5 6:m6 d=6
        ! new A 5 m5
        ! synced
        ? retracted 0
        ",
    );
}
