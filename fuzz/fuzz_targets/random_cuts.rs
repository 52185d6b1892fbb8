//! Feeds `random_cuts` to the fuzzer.
#![no_main]
#![allow(dead_code, reason = "the file holds the body of another target as well")]

#[path = "../bodies/call.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::random_cuts(bytes));
