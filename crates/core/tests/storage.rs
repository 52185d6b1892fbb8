//! Claim: a call costs a fixed number of bytes a channel, its audio takes no memory from the heap, and nothing of it is left in what the
//! caller lent, nor heard in the next call.
//!
//! That core has no allocator to ask is proven by its link (`crates/core/proof`); here it is run under one that counts. What a dropped state
//! leaves in memory cannot be read in safe Rust where nobody lent it; the analyzer's own tests look into lent states.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

mod engine;

use cardhush_core::spoken::Spotter;
use cardhush_core::{ChannelState, Coding, Config, FrontState, Linear16, Scrubber, Suppressor, Ulaw};
use cardhush_testkit::alloc::{Counting, allocations};
use cardhush_testkit::sweep::Table;
use engine::calls::{RandomCall, configs};
use engine::scrub;
use proptest::prelude::*;
use std::hint::black_box;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that one channel may cost, its share of the delay line aside. What keyed digits take of it is held to 16 KiB by the analyzer's own test.
const MOST_BYTES: usize = 64 * 1024;

#[test]
fn a_channel_costs_at_most_64_kib() {
    let (state, suppressor, spotter) = (size_of::<ChannelState>(), size_of::<Suppressor>(), size_of::<Spotter>());
    let mut table = Table::new("Bytes a channel, the delay line aside", &["what", "bytes"]);
    table.row(&[&"channel state", &state]);
    table.row(&[&"of that, the front end", &size_of::<FrontState>()]);
    table.row(&[&"of that, the spotter of spoken digits", &spotter]);
    table.row(&[&"suppressor", &suppressor]);
    table.row(&[&"together", &(state + suppressor)]);
    println!("{table}");
    assert!(state + suppressor <= MOST_BYTES, "{state} + {suppressor} bytes: must be at most {MOST_BYTES}");
}

/// The delay line is as long as the look-ahead, and no longer.
#[test]
fn a_delay_line_costs_its_look_ahead() {
    let mut table = Table::new("Delay line of two channels", &["rate Hz", "look-ahead ms", "samples"]);
    for (rate_hz, look_ahead_ms) in [8_000, 48_000].into_iter().flat_map(|rate| [20, 60, 700].map(|ms| (rate, ms))) {
        let mut config = Config::new(rate_hz, 2);
        config.look_ahead_ms = Some(look_ahead_ms);
        let samples = Scrubber::<Ulaw, Vec<ChannelState>, Vec<u8>>::storage_len(&config).unwrap();
        table.row(&[&rate_hz, &look_ahead_ms, &samples]);
        assert_eq!(samples, 2 * (rate_hz / 1_000 * look_ahead_ms) as usize);
    }
    println!("{table}");
}

/// The call passes through a scrubber whose storage was lent, in pieces of 20 ms. Gives what is left of the delay line and, after the call,
/// what the same scrubber makes of another one.
fn twice<C: Coding>(config: &Config, first: &[C::Unit], second: &mut [C::Unit], allocated: &mut u64) -> Vec<C::Unit> {
    let mut states = vec![ChannelState::new(); usize::from(config.channels)];
    let mut storage = vec![C::encode(0.5); Scrubber::<C, Vec<ChannelState>, Vec<C::Unit>>::storage_len(config).unwrap()];
    let mut first = first.to_vec();
    let ((), count) = allocations(|| {
        let mut scrubber = Scrubber::<C, _, _>::new(config, &mut states[..], &mut storage[..]).unwrap();
        let piece = config.rate_hz as usize / 50 * usize::from(config.channels);
        first.chunks_mut(piece).for_each(|piece| scrubber.process(piece, &mut |event| _ = black_box(event)));
        scrubber.reset();
        second.chunks_mut(piece).for_each(|piece| scrubber.process(piece, &mut |event| _ = black_box(event)));
    });
    *allocated = count;
    storage
}

fn holds<C: Coding>(config: &Config, seeds: [u64; 2]) -> Result<(), TestCaseError> {
    let [first, second] = seeds.map(|seed| RandomCall::new(seed, config).units::<C>());
    let (mut again, mut allocated) = (second.clone(), 0);
    let storage = twice::<C>(config, &first, &mut again, &mut allocated);
    prop_assert!(storage.iter().all(|unit| *unit == C::SILENCE), "the delay line after the drop, seeds {seeds:?}");
    prop_assert_eq!(allocated, 0, "allocations, seeds {:?}", seeds);
    // What came out first is the silence before the call, then the call: as from a scrubber that has never heard another.
    let latency = config.latency() as usize * usize::from(config.channels);
    let (fresh, _) = scrub::<C>(config, &second, &[config.rate_hz as usize / 50]);
    let silent = latency.min(again.len());
    prop_assert!(again[..silent].iter().all(|unit| *unit == C::SILENCE), "the first call comes out in the second, seeds {seeds:?}");
    prop_assert!(again[silent..] == fresh[..again.len() - silent], "the second call is heard otherwise, seeds {seeds:?}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_allocated_left_or_carried_over(config in configs(), seeds in any::<[u64; 2]>(), ulaw in any::<bool>()) {
        if ulaw {
            holds::<Ulaw>(&config, seeds)?;
        } else {
            holds::<Linear16>(&config, seeds)?;
        }
    }
}

/// The count that is 0 above is not 0 where something is allocated.
#[test]
fn the_count_counts() {
    assert_eq!(allocations(|| drop(black_box(vec![0_u8; 64]))).1, 1);
}
