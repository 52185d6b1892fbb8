//! Sample codings: the one place where a caller's samples and the detectors' `f32` meet.
//!
//! Sits before the front end, which decodes, and under the suppressor, which encodes the fill. Audio that is kept is never
//! decoded and encoded again: it stays the caller's own [`Unit`](Coding::Unit). Full scale is 1.0, which is 32,768 at 16 bits in
//! every coding, so a full-scale sine is +3.14 dBm0 (G.711's A-law). [`decode`](Coding::decode) is finite and within +-8 whatever comes in.

use crate::g711;

/// How one sample is written. Sealed: the set is that of telephony WAV files and RTP payloads.
pub trait Coding: sealed::Sealed + Send + 'static {
    /// One sample in memory.
    type Unit: Copy + Default + PartialEq + Send + 'static;
    /// Bytes of one sample in a file, little-endian.
    const BYTES: usize;
    /// The sample that is silent.
    const SILENCE: Self::Unit;

    /// The sample as a number, full scale 1.0. Never NaN, never beyond +-8.
    fn decode(unit: Self::Unit) -> f32;

    /// The nearest sample to a number, full scale 1.0; the outermost one beyond the range, [`SILENCE`](Self::SILENCE) for NaN.
    fn encode(value: f32) -> Self::Unit;

    /// The sample that starts `bytes`; [`SILENCE`](Self::SILENCE) where there are fewer than [`BYTES`](Self::BYTES).
    fn from_le_bytes(bytes: &[u8]) -> Self::Unit;

    /// Writes the sample to the start of `bytes`; writes nothing where there are fewer than [`BYTES`](Self::BYTES).
    fn to_le_bytes(unit: Self::Unit, bytes: &mut [u8]);
}

/// 8-bit linear, unsigned with its zero at 0x80, as in WAV.
#[derive(Clone, Copy, Debug)]
pub struct Linear8;
/// 16-bit linear.
#[derive(Clone, Copy, Debug)]
pub struct Linear16;
/// 24-bit linear, held in the low 24 bits of an `i32`; what stands above them does not count.
#[derive(Clone, Copy, Debug)]
pub struct Linear24;
/// 32-bit linear.
#[derive(Clone, Copy, Debug)]
pub struct Linear32;
/// 32-bit floating point. NaN and the infinities are read as 0, larger values than 8 as 8.
#[derive(Clone, Copy, Debug)]
pub struct Float32;
/// 64-bit floating point. NaN and the infinities are read as 0, larger values than 8 as 8.
#[derive(Clone, Copy, Debug)]
pub struct Float64;
/// ITU-T G.711 A-law, as on the line (even bits inverted).
#[derive(Clone, Copy, Debug)]
pub struct Alaw;
/// ITU-T G.711 mu-law, as on the line (all bits inverted).
#[derive(Clone, Copy, Debug)]
pub struct Ulaw;

/// Largest magnitude that [`Coding::decode`] gives: 18 dB above full scale, so that no later sum of squares overflows.
const LIMIT: f32 = 8.0;

mod sealed {
    pub trait Sealed {}
}

/// The `bits`-bit integer nearest to `value` at full scale 1.0: halves away from zero, saturating, 0 for NaN.
#[inline(always)]
fn quantise(value: f32, bits: u32) -> i32 {
    let full_scale = 1_i64 << (bits - 1);
    // Exact in f64 for every width up to 32 bits; the cast cuts towards zero, saturates and makes NaN 0.
    let scaled = f64::from(value) * full_scale as f64;
    let rounded = (scaled + 0.5_f64.copysign(scaled)) as i64;
    rounded.max(-full_scale).min(full_scale - 1) as i32
}

/// `value` within +-8; 0 for NaN.
#[inline(always)]
fn limit(value: f32) -> f32 {
    if value.is_nan() { 0.0 } else { value.clamp(-LIMIT, LIMIT) }
}

/// Implements [`Coding`]: unit, silence, then how a sample is read from its `$bytes` bytes, decoded and encoded. Little-endian bytes beyond
/// `$bytes` are dropped on writing.
macro_rules! coding {
    ($name:ident: $unit:ty, $bytes:literal bytes, silence $silence:literal, read $read:expr, decode $decode:expr, encode $encode:expr) => {
        impl sealed::Sealed for $name {}
        impl Coding for $name {
            type Unit = $unit;
            const BYTES: usize = $bytes;
            const SILENCE: $unit = $silence;

            #[inline(always)]
            fn decode(unit: $unit) -> f32 {
                let decode: fn($unit) -> f32 = $decode;
                decode(unit)
            }

            #[inline]
            fn encode(value: f32) -> $unit {
                let encode: fn(f32) -> $unit = $encode;
                encode(value)
            }

            #[inline]
            fn from_le_bytes(bytes: &[u8]) -> $unit {
                let read: fn([u8; $bytes]) -> $unit = $read;
                bytes.first_chunk().map_or(Self::SILENCE, |bytes| read(*bytes))
            }

            #[inline]
            fn to_le_bytes(unit: $unit, bytes: &mut [u8]) {
                if let Some(bytes) = bytes.first_chunk_mut::<$bytes>() {
                    bytes.iter_mut().zip(unit.to_le_bytes()).for_each(|(to, from)| *to = from);
                }
            }
        }
    };
}

coding!(Linear8: u8, 1 bytes, silence 0x80,
    read |[byte]| byte,
    decode |unit| (f32::from(unit) - 128.0) * (1.0 / 128.0),
    encode |value| (quantise(value, 8) + 128) as u8);

coding!(Linear16: i16, 2 bytes, silence 0,
    read i16::from_le_bytes,
    decode |unit| f32::from(unit) * (1.0 / 32_768.0),
    encode |value| quantise(value, 16) as i16);

coding!(Linear24: i32, 3 bytes, silence 0,
    read |[low, middle, high]| i32::from_le_bytes([0, low, middle, high]) >> 8,
    decode |unit| ((unit << 8) >> 8) as f32 * (1.0 / 8_388_608.0),
    encode |value| quantise(value, 24));

coding!(Linear32: i32, 4 bytes, silence 0,
    read i32::from_le_bytes,
    decode |unit| unit as f32 * (1.0 / 2_147_483_648.0),
    encode |value| quantise(value, 32));

coding!(Float32: f32, 4 bytes, silence 0.0,
    read f32::from_le_bytes,
    decode |unit| if unit.is_finite() { limit(unit) } else { 0.0 },
    encode limit);

coding!(Float64: f64, 8 bytes, silence 0.0,
    read f64::from_le_bytes,
    decode |unit| if unit.is_finite() { limit(unit as f32) } else { 0.0 },
    encode |value| f64::from(limit(value)));

coding!(Alaw: u8, 1 bytes, silence 0xD5,
    read |[byte]| byte,
    decode |unit| f32::from(g711::alaw_to_linear(unit)) * (1.0 / 32_768.0),
    encode |value| g711::linear_to_alaw(Linear16::encode(value)));

coding!(Ulaw: u8, 1 bytes, silence 0xFF,
    read |[byte]| byte,
    decode |unit| f32::from(g711::ulaw_to_linear(unit)) * (1.0 / 32_768.0),
    encode |value| g711::linear_to_ulaw(Linear16::encode(value)));

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Debug;

    /// Every unit of `units` must come back from its number and from its bytes.
    fn round_trips<C: Coding<Unit: Debug>>(units: impl IntoIterator<Item = C::Unit>) {
        for unit in units {
            assert_eq!(C::encode(C::decode(unit)), unit);
            let mut bytes = [0xEE; 9];
            C::to_le_bytes(unit, &mut bytes);
            assert_eq!(C::from_le_bytes(&bytes), unit);
            assert!(bytes[C::BYTES..].iter().all(|byte| *byte == 0xEE), "wrote beyond the sample");
        }
    }

    #[test]
    fn units_come_back_from_numbers_and_bytes() {
        round_trips::<Linear8>(0..=255);
        round_trips::<Linear16>(i16::MIN..=i16::MAX);
        round_trips::<Linear24>((-8_388_608..8_388_608).step_by(17).chain([8_388_607, -1]));
        round_trips::<Linear32>((-8_388_608..8_388_608).step_by(17).map(|unit| unit << 8));
        round_trips::<Float32>([0.0, 1.0, -7.5, 1e-20]);
        round_trips::<Float64>([0.0, 1.0, -7.5, f64::from(1e-20_f32)]);
        round_trips::<Alaw>(0..=255);
        round_trips::<Ulaw>((0..=255).filter(|code| *code != 0x7F));
    }

    /// Silence must decode to (A-law: next to) nothing, be what NaN encodes to and what missing bytes read as.
    fn silent<C: Coding<Unit: Debug>>(full_scale: f32) {
        assert!(C::decode(C::SILENCE).abs() <= 8.0 / 32_768.0);
        assert_eq!(C::encode(f32::NAN), C::SILENCE);
        let mut bytes = [0xEE; 8];
        let short = &mut bytes[..C::BYTES - 1];
        assert_eq!(C::from_le_bytes(short), C::SILENCE);
        C::to_le_bytes(C::encode(0.5), short);
        assert_eq!(bytes, [0xEE; 8]);
        for sign in [-1.0, 1.0] {
            assert!((C::decode(C::encode(sign * 0.5)) - sign * 0.5).abs() < 0.02);
            assert_eq!(C::encode(sign * f32::INFINITY), C::encode(sign * full_scale));
        }
    }

    #[test]
    fn silence_saturation_and_short_bytes() {
        silent::<Linear8>(1.0);
        silent::<Linear16>(1.0);
        silent::<Linear24>(1.0);
        silent::<Linear32>(1.0);
        silent::<Float32>(8.0);
        silent::<Float64>(8.0);
        silent::<Alaw>(1.0);
        silent::<Ulaw>(1.0);
        assert_eq!((Linear8::SILENCE, Alaw::SILENCE, Ulaw::SILENCE), (0x80, 0xD5, 0xFF));
    }

    #[test]
    fn halves_round_away_from_zero() {
        let step = 1.0 / 32_768.0;
        assert_eq!([0.49, 0.5, 1.5, -0.49, -0.5, -1.5].map(|steps| Linear16::encode(steps * step)), [0, 1, 2, 0, -1, -2]);
        assert_eq!((Linear16::encode(1.0), Linear16::encode(-1.0), Linear16::encode(-1.1)), (32_767, -32_768, -32_768));
    }

    #[test]
    fn floats_decode_to_what_no_later_stage_chokes_on() {
        assert_eq!([f32::NAN, f32::INFINITY, f32::MAX, -1e9, 0.25].map(Float32::decode), [0.0, 0.0, 8.0, -8.0, 0.25]);
        assert_eq!([f64::NAN, f64::NEG_INFINITY, f64::MAX, -1e9, 0.25].map(Float64::decode), [0.0, 0.0, 8.0, -8.0, 0.25]);
        assert_eq!(Linear24::decode(0x00FF_FFFF), Linear24::decode(-1), "bits above the low 24 do not count");
    }
}
