//! Claim: at equal look-ahead reading and writing are one: the analyzer's events are the scrubber's, and a file filled from the analyzer's
//! spans is what the scrubber puts out, bit for bit. And of a confirmed tone a longer look-ahead never masks less.

mod engine;

use cardhush_core::suppress::FILL_SEED;
use cardhush_core::{Coding, Config, Event, Linear16, Span, Suppressor, Ulaw};
use engine::calls::{LOOK_AHEADS_MS, RandomCall, configs, cuts};
use engine::{analyze, confirmed, covered, on, redactions, scrub};
use proptest::prelude::*;
use std::ops::Range;

/// The call with the redactions of `events` filled as a file's are: each channel once from end to end.
fn filled<C: Coding>(config: &Config, call: &[C::Unit], events: &[Event]) -> Vec<C::Unit> {
    let mut file = call.to_vec();
    let masks = redactions(events);
    for channel in 0..config.channels {
        let spans: Vec<Span> = on(&masks, channel).collect();
        let mut suppressor = Suppressor::new(config.fill, config.rate_hz, channel.into(), FILL_SEED);
        suppressor.apply::<C>(&mut file, config.channels.into(), 0, &spans);
    }
    file
}

fn agree<C: Coding>(config: &Config, seed: u64, cut: &[usize]) -> Result<(), TestCaseError> {
    let call = RandomCall::new(seed, config).units::<C>();
    let read = analyze::<C>(config, &call, &[]);
    let (output, written) = scrub::<C>(config, &call, cut);
    prop_assert_eq!(&read, &written);
    let file = filled::<C>(config, &call, &read);
    let differs = output.iter().zip(&file).position(|(live, filled)| live != filled);
    prop_assert!(differs.is_none(), "unit {differs:?} of {}, seed {seed}", output.len());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn at_equal_look_ahead(config in configs(), cut in cuts(), seed in any::<u64>(), ulaw in any::<bool>()) {
        if ulaw {
            agree::<Ulaw>(&config, seed, &cut)?;
        } else {
            agree::<Linear16>(&config, seed, &cut)?;
        }
    }

    #[test]
    fn of_a_confirmed_tone_more_look_ahead_masks_no_less(config in configs(), seed in any::<u64>()) {
        let call = RandomCall::new(seed, &config);
        let units = call.units::<Linear16>();
        let looks = LOOK_AHEADS_MS.map(|look_ahead_ms| {
            let mut config = config;
            config.look_ahead_ms = look_ahead_ms;
            let events = analyze::<Linear16>(&config, &units, &[]);
            (covered(on(&redactions(&events), 0), call.frames()), confirmed(&events, 0))
        });
        for two in looks.windows(2) {
            let [(shorter, digits), (longer, more_digits)] = two else { continue };
            // A provisional mask may be released with more look-ahead, and a digit is decided a little later; a confirmed one stays masked.
            let decided_in = |digits: &[(char, u64)], key: &Range<usize>| digits.iter().any(|(_, at)| key.contains(&(*at as usize)));
            for key in call.keys.iter().filter(|key| decided_in(digits, key) && decided_in(more_digits, key)) {
                let lost = key.clone().filter(|i| shorter[*i] && !longer[*i]).count();
                prop_assert_eq!(lost, 0, "of the key at {:?}, seed {}", key, seed);
            }
        }
    }
}
