//! What a crash or a new home takes away, and what comes back.

use crate::after_ready;

#[test]
fn a_new_epoch_is_synced_from_the_cursor_before_anything_else_is_believed() {
    after_ready(
        "
        < msg A 5 m5 d=4 c=c5
        ! new A 5 m5 provisional
        < msg A 6 m16 d=6 e=2 c=c6
        > sync s2 A=4
        ? cursor A 4
        ? durable A 4
        < result s2 A 5:m15:bob:c9 6:m16:bob:c6 d=6 e=2
        ! new A 5 m15
        ! new A 6 m16
        ! withdrawn A 5 m5
        ! synced
        ? cursor A 6
        ? shown 7
        ? withdrawn 1
        ",
    );
}

#[test]
fn a_provisional_message_sent_again_after_a_crash_moves_and_is_not_shown_twice() {
    after_ready(
        "
        < msg A 5 m5 c=c5 d=4
        ! new A 5 m5 provisional
        < msg A 6 m6 c=c6 d=4
        ! new A 6 m6 provisional
        < gone
        < welcome A d=6 e=2
        ! told Welcome
        > sync s2 A=4
        < result s2 A 5:m16:bob:c6 6:m15:bob:c5 d=6 e=2
        ! moved A 6 5 m16
        ! moved A 5 6 m15
        ! synced
        ? cursor A 6
        ? shown 6
        ",
    );
}

#[test]
fn the_same_client_id_of_another_sender_is_another_message() {
    after_ready(
        "
        < msg A 5 m5 from=bob c=c5 d=4
        ! new A 5 m5 provisional
        < gone
        < welcome A d=4 e=2
        ! told Welcome
        > sync s2 A=4
        < result s2 A 5:m15:carol:c5 d=5 e=2
        ! new A 5 m15
        ! withdrawn A 5 m5
        ! synced
        ",
    );
}

#[test]
fn a_provisional_ghost_is_withdrawn_and_may_come_again_as_new() {
    after_ready(
        "
        < msg A 5 m5 c=c5 d=4
        ! new A 5 m5 provisional
        < gone
        < welcome A d=4 e=2
        ! told Welcome
        > sync s2 A=4
        < result s2 A d=4 e=2
        ! withdrawn A 5 m5
        ! synced
        ? known A
        < msg A 5 m15 c=c5 d=5 e=2
        ! new A 5 m15
        ? cursor A 5
        ",
    );
}

#[test]
fn a_late_event_of_an_old_epoch_is_not_shown() {
    after_ready(
        "
        < gone
        < welcome A d=4 e=2
        ! told Welcome
        > sync s2 A=4
        < result s2 A d=4 e=2
        ! synced
        < msg A 5 m5 d=4 e=1
        ? stale 1
        ? known A
        ",
    );
}

#[test]
fn an_epoch_that_a_sync_does_not_answer_for_is_believed_at_last() {
    after_ready(
        "
        < msg A 5 m5 d=4
        ! new A 5 m5 provisional
        < msg A 5 m15 d=5 e=2
        > sync s2 A=4
        < result s2
        ! synced
        > sync s3 A=4
        < result s3
        ! synced
        ! withdrawn A 5 m5
        ! new A 5 m15
        ? cursor A 5
        ",
    );
}

#[test]
fn a_ghost_survives_the_first_page_and_not_the_last() {
    after_ready(
        "
        < msg A 5 m5 c=c5 d=4
        ! new A 5 m5 provisional
        < msg A 6 m6 c=c6 d=4
        ! new A 6 m6 provisional
        < gone
        < welcome A d=6 e=2
        ! told Welcome
        > sync s2 A=4
        < result s2 A 5:m15:carol:c7 d=6 e=2 last=6 more
        ! new A 5 m15
        > sync s3 A=5
        < result s3 A 6:m16:bob:c5 d=6 e=2
        ! moved A 5 6 m16
        ! withdrawn A 6 m6
        ! synced
        ",
    );
}

#[test]
fn an_epoch_that_changes_between_pages_starts_again_from_the_cursor() {
    after_ready(
        "
        < gone
        < welcome A d=4 last=6
        ! told Welcome
        > sync s2 A=4
        < result s2 A 5:m5:bob:c5 d=4 last=6 more
        ! new A 5 m5 provisional
        > sync s3 A=5
        < result s3 A 6:m16:bob:c6 d=6 e=2
        > sync s4 A=4
        < result s4 A 5:m15:bob:c5 6:m16:bob:c6 d=6 e=2
        ! moved A 5 5 m15
        ! new A 6 m16
        ! synced
        ? cursor A 6
        ",
    );
}

#[test]
fn an_own_send_lost_by_a_crash_is_not_withdrawn_while_it_is_sent_again() {
    after_ready(
        "
        < send c1 A
        > send 1 c1 A
        < msg A 6 m6 d=4
        ! new A 6 m6 provisional
        @ 5000
        > sync s2 A=4
        < result s2 A 5:m5:alice:c1 6:m6 d=4 last=6
        ! synced
        < gone
        < welcome A d=4 e=2
        ! told Welcome
        > sync s3 A=4
        > send 1 c1 A resend
        < result s3 A d=4 e=2
        ! withdrawn A 6 m6
        ! synced
        < ack 1 A 5 m15 d=5 e=2
        ! ticked c1 A 5 m15
        ? cursor A 5
        ",
    );
}

#[test]
fn an_own_send_answered_accepted_and_lost_by_a_crash_is_withdrawn() {
    after_ready(
        "
        < send c1 A ack=accepted
        > send 1 c1 A
        < ack 1 A 5 m5 d=4 ack=accepted
        ! ticked c1 A 5 m5
        < gone
        < welcome A d=4 e=2
        ! told Welcome
        > sync s2 A=4
        < result s2 A d=4 e=2
        ! withdrawn A 5 m5
        ! synced
        ",
    );
}
