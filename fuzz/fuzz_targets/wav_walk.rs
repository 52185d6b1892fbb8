//! Feeds `wav_walk` to the fuzzer.
#![no_main]

#[path = "../bodies/wav_walk.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::wav_walk(bytes));
