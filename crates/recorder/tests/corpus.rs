//! Claim: every row of packets that a fuzzer ever tripped over, every seed, and many at random pass on stable. The body is the one that the fuzzer runs.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's helpers may panic too")]

use cardhush_testkit::rng::Rng;
use std::path::Path;

#[path = "../../../fuzz/bodies/rtp_session.rs"]
mod body;

#[test]
fn corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/rtp_session");
    let mut count = 0;
    for entry in std::fs::read_dir(&corpus).unwrap() {
        body::rtp_session(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0, "{} is empty", corpus.display());
}

#[test]
fn at_random() {
    for seed in 0..400 {
        let mut rng = Rng::new(seed);
        let bytes: Vec<u8> = (0..rng.below(600)).map(|_| rng.bits() as u8).collect();
        if let Err(panic) = std::panic::catch_unwind(|| body::rtp_session(&bytes)) {
            println!("seed {seed}");
            std::panic::resume_unwind(panic);
        }
    }
}
