//! Claim: however a call is cut, and whatever instruction set runs the inner loops, the events and the output are the same.

mod engine;

use cardhush_core::{Config, Float32, Isa, Linear16};
use engine::calls::{RandomCall, configs, cuts};
use engine::{analyze, scrub};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_cut_gives_the_same(config in configs(), cut in cuts(), seed in any::<u64>()) {
        let call = RandomCall::new(seed, &config).units::<Linear16>();
        let whole = scrub::<Linear16>(&config, &call, &[]);
        prop_assert!(whole == scrub::<Linear16>(&config, &call, &cut), "scrubber, cut by {cut:?}");
        prop_assert_eq!(analyze::<Linear16>(&config, &call, &[]), analyze::<Linear16>(&config, &call, &cut));
    }

    #[test]
    fn any_instruction_set_gives_the_same(config in configs(), cut in cuts(), seed in any::<u64>()) {
        let call = RandomCall::new(seed, &config).units::<Float32>();
        let run = |isa| {
            let mut config: Config = config;
            config.isa = isa;
            scrub::<Float32>(&config, &call, &cut)
        };
        prop_assert!(run(Isa::Portable) == run(Isa::detect()));
    }
}

/// The property above compares a thing with itself where the processor has nothing better: then say so.
#[test]
fn which_instruction_set_was_compared() {
    println!("compared with the portable loops: {:?}", Isa::detect());
}
