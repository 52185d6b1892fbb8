//! Claim: every file that a fuzzer ever tripped over, and every seed, passes on stable. The bodies are those that the fuzzer runs.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's helpers may panic too")]

use std::path::Path;

#[path = "../../../fuzz/bodies/edit_round_trip.rs"]
mod edit_round_trip;
#[path = "../../../fuzz/bodies/wav_walk.rs"]
mod wav_walk;

/// Runs `body` on each file of a target's corpus.
fn replay(target: &str, body: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut count = 0;
    for entry in std::fs::read_dir(&corpus).unwrap() {
        body(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0, "{} is empty", corpus.display());
}

#[test]
fn wav_walk() {
    replay("wav_walk", wav_walk::wav_walk);
}

#[test]
fn edit_round_trip() {
    replay("edit_round_trip", edit_round_trip::edit_round_trip);
}
