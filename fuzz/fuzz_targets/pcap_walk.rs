//! Feeds `pcap_walk` to the fuzzer.
#![no_main]

#[path = "../bodies/pcap_walk.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    body::pcap_walk(bytes);
    body::any_payload(bytes);
});
