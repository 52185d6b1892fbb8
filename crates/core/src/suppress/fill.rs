//! What masked samples are replaced with: comfort noise, silence, or a marker tone.
//!
//! A fill knows the background's level before the span, the span's start and the sample index, and nothing of the audio it replaces: even 2 ms of
//! a tone give its digit away, so there is no crossfade and nothing that follows the original. Nor does it know the span's end, which in a
//! live call may not be known yet; so there is no ramp at the end. Each value is a function of the index, so any cut gives the same.
//!
//! Comfort noise: random points 1/4000 s apart, joined by straight lines, which rolls it off by 6 dB at 2 kHz as a room does, so it does not
//! hiss; each point is a hash of its index. In G.711 it stays alive down to the lowest level; in 8-bit linear a background below half a step is
//! constant, and so is its noise.

use core::f32::consts::{PI, TAU};
use core::num::NonZeroU64;

/// Power of 0 dBm0, full scale 1.0: a full-scale sine is +3.14 dBm0 (ITU-T G.711, A-law). 0.5 * 10^-0.314.
const POWER_0_DBM0: f32 = 0.242_644_4;
/// Comfort noise has one of 18 levels, -75 to -41 dBm0 in steps of 2 dB: too coarse to tell anything, fine enough not to be noticed.
const LEVELS: usize = 18;
const LOWEST_POWER: f32 = POWER_0_DBM0 * 3.162_277_7e-8;
const STEP: f32 = 1.584_893_2;
const HALF_STEP: f32 = 1.258_925_4;
/// Before any background was heard: -65 dBm0.
const UNHEARD_POWER: f32 = POWER_0_DBM0 * 3.162_277_7e-7;
/// The marker: 400 Hz at -20 dBm0 (peak 10^(-23.14 / 20)), with a raised-cosine onset of 2 ms.
const MARKER_HZ: u64 = 400;
const MARKER_PEAK: f32 = 0.069_663;
const ONSETS_PER_SECOND: u64 = 500;

/// Comfort noise of one span: value `i` is the one for sample index `first + i`.
#[derive(Clone, Debug)]
pub(super) struct Noise {
    key: u64,
    amplitude: f32,
    /// Samples from one random point to the next, its reciprocal, and where between two points the next sample lies.
    pitch: u64,
    per_pitch: f32,
    place: u64,
    /// Number of the point before the next sample, and both points' values.
    point: u64,
    before: f32,
    after: f32,
}

impl Noise {
    /// The noise of the span with this key from sample index `first` on; `stride` is about 1/8000 s in samples.
    pub(super) fn new(key: u64, power: f32, stride: NonZeroU64, first: u64) -> Self {
        let pitch = stride.saturating_add(stride.get());
        let (point, place) = (first / pitch, first % pitch);
        // A point is a sum of four uniform numbers of unit width, power 1/3. Over the line between two points the mean power is
        // (2 p^2 + 1) / (3 p^2) of that.
        let p = pitch.get() as f32;
        let amplitude = libm::sqrtf(power) * 3.0 * p / libm::sqrtf(2.0 * p * p + 1.0);
        let (before, after) = (random_point(key, point), random_point(key, point.wrapping_add(1)));
        Self { key, amplitude, pitch: pitch.get(), per_pitch: 1.0 / p, place, point, before, after }
    }
}

impl Iterator for Noise {
    type Item = f32;

    /// Never ends.
    #[inline]
    fn next(&mut self) -> Option<f32> {
        let value = self.before + (self.after - self.before) * (self.place as f32 * self.per_pitch);
        self.place += 1;
        if self.place >= self.pitch {
            self.place = 0;
            self.point = self.point.wrapping_add(1);
            self.before = self.after;
            self.after = random_point(self.key, self.point.wrapping_add(1));
        }
        Some(self.amplitude * value)
    }
}

/// Key of a span's noise. One call, channel and start give one key.
pub(super) fn span_key(seed: u64, channel: usize, start: u64) -> u64 {
    mix(mix(seed ^ mix(channel as u64)) ^ start)
}

/// Power of the comfort noise for this power of the background: the nearest of the levels.
pub(super) fn noise_power(background: Option<f32>) -> f32 {
    let Some(background) = background else { return UNHEARD_POWER };
    let mut power = LOWEST_POWER;
    for _ in 1..LEVELS {
        if background > power * HALF_STEP {
            power *= STEP;
        }
    }
    power
}

/// The marker tone of a span that started at `start`, at sample index `at`. Its phase is that of the call, not of the span.
pub(super) fn marker(start: u64, at: u64, rate_hz: NonZeroU64) -> f32 {
    let rate = rate_hz.get() as f32;
    let phase = ((at % rate_hz) * MARKER_HZ % rate_hz) as f32 / rate;
    let onset = (at.saturating_sub(start) * ONSETS_PER_SECOND) as f32 / rate;
    let ramp = if onset < 1.0 { 0.5 - 0.5 * libm::cosf(PI * onset) } else { 1.0 };
    MARKER_PEAK * ramp * libm::sinf(TAU * phase)
}

/// Sum of four numbers that are uniform in [-0.5, 0.5): close to normal, within +-2.
fn random_point(key: u64, point: u64) -> f32 {
    let bits = mix(key.wrapping_add(point.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
    let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48);
    sum as f32 * (1.0 / 65_536.0) - 2.0
}

/// The output function of SplitMix64 (Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
