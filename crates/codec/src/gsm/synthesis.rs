//! The decoder of EN 300 961 (GSM 06.10), bit-exact: pulses, long-term prediction, lattice filter, de-emphasis; 160 samples a frame.
//!
//! Clauses of EN 300 961 stand at each part; arithmetic is that of 5.1 (16 bits that saturate, products in fractions of 2^15, rounded). Checked
//! bit by bit against libgsm: `tests/gsm.rs`.

use super::bits::{Parameters, SubFrame};

/// Samples of a frame.
pub(super) const FRAME: usize = 160;
/// Samples of a sub-frame, and of the residual before it that it can refer to.
const SUB: usize = 40;
const HISTORY: usize = 120;

/// De-emphasis, 5.3.5.
const DE_EMPHASIS: i16 = 28_180;
/// Gains of the long-term predictor, table 5.3b.
const LONG_TERM_GAINS: [i16; 4] = [3_277, 11_469, 21_299, 32_767];
/// Normalised direct mantissas, table 5.6.
const MANTISSAS: [i16; 8] = [18_431, 20_479, 22_527, 24_575, 26_623, 28_671, 30_719, 32_767];
/// Of each log area ratio: B, MIC and 1/A, tables 5.1 and 5.2.
const LOG_AREA: [(i16, i16, i16); 8] = [
    (0, -32, 13_107),
    (0, -32, 13_107),
    (2_048, -16, 13_107),
    (-2_560, -16, 13_107),
    (94, -8, 19_223),
    (-1_792, -8, 17_476),
    (-341, -4, 31_454),
    (-1_144, -4, 29_708),
];

/// What the decoder remembers from frame to frame.
#[derive(Clone, Debug)]
pub(super) struct Synthesis {
    /// The last samples of the residual (drp), with room for a sub-frame.
    residual: [i16; HISTORY + SUB],
    /// The last lag that was in order (nrp).
    lag: usize,
    /// Log area ratios of the frame before (LARpp(j-1)).
    log_areas: [i16; 8],
    /// The lattice's memory (v).
    lattice: [i16; 9],
    /// The last output of de-emphasis (msr).
    emphasis: i16,
}

impl Default for Synthesis {
    /// Before the first frame: all zero, and a lag that is in order.
    fn default() -> Self {
        Self { residual: [0; HISTORY + SUB], lag: SUB, log_areas: [0; 8], lattice: [0; 9], emphasis: 0 }
    }
}

impl Synthesis {
    /// The samples of the next frame, 16 bits of which the highest 13 count.
    pub fn decode(&mut self, frame: &Parameters) -> [i16; FRAME] {
        let mut samples = [0; FRAME];
        for (sub, part) in frame.sub_frames.iter().zip(samples.chunks_exact_mut(SUB)) {
            self.long_term(sub, part);
        }
        self.short_term(&frame.lars, &mut samples);
        for sample in &mut samples {
            // 5.3.5 to 5.3.7: de-emphasis, doubling, and three bits that are not sent on.
            self.emphasis = sample.saturating_add(mult_r(self.emphasis, DE_EMPHASIS));
            *sample = self.emphasis.saturating_add(self.emphasis) & !7;
        }
        samples
    }

    /// 5.3.1 and 5.3.2: the residual of a sub-frame, from its pulses and from the residual one lag before.
    fn long_term(&mut self, sub: &SubFrame, into: &mut [i16]) {
        if (SUB..=HISTORY).contains(&usize::from(sub.lag)) {
            self.lag = sub.lag.into();
        }
        let gain = LONG_TERM_GAINS.get(usize::from(sub.gain)).copied().unwrap_or_default();
        let (history, new) = self.residual.split_at_mut(HISTORY);
        new.fill(0);
        let grid = new.iter_mut().skip(sub.grid.into()).step_by(3);
        grid.zip(sub.pulses).for_each(|(sample, coded)| *sample = pulse(coded, sub.maximum));
        // The lag is at least a sub-frame, so all of it is history.
        let before = history.iter().skip(HISTORY - self.lag);
        for ((sample, before), out) in new.iter_mut().zip(before).zip(into) {
            *sample = sample.saturating_add(mult_r(gain, *before));
            *out = *sample;
        }
        self.residual.copy_within(SUB.., 0);
    }

    /// 5.3.3 and 5.3.4: the lattice filter, whose coefficients move from the last frame's to this one's in four steps (5.2.9.1).
    fn short_term(&mut self, coded: &[u8; 8], samples: &mut [i16; FRAME]) {
        let before = self.log_areas;
        let now = log_areas(coded);
        self.log_areas = now;
        let mix = |blend: fn(i16, i16) -> i16| {
            let mut out = [0; 8];
            out.iter_mut().zip(before).zip(now).for_each(|((out, before), now)| *out = reflection(blend(before, now)));
            out
        };
        let (start, rest) = samples.split_at_mut(13);
        let (second, rest) = rest.split_at_mut(14);
        let (third, rest) = rest.split_at_mut(13);
        self.lattice(&mix(|before, now| (before >> 2).saturating_add(now >> 2).saturating_add(before >> 1)), start);
        self.lattice(&mix(|before, now| (before >> 1).saturating_add(now >> 1)), second);
        self.lattice(&mix(|before, now| (before >> 2).saturating_add(now >> 2).saturating_add(now >> 1)), third);
        self.lattice(&mix(|_, now| now), rest);
    }

    /// 5.3.4.
    fn lattice(&mut self, reflections: &[i16; 8], samples: &mut [i16]) {
        let v = &mut self.lattice;
        for sample in samples {
            let mut sri = *sample;
            for i in (0..8).rev() {
                sri = sri.saturating_sub(mult_r(reflections[i], v[i]));
                v[i + 1] = v[i].saturating_add(mult_r(reflections[i], sri));
            }
            v[0] = sri;
            *sample = sri;
        }
    }
}

/// 5.2.15 and 5.2.16: the pulse of a coded value, 0 to 7, and a coded block maximum, 0 to 63.
pub(super) fn pulse(coded: u8, maximum: u8) -> i16 {
    let maximum = i16::from(maximum);
    let mut exponent = if maximum > 15 { (maximum >> 3) - 1 } else { 0 };
    let mut mantissa = maximum - (exponent << 3);
    if mantissa == 0 {
        (exponent, mantissa) = (-4, 7);
    } else {
        while mantissa <= 7 {
            mantissa = mantissa << 1 | 1;
            exponent -= 1;
        }
        mantissa -= 8;
    }
    let factor = usize::try_from(mantissa).ok().and_then(|at| MANTISSAS.get(at)).copied().unwrap_or_default();
    // -4 to 6, so a shift of 0 to 10.
    let shift = 6 - exponent;
    let half = if shift == 0 { 0 } else { 1 << (shift - 1) };
    mult_r(factor, ((i16::from(coded) << 1) - 7) << 12).saturating_add(half) >> shift
}

/// 5.2.8: log area ratios from their codes.
fn log_areas(coded: &[u8; 8]) -> [i16; 8] {
    let mut out = [0; 8];
    for ((out, coded), (b, mic, inverse_a)) in out.iter_mut().zip(coded).zip(LOG_AREA) {
        let value = ((i16::from(*coded) + mic) << 10).saturating_sub(b << 1);
        let value = mult_r(inverse_a, value);
        *out = value.saturating_add(value);
    }
    out
}

/// 5.2.9.2: a reflection coefficient from its log area ratio.
fn reflection(log_area: i16) -> i16 {
    let size = log_area.saturating_abs();
    let size = match size {
        ..11_059 => size << 1,
        11_059..20_070 => size + 11_059,
        _ => (size >> 2).saturating_add(26_112),
    };
    if log_area < 0 { -size } else { size }
}

/// 5.1: product of fractions of 2^15, rounded; that of the two lowest numbers saturates.
fn mult_r(a: i16, b: i16) -> i16 {
    let product = (i32::from(a) * i32::from(b) + 16_384) >> 15;
    product.min(i16::MAX.into()) as i16
}
