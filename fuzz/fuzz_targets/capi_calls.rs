//! Feeds `capi_calls` to the fuzzer.
#![no_main]

#[path = "../bodies/capi_calls.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::capi_calls(bytes));
