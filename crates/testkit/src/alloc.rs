//! An allocator that counts, for tests that some code takes no memory from the heap.
//!
//! A test file installs it once (`#[global_allocator] static ALLOCATOR: Counting = Counting;`) and wraps what it judges in
//! [`allocations`]. Counts are kept by thread, so tests that run beside each other do not disturb one another.
#![allow(unsafe_code)] // GlobalAlloc is an unsafe trait; every method hands its own contract on to the system's allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// Allocations on this thread while armed. A constant without a destructor: reading it takes no memory itself.
    static COUNT: Cell<Option<u64>> = const { Cell::new(None) };
}

/// The system's allocator, with a count of what it is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counting;

impl Counting {
    fn note() {
        COUNT.set(COUNT.get().map(|n| n + 1));
    }
}

// SAFETY: every call goes to System with the arguments it came with, so System's guarantees are this allocator's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::note();
        // SAFETY: the caller keeps the contract of `alloc`, which is System's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: `at` came from System with this layout.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::note();
        // SAFETY: as for `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::note();
        // SAFETY: `at` came from System with this layout, and the caller keeps the contract of `realloc`.
        unsafe { System.realloc(at, layout, size) }
    }
}

/// Runs `work`; with what it gave, how often it asked for memory on this thread. Always 0 unless [`Counting`] is installed, so a
/// test that expects 0 must also show that it can count one.
pub fn allocations<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = COUNT.replace(Some(0));
    let result = work();
    let count = COUNT.replace(before).unwrap_or(0);
    (result, count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::{black_box, spin_loop};
    use std::sync::atomic::{AtomicBool, Ordering};

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    #[test]
    fn counts_what_is_taken_and_nothing_else() {
        assert_eq!(allocations(|| black_box(1) + 1), (2, 0));
        assert_eq!(allocations(|| drop(black_box(Box::new(1u64)))).1, 1);
        let (mut grown, first) = allocations(|| black_box(vec![1u8; 16]));
        assert_eq!(first, 1);
        assert_eq!(allocations(|| grown.resize(black_box(4_096), 0)).1, 1, "growth is an allocation");
        assert_eq!(allocations(|| drop(grown)).1, 0, "giving back is not");
    }

    #[test]
    fn other_threads_do_not_count() {
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                (0..100).for_each(|i| drop(black_box(vec![i; 10])));
                done.store(true, Ordering::Release);
            });
            let ((), count) = allocations(|| {
                while !done.load(Ordering::Acquire) {
                    spin_loop()
                }
            });
            assert_eq!(count, 0);
        });
    }
}
