//! Feeds `edit_round_trip` to the fuzzer.
#![no_main]

#[path = "../bodies/edit_round_trip.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::edit_round_trip(bytes));
