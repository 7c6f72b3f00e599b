//! Each client rule, by a table of what comes in and what must come out.

mod script;

use chasqui_client_rules::Config;
use script::{run, run_with};

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
fn events_wait_while_a_sync_is_outstanding() {
    after_ready(
        "
        < msg A 7 m7 d=4
        ! new A 7 m7 provisional
        @ 20
        > sync s2 A=4
        < msg A 8 m8 d=4
        < msg A 5 m5 d=4
        < retracted A 5 m5
        < result s2 A 5:m5 6:m6 7:m7 d=4 last=7
        ! new A 6 m6 provisional
        ! synced
        ! new A 8 m8 provisional
        ? duplicates 0
        ? reach A 8
        ",
    );
}

#[test]
fn an_ack_ticks_at_once_though_its_place_waits_for_a_sync() {
    after_ready(
        "
        < send c1 A
        > send 1 c1 A
        < msg A 7 m7 d=4
        ! new A 7 m7 provisional
        @ 5000
        > sync s2 A=4
        < ack 1 A 5 m5 d=5
        ! ticked c1 A 5 m5
        ? unacked
        < result s2 A 5:m5:alice:c1 6:m6 7:m7 d=5 last=7
        ! new A 6 m6 provisional
        ! synced
        ? cursor A 5
        ? settled true
        ? due never
        ",
    );
}

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
fn more_asks_again_from_the_last_given_even_above_the_durable_head() {
    after_ready(
        "
        < gone
        < welcome A d=4 last=8
        ! told Welcome
        > sync s2 A=4
        < result s2 A 5:m5 6:m6 d=4 last=8 more
        ! new A 5 m5 provisional
        ! new A 6 m6 provisional
        > sync s3 A=6
        < msg A 9 m9 d=4
        < result s3 A 7:m7 8:m8 d=4 last=8
        ! new A 7 m7 provisional
        ! new A 8 m8 provisional
        ! synced
        ! new A 9 m9 provisional
        ? cursor A 4
        ? reach A 9
        < gone
        < welcome A d=4 last=9
        ! told Welcome
        > sync s4 A=4
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
fn more_without_progress_is_asked_for_at_leisure() {
    after_ready(
        "
        < gone
        < welcome A d=4 last=6
        ! told Welcome
        > sync s2 A=4
        < result s2 A d=4 last=6 more
        ? due 2000
        @ 2000
        > sync s3 A=4
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
fn pages_go_on_with_the_cursors_not_yet_answered() {
    run("
        < welcome A B d=1
        ! told Welcome
        > sync s1 A=0 B=0
        < result s1 A 1:m1 d=1 next=p2
        ! new A 1 m1
        > sync s2 B=0 next=p2
        < result s2 B 1:m2 d=1
        ! new B 1 m2
        ! synced
        ? settled true
    ");
}

#[test]
fn recovered_false_forgets_and_reads_afresh() {
    after_ready(
        "
        < gone
        < welcome A d=2 e=3
        ! told Welcome
        > sync s2 A=4
        < result s2 A d=2 e=3 lost
        ! reset A
        > sync s3 A=0
        ? cursor A 0
        < result s3 A 1:m1 2:m22 d=2 e=3
        ! new A 1 m1
        ! new A 2 m22
        ! synced
        ? cursor A 2
        ",
    );
}

#[test]
fn recovered_false_from_the_start_is_what_there_is() {
    run("
        < welcome A d=9
        ! told Welcome
        > sync s1 A=0
        < result s1 A 8:m8 9:m9 d=9 lost
        ! new A 8 m8
        ! new A 9 m9
        ! synced
        ? cursor A 9
        ? settled true
    ");
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
fn a_send_is_sent_again_at_once_after_reconnect_until_it_is_answered() {
    run("
        < send c1 A
        < welcome A
        ! told Welcome
        > sync s1 A=0
        > send 1 c1 A
        < gone
        < welcome A
        ! told Welcome
        > sync s2 A=0
        > send 1 c1 A resend
        < gone
        < welcome A
        ! told Welcome
        > sync s3 A=0
        > send 1 c1 A resend
        < result s3 A
        ! synced
        < ack 1 A 1 m1 d=1
        ! ticked c1 A 1 m1
        < ack 1 A 1 m1 d=1
        ? stray_answers 1
        ? unacked
        ? cursor A 1
        ? due never
    ");
}

#[test]
fn retryable_refusals_back_off_and_others_are_final() {
    after_ready(
        "
        < send c1 A
        > send 1 c1 A
        < error 1 overloaded
        ? due 2000
        @ 2000
        > send 1 c1 A resend
        < error 1 overloaded
        ? due 4000
        @ 4000
        > send 1 c1 A resend
        < error 1 overloaded
        @ 8000
        > send 1 c1 A resend
        < error 1 rate_limited after=30000
        ? due 30000
        < gone
        < welcome A d=4
        ! told Welcome
        > sync s2 A=4
        > send 1 c1 A resend
        < error 1 not_a_participant
        ! failed c1 not_a_participant
        ? unacked
        ",
    );
}

#[test]
fn a_silent_server_is_asked_again() {
    after_ready(
        "
        < send c1 A
        > send 1 c1 A
        < send c2 A ack=delivered
        > send 2 c2 A
        @ 10000
        > send 1 c1 A resend
        ? due 10000
        ",
    );
}

#[test]
fn a_sync_refused_or_unanswered_is_asked_again_and_holds_nobody_up() {
    after_ready(
        "
        < gone
        < welcome A d=4
        ! told Welcome
        > sync s2 A=4
        < msg A 5 m5 d=4
        < error s2 overloaded
        ! new A 5 m5 provisional
        < msg A 6 m6 d=4
        ! new A 6 m6 provisional
        @ 2000
        > sync s3 A=4
        @ 10000
        > sync s4 A=4
        < result s3 A d=4
        ? stray_answers 1
        < result s4 A 5:m5 6:m6 d=6
        ! synced
        ? cursor A 6
        ",
    );
}

#[test]
fn an_own_message_seen_first_by_sync_or_as_a_copy_is_not_shown_again() {
    after_ready(
        "
        < send c1 A
        > send 1 c1 A
        < send c2 A
        > send 2 c2 A
        < gone
        < welcome A d=5
        ! told Welcome
        > sync s2 A=4
        > send 1 c1 A resend
        > send 2 c2 A resend
        < result s2 A 5:m5:alice:c1 d=5
        ! synced
        < msg A 6 m6 from=alice c=c2 d=5
        < ack 1 A 5 m5 d=5
        ! ticked c1 A 5 m5
        < ack 2 A 6 m6 d=6
        ! ticked c2 A 6 m6
        ? cursor A 6
        ? acked_behind_cursor 0
        ? settled true
        ",
    );
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

#[test]
fn an_answer_whose_place_was_waiting_when_the_connection_broke_is_found_by_the_next_sync() {
    after_ready(
        "
        < send c1 A
        > send 1 c1 A
        < msg A 6 m6 d=4
        ! new A 6 m6 provisional
        @ 5000
        > sync s2 A=4
        < ack 1 A 5 m5 d=5
        ! ticked c1 A 5 m5
        < gone
        ? unacked
        < welcome A d=6
        ! told Welcome
        > sync s3 A=4
        < result s3 A 5:m5:alice:c1 6:m6 d=6
        ! synced
        ? cursor A 6
        ? shown 5
        ",
    );
}

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

#[test]
fn what_cannot_be_sent_is_refused_at_once() {
    after_ready(
        "
        < send c1 A bytes=61441
        ! failed c1 too_large_to_send
        ? unacked
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
