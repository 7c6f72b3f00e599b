//! What a panic means while journals are replayed.
//!
//! A journal damaged in certain places trips an assertion in the tree's replay rather than an error. Where panics
//! unwind, that becomes an error here. A program whose panics abort asks [`panic_means`] in its panic hook.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::OpenError;
use super::tree::damaged_journal;

thread_local! {
    static REPLAYING: RefCell<Option<PathBuf>> = const { RefCell::new(None) };
}

/// For a panic hook: why the store cannot be opened, if that is what this thread was doing.
pub fn panic_means() -> Option<OpenError> {
    REPLAYING.with_borrow(|path| path.as_deref().map(panicked))
}

pub(super) fn guard<T>(path: &Path, replay: impl FnOnce() -> T) -> Result<T, OpenError> {
    REPLAYING.set(Some(path.to_owned()));
    let replayed = catch_unwind(AssertUnwindSafe(replay));
    REPLAYING.set(None);
    replayed.map_err(|_| panicked(path))
}

fn panicked(path: &Path) -> OpenError {
    damaged_journal(path, "its replay panicked")
}
