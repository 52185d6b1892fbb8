//! Claim: memory that held audio is overwritten before it is given back to the heap, whatever the channel's rate.
#![allow(unsafe_code, reason = "an allocator that looks at what is given back")]
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

use cardhush_recorder::{Formats, Payload, Session, SessionConfig};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The sample that all packets hold, as 16 bits and as a fraction of full scale.
const SAMPLE: i16 = 12_345;
const LEVEL: f32 = SAMPLE as f32 / 32_768.0;
/// So many of it in one block are no chance.
const MANY: usize = 24;

thread_local! {
    /// Blocks that were given back with the sample in them, while somebody counts.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

struct Looking;

#[global_allocator]
static ALLOCATOR: Looking = Looking;

// SAFETY: every call goes to System with the arguments it came with.
unsafe impl GlobalAlloc for Looking {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc`. Zeroed, so that what is found was written.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        if let Some(count) = LEFT.get() {
            // SAFETY: the block is still ours, is so long, and was zeroed when it was taken.
            let bytes = unsafe { std::slice::from_raw_parts(at, layout.size()) };
            let floats = bytes.as_chunks::<4>().0.iter().filter(|four| (f32::from_ne_bytes(**four) - LEVEL).abs() < 0.02).count();
            let shorts = [SAMPLE.to_le_bytes(), SAMPLE.to_be_bytes()]
                .map(|two| bytes.as_chunks::<2>().0.iter().filter(|other| **other == two).count());
            LEFT.set(Some(count + usize::from(floats.max(shorts[0]).max(shorts[1]) >= MANY)));
        }
        // SAFETY: `at` came from System with this layout.
        unsafe { System.dealloc(at, layout) }
    }
}

/// Blocks with audio in them that `work` gave back.
fn left_by(work: impl FnOnce()) -> usize {
    LEFT.set(Some(0));
    work();
    LEFT.take().unwrap()
}

fn call(rate_hz: u32, finish: bool) {
    let mut config = SessionConfig::default();
    config.spoken = None;
    let mut session = Session::new(&config, 0).unwrap();
    let channel = session.add(&Formats::new(&[(96, Payload::L16 { rate_hz })]).unwrap()).unwrap();
    let samples = rate_hz / 100;
    for i in 0..200_u32 {
        let mut packet = Vec::with_capacity(1_500);
        packet.extend([0x80, 96, 0, i as u8]);
        packet.extend((i * samples).to_be_bytes());
        packet.extend([1; 4]);
        (0..samples).for_each(|_| packet.extend(SAMPLE.to_be_bytes()));
        session.receive(channel, u64::from(i + 1) * 10_000, &packet, 0, &mut |_| ()).unwrap();
        // The caller's own copy is the caller's.
        packet.fill(0);
        std::hint::black_box(&packet);
    }
    if finish {
        session.finish(&mut |_| ());
    }
}

#[test]
fn nothing_of_a_call_is_left_in_memory_that_is_given_back() {
    assert_eq!(left_by(|| drop(std::hint::black_box(vec![SAMPLE; 100]))), 1, "it sees what is left");
    assert_eq!(left_by(|| drop(std::hint::black_box(vec![LEVEL; 100]))), 1, "as numbers too");
    for (rate_hz, finish) in [(8_000, false), (8_000, true), (16_000, false), (48_000, false), (48_000, true)] {
        assert_eq!(left_by(|| call(rate_hz, finish)), 0, "{rate_hz} Hz, finished: {finish}");
    }
}
