//! The end of a turn comes once, after everything the turn woke has run: that is where many frames
//! become one write.

mod rt_common;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use chasqui_relay::rt::turn::EndOfTurn;
use chasqui_relay::rt::{spawn, yield_now};
use rt_common::on_each_driver;

#[test]
fn all_tasks_of_a_turn_share_one_end() {
    on_each_driver(|_| async {
        let outbox = Rc::new(RefCell::new(Vec::new()));
        let flushes = Rc::new(RefCell::new(Vec::new()));
        let (pending, flushed) = (outbox.clone(), flushes.clone());
        let end = EndOfTurn::new(move || flushed.borrow_mut().push(std::mem::take(&mut *pending.borrow_mut())));
        yield_now().await;
        for frame in 0..50 {
            let (outbox, end) = (outbox.clone(), end.clone());
            spawn(async move {
                outbox.borrow_mut().push(frame);
                end.touch();
            });
        }
        while flushes.borrow().is_empty() {
            yield_now().await;
        }
        assert_eq!(*flushes.borrow(), [(0..50).collect::<Vec<_>>()]);
        yield_now().await;
        assert_eq!(flushes.borrow().len(), 1, "an untouched turn has no end");
    });
}

#[test]
fn a_hook_that_touches_itself_runs_again_next_turn() {
    on_each_driver(|_| async {
        let runs = Rc::new(Cell::new(0));
        let itself: Rc<RefCell<Option<EndOfTurn>>> = Rc::default();
        let (counted, again) = (runs.clone(), itself.clone());
        let end = EndOfTurn::new(move || {
            counted.set(counted.get() + 1);
            if let Some(end) = &*again.borrow() {
                end.touch();
            }
        });
        *itself.borrow_mut() = Some(end.clone());
        end.touch();
        for _ in 0..20 {
            yield_now().await;
        }
        let so_far = runs.get();
        assert!((5..=20).contains(&so_far), "{so_far} runs in 20 turns");
        itself.borrow_mut().take();
        drop(end);
        for _ in 0..20 {
            yield_now().await;
        }
        assert!(runs.get() <= so_far + 1, "it ended with its last handle");
    });
}
