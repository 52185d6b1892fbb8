//! Feeds `rtp_session` to the fuzzer.
#![no_main]

#[path = "../bodies/rtp_session.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::rtp_session(bytes));
