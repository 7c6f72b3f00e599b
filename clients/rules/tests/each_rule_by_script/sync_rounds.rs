//! Pages, rounds, refusals, and what waits meanwhile.

use crate::after_ready;
use crate::script::run;

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
