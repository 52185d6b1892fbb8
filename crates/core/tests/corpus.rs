//! Claim: every call that a fuzzer ever tripped over, and every seed, passes on stable. The bodies are those that the fuzzer runs.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's helpers may panic too")]

use std::path::Path;

#[path = "../../../fuzz/bodies/call.rs"]
mod call;

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
fn random_cuts() {
    replay("random_cuts", call::random_cuts);
}

#[test]
fn any_config() {
    replay("any_config", call::any_config);
}
