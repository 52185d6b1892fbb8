//! Claim: outside of the spans that are reported, what comes out of a scrubber is the caller's own bits, in every coding; the spans of a
//! channel lie in the call, come in order and keep apart.
//!
//! Measured limit: below 8 ms of look-ahead a span may be told to end up to 8 ms behind the end of the call.

mod engine;

use cardhush_core::{Alaw, Coding, Float32, Float64, Linear8, Linear16, Linear24, Linear32, Span, Ulaw};
use cardhush_testkit::rng::Rng;
use engine::calls::{RandomCall, configs, cuts, in_order, touched};
use engine::{on, redactions, scrub};
use proptest::prelude::*;

fn holds<C: Coding>(config: &cardhush_core::Config, seed: u64, cut: &[usize]) -> Result<(), TestCaseError> {
    let call = RandomCall::new(seed, config);
    let mut units = call.units::<C>();
    // The last tenth is any bytes: in floating point these are no numbers, infinities and what is far beyond full scale.
    let mut rng = Rng::new(seed ^ 1);
    let from = units.len() - units.len() / 10;
    units[from..].fill_with(|| C::from_le_bytes(&rng.bits().to_le_bytes()));

    let (output, events) = scrub::<C>(config, &units, cut);
    prop_assert_eq!(output.len(), units.len());
    let masks = redactions(&events);
    prop_assert!(masks.iter().all(|one| one.channel < config.channels));
    for channel in 0..config.channels {
        let spans: Vec<Span> = on(&masks, channel).collect();
        prop_assert!(in_order(&spans), "channel {channel}: {spans:?}");
        let end =
            call.frames() as u64 + if config.look_ahead_ms.is_some_and(|ms| ms < 8) { u64::from(config.rate_hz) * 8 / 1_000 } else { 0 };
        prop_assert!(spans.last().is_none_or(|last| last.end <= end), "{spans:?} of {} samples", call.frames());
        let touched = touched::<C>(config, &units, &output, channel.into(), &spans);
        prop_assert!(touched.is_none(), "sample {touched:?} of channel {channel} was touched, seed {seed}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_not_reported_comes_out_bit_for_bit(config in configs(), cut in cuts(), seed in any::<u64>(), coding in 0..8) {
        match coding {
            0 => holds::<Linear8>(&config, seed, &cut)?,
            1 => holds::<Linear16>(&config, seed, &cut)?,
            2 => holds::<Linear24>(&config, seed, &cut)?,
            3 => holds::<Linear32>(&config, seed, &cut)?,
            4 => holds::<Float32>(&config, seed, &cut)?,
            5 => holds::<Float64>(&config, seed, &cut)?,
            6 => holds::<Alaw>(&config, seed, &cut)?,
            _ => holds::<Ulaw>(&config, seed, &cut)?,
        }
    }
}
