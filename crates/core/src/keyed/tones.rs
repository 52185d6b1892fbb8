//! The DTMF signalling frequencies and what the receiver's front filter does to them.
//!
//! Source: ITU-T Q.23 clause 4 (frequencies). Lane `k` of every eight-lane array here is tone `k`: 0..4 the low group, 4..8 the
//! high group. Phases advance per hop of [`HOP`] samples at 8 kHz.

use core::f32::consts::TAU;

/// Analysis hop in samples at 8 kHz (4 ms).
pub const HOP: usize = 32;
/// Length of one analysis window in samples at 8 kHz (8 ms): two hops under a Hann window, so that sums of frames have flat tops.
pub const WINDOW: usize = 2 * HOP;
/// Number of signalling tones.
pub const TONES: usize = 8;

/// Q.23: 697, 770, 852, 941 Hz and 1209, 1336, 1477, 1633 Hz.
pub const TONE_HZ: [f32; TONES] = [697.0, 770.0, 852.0, 941.0, 1209.0, 1336.0, 1477.0, 1633.0];

/// Weights of the folded Hann-windowed correlators and the nominal phase advance per hop.
#[derive(Clone, Debug)]
pub struct Tones {
    /// `cosine[j][k]`: weight of `y[31 - j] + y[32 + j]` for tone `k`, scaled to the tone's amplitude.
    pub cosine: [[f32; TONES]; HOP],
    /// `sine[j][k]`: weight of `y[32 + j] - y[31 - j]` for tone `k`, same scale.
    pub sine: [[f32; TONES]; HOP],
    /// Real part of the phase a nominal tone gains per hop.
    pub advance_re: [f32; TONES],
    /// Imaginary part of the same.
    pub advance_im: [f32; TONES],
    /// Power gain of the front filter `1 - z^-2` at the tone.
    pub filter_power: [f32; TONES],
    /// Angle per hop, in radians, that 1 % of frequency offset adds.
    pub radians_per_percent: [f32; TONES],
}

impl Tones {
    /// Builds the tables; about 2 KiB.
    #[must_use]
    pub fn new() -> Self {
        let mut tones = Self {
            cosine: [[0.0; TONES]; HOP],
            sine: [[0.0; TONES]; HOP],
            advance_re: [0.0; TONES],
            advance_im: [0.0; TONES],
            filter_power: [0.0; TONES],
            radians_per_percent: [0.0; TONES],
        };
        for (k, hz) in TONE_HZ.iter().enumerate() {
            let omega = TAU * hz / 8000.0;
            for (j, (c, s)) in tones.cosine.iter_mut().zip(tones.sine.iter_mut()).enumerate() {
                // Hann window over 64 samples centred between samples 31 and 32; its mean is 1/2, so 2 / 32 turns a sum into an amplitude.
                let t = j as f32 + 0.5;
                let window = 0.5 + 0.5 * libm::cosf(TAU * t / WINDOW as f32);
                let scale = window / (WINDOW as f32 / 4.0);
                c[k] = scale * libm::cosf(omega * t);
                s[k] = scale * libm::sinf(omega * t);
            }
            let advance = omega * HOP as f32;
            tones.advance_re[k] = libm::cosf(advance);
            tones.advance_im[k] = libm::sinf(advance);
            let gain = 2.0 * libm::sinf(omega);
            tones.filter_power[k] = gain * gain;
            tones.radians_per_percent[k] = advance * 0.01;
        }
        tones
    }
}

impl Default for Tones {
    fn default() -> Self {
        Self::new()
    }
}
