//! Claim: samples have the scale that audio software gives them: full scale is 1.0, and the bytes of a file read as `dasp_sample` has them.
//!
//! `dasp_sample` is the foreign implementation for linear and floating point samples; G.711 has the standard's tables in core's own tests.

use cardhush_core::{Coding, Float32, Float64, Linear8, Linear16, Linear24, Linear32};
use cardhush_testkit::rng::Rng;
use dasp_sample::types::I24;
use dasp_sample::{FromSample, ToSample};

/// Compares `count` samples at random and the outermost ones. `foreign` makes dasp's sample of the bytes of a file.
fn agrees<C: Coding, S: ToSample<f32>>(name: &str, foreign: impl Fn(&[u8]) -> S) {
    let mut rng = Rng::new(11);
    let random = (0..100_000).map(|_| rng.bits().to_le_bytes());
    for bytes in [[0x00; 8], [0xFF; 8], [0x7F; 8], [0x80; 8]].into_iter().chain(random) {
        let bytes = &bytes[..C::BYTES];
        let (ours, theirs) = (C::decode(C::from_le_bytes(bytes)), foreign(bytes).to_sample_());
        // Beyond 18 dB over full scale, and what is no number, is cut off by intent.
        let cut = !theirs.is_finite() || theirs.abs() > 8.0;
        assert!(cut || ours == theirs, "{name}, {bytes:02x?}: {ours}, dasp {theirs}");
    }
}

#[test]
fn linear_and_floating_point() {
    let last = |bytes: &[u8]| i32::from_le_bytes([0, bytes[0], bytes[1], bytes[2]]) >> 8;
    agrees::<Linear8, u8>("8 bits", |bytes| bytes[0]);
    agrees::<Linear16, i16>("16 bits", |bytes| i16::from_le_bytes(bytes.try_into().unwrap()));
    agrees::<Linear24, I24>("24 bits", |bytes| I24::new(last(bytes)).unwrap());
    agrees::<Linear32, i32>("32 bits", |bytes| i32::from_le_bytes(bytes.try_into().unwrap()));
    agrees::<Float32, f32>("float of 32 bits", |bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
    agrees::<Float64, f64>("float of 64 bits", |bytes| f64::from_le_bytes(bytes.try_into().unwrap()));
}

/// The way back: what dasp makes of a number, ours makes of it too, but that ours rounds to the nearest sample where dasp cuts towards zero.
#[test]
fn numbers_come_back_to_the_same_sample() {
    for sample in i16::MIN..=i16::MAX {
        let number: f32 = f32::from_sample_(sample);
        assert_eq!(Linear16::encode(number), sample);
        assert_eq!(i16::from_sample_(number), sample);
    }
}
