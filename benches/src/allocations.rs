//! An allocator that counts, and says where from.
//!
//! A test makes it its global allocator. Only the thread inside [`measure`] is counted: other threads, such as the test
//! harness's, do as they like. A reallocation counts, for it may move the bytes.

use std::alloc::{GlobalAlloc, Layout, System};
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

pub struct Counting;

thread_local! {
    static COUNT: Cell<Option<u64>> = const { Cell::new(None) };
    static TRACES: RefCell<Option<Vec<(usize, Backtrace)>>> = const { RefCell::new(None) };
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is handed on.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        note(new_size);
        // SAFETY: the caller's promise is handed on.
        unsafe { System.realloc(ptr, layout, new_size) }
    }
}

fn note(bytes: usize) {
    // A thread that is ending has no locals any more, and measures nothing.
    let counted = COUNT.try_with(|count| count.get().inspect(|so_far| count.set(Some(so_far + 1)))).unwrap_or(None);
    if counted.is_some() {
        trace(bytes);
    }
}

/// Capturing allocates too, so the traces are away meanwhile.
fn trace(bytes: usize) {
    let Some(mut traces) = TRACES.with(|cell| cell.try_borrow_mut().ok().and_then(|mut it| it.take())) else {
        return;
    };
    let count = COUNT.replace(None);
    traces.push((bytes, Backtrace::force_capture()));
    TRACES.set(Some(traces));
    COUNT.set(count);
}

/// Allocations of this thread during `work`.
pub fn measure(work: impl FnOnce()) -> u64 {
    COUNT.set(Some(0));
    work();
    COUNT.replace(None).unwrap_or_default()
}

/// Where `work` allocates: bytes and the workspace's own functions, innermost first, with how often.
pub fn sites(work: impl FnOnce()) -> BTreeMap<String, u64> {
    TRACES.set(Some(Vec::new()));
    measure(work);
    let traces = TRACES.take().unwrap_or_default();
    let mut sites = BTreeMap::new();
    for (bytes, trace) in traces {
        *sites.entry(format!("{bytes} bytes{}", own_frames(&trace.to_string()))).or_default() += 1;
    }
    sites
}

/// How many of the innermost functions name a site.
const FRAMES_SHOWN: usize = 4;

fn own_frames(trace: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR").trim_end_matches("benches");
    let lines: Vec<&str> = trace.lines().map(str::trim).collect();
    let own = lines.windows(2).filter_map(|pair| {
        let (_, name) = pair[0].split_once(": ")?;
        let place = pair[1].strip_prefix("at ")?;
        let place = place.strip_prefix("./").or_else(|| place.strip_prefix(root))?;
        let counting = place.contains("src/allocations.rs");
        (!counting).then(|| format!("\n    {place} {name}"))
    });
    own.take(FRAMES_SHOWN).collect()
}
