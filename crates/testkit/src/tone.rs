//! DTMF as a sender makes it: two sines a key (ITU-T Q.23), each with its level, frequency offset, phase, ramp and duration.

use crate::rng::Rng;
use crate::signal::{peak, samples};
use std::f64::consts::{PI, TAU};
use std::ops::Range;

/// The low group, in Hz (Q.23).
pub const LOW_GROUP_HZ: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
/// The high group, in Hz (Q.23).
pub const HIGH_GROUP_HZ: [f64; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
/// The keys by row and column (Q.23).
pub const KEYS: [[char; 4]; 4] = [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];

/// Row and column of a key; `None` where it is none.
#[must_use]
pub fn row_column(key: char) -> Option<(usize, usize)> {
    KEYS.iter().enumerate().find_map(|(row, keys)| Some((row, keys.iter().position(|&k| k == key)?)))
}

/// How a key sounds. `Default` is a faultless one of 70 ms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tone {
    /// Level of the low tone in dBm0.
    pub level_dbm0: f64,
    /// Level of the high tone less that of the low one, in dB: the sign of Q.24.
    pub twist_db: f64,
    /// Frequency offset of the low tone in per cent.
    pub low_offset_percent: f64,
    /// Frequency offset of the high tone in per cent.
    pub high_offset_percent: f64,
    /// Duration in ms, ramps included.
    pub on_ms: f64,
    /// Silence behind it in ms.
    pub off_ms: f64,
    /// Raised-cosine ramp at each end in ms.
    pub ramp_ms: f64,
    /// Silence in the middle of the tone in ms: an interruption of the line.
    pub drop_ms: f64,
}

impl Default for Tone {
    fn default() -> Self {
        Self {
            level_dbm0: -10.0,
            twist_db: 0.0,
            low_offset_percent: 0.0,
            high_offset_percent: 0.0,
            on_ms: 70.0,
            off_ms: 70.0,
            ramp_ms: 0.0,
            drop_ms: 0.0,
        }
    }
}

impl Tone {
    /// This tone with both frequencies off by so many per cent.
    #[must_use]
    pub fn with_offset_percent(self, percent: f64) -> Self {
        Self { low_offset_percent: percent, high_offset_percent: percent, ..self }
    }

    /// The `on_ms` of this tone for a key, at these phases (low, high) in radians; empty where the key is none.
    #[must_use]
    pub fn render(&self, key: char, rate_hz: u32, phases: (f64, f64)) -> Vec<f64> {
        let Some((row, column)) = row_column(key) else { return Vec::new() };
        let step = |hz: f64, percent: f64| TAU * hz * (1.0 + percent / 100.0) / f64::from(rate_hz);
        let (low, high) = (step(LOW_GROUP_HZ[row], self.low_offset_percent), step(HIGH_GROUP_HZ[column], self.high_offset_percent));
        let (low_peak, high_peak) = (peak(self.level_dbm0), peak(self.level_dbm0 + self.twist_db));
        let count = samples(self.on_ms, rate_hz);
        let (ramp, drop) = (samples(self.ramp_ms, rate_hz).min(count / 2), samples(self.drop_ms, rate_hz).min(count));
        let gap = (count - drop) / 2..(count - drop) / 2 + drop;
        let envelope = |i: usize| {
            let edge = i.min(count - 1 - i);
            match () {
                () if gap.contains(&i) => 0.0,
                () if edge < ramp => 0.5 - 0.5 * (PI * (edge as f64 + 0.5) / ramp as f64).cos(),
                () => 1.0,
            }
        };
        let sines = |i: f64| low_peak * (low * i + phases.0).sin() + high_peak * (high * i + phases.1).sin();
        (0..count).map(|i| envelope(i) * sines(i as f64)).collect()
    }
}

/// A dialled number: its samples and where each key sounds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dialled {
    /// One channel, full scale 1.0.
    pub samples: Vec<f64>,
    /// The samples of each key, in order; half-open.
    pub spans: Vec<Range<usize>>,
}

impl Dialled {
    /// Appends a key, at random phases, and the silence behind it.
    pub fn push(&mut self, key: char, tone: &Tone, rate_hz: u32, rng: &mut Rng) {
        let start = self.samples.len();
        self.samples.extend(tone.render(key, rate_hz, (rng.between(0.0, TAU), rng.between(0.0, TAU))));
        self.spans.push(start..self.samples.len());
        self.rest(tone.off_ms, rate_hz);
    }

    /// Appends silence.
    pub fn rest(&mut self, ms: f64, rate_hz: u32) {
        self.samples.resize(self.samples.len() + samples(ms, rate_hz), 0.0);
    }
}

/// Dials keys one after the other with the same tone, at random phases, between two silences of `lead_ms`.
#[must_use]
pub fn dial(keys: &str, tone: &Tone, rate_hz: u32, lead_ms: f64, rng: &mut Rng) -> Dialled {
    let mut dialled = Dialled::default();
    dialled.rest(lead_ms, rate_hz);
    for key in keys.chars() {
        dialled.push(key, tone, rate_hz, rng);
    }
    dialled.rest(lead_ms, rate_hz);
    dialled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dft;

    /// 1 s of tone at a whole number of cycles: the bins are orthogonal, so the levels come out to rounding error.
    #[test]
    fn has_its_frequencies_levels_and_twist() {
        let tone = Tone { level_dbm0: -13.0, twist_db: -4.0, on_ms: 1_000.0, ..Tone::default() };
        for (row, keys) in KEYS.iter().enumerate() {
            for (column, &key) in keys.iter().enumerate() {
                let x = tone.render(key, 8_000, (0.3, 1.1));
                let low = dft::sine_dbm0(&x, LOW_GROUP_HZ[row], 8_000);
                let high = dft::sine_dbm0(&x, HIGH_GROUP_HZ[column], 8_000);
                assert!((low + 13.0).abs() < 1e-6 && (high + 17.0).abs() < 1e-6, "row {row} column {column}: {low} {high}");
            }
        }
        let shifted = tone.with_offset_percent(10.0).render('1', 8_000, (0.0, 0.0));
        assert!((dft::sine_dbm0(&shifted, 766.7, 8_000) + 13.0).abs() < 0.05);
    }

    #[test]
    fn keeps_its_times() {
        let tone = Tone { on_ms: 50.0, off_ms: 30.0, drop_ms: 10.0, ramp_ms: 5.0, ..Tone::default() };
        let call = dial("12", &tone, 16_000, 100.0, &mut Rng::new(1));
        assert_eq!(call.spans, [1_600..2_400, 2_880..3_680]);
        assert_eq!(call.samples.len(), 1_600 + 2 * 1_280 + 1_600);
        assert!(call.samples[1_920..2_080].iter().all(|&x| x == 0.0), "the interruption is silent");
        let loudest = |range: Range<usize>| call.samples[range].iter().fold(0f64, |m, x| m.max(x.abs()));
        assert!(loudest(1_600..1_610) < 0.1 * loudest(1_680..1_900), "the ramp rises");
    }

    #[test]
    fn knows_no_other_keys() {
        assert!(row_column('x').is_none() && Tone::default().render('x', 8_000, (0.0, 0.0)).is_empty());
    }
}
