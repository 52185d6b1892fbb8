//! Claim: whatever calls, in whatever order and with whatever arguments, a status each and never a crash. The body is the one that the fuzzer runs.
#![allow(unsafe_code, reason = "calls what C calls")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::undocumented_unsafe_blocks, reason = "a test's helpers may panic too")]

use cardhush_testkit::rng::Rng;
use std::path::Path;

#[path = "../../../fuzz/bodies/capi_calls.rs"]
mod body;

#[test]
#[cfg_attr(miri, ignore = "reads files")]
fn corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/capi_calls");
    let mut count = 0;
    for entry in std::fs::read_dir(&corpus).unwrap() {
        body::capi_calls(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0, "{} is empty", corpus.display());
}

#[test]
fn at_random() {
    let (seeds, most) = if cfg!(miri) { (12, 120) } else { (3_000, 600) };
    for seed in 0..seeds {
        let mut rng = Rng::new(seed);
        let bytes: Vec<u8> = (0..rng.below(most)).map(|_| rng.bits() as u8).collect();
        if let Err(panic) = std::panic::catch_unwind(|| body::capi_calls(&bytes)) {
            println!("seed {seed}");
            std::panic::resume_unwind(panic);
        }
    }
}
