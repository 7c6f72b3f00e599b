//! A send is sent again until it has its answer, and shown once.

use crate::after_ready;
use crate::script::run;

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
fn what_cannot_be_sent_is_refused_at_once() {
    after_ready(
        "
        < send c1 A bytes=61441
        ! failed c1 too_large_to_send
        ? unacked
        ",
    );
}
