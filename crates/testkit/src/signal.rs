//! Levels and sample formats of test signals: full scale 1.0, a sine that reaches it has +3.14 dBm0 (ITU-T G.711, A-law).

/// Level of a sine whose peak is full scale, in dBm0.
#[allow(clippy::approx_constant)] // It is 3.14 dB, not a circle.
pub const FULL_SCALE_DBM0: f64 = 3.14;

/// Peak of a sine of this level, full scale 1.0.
#[must_use]
pub fn peak(level_dbm0: f64) -> f64 {
    ratio(level_dbm0 - FULL_SCALE_DBM0)
}

/// Root mean square of a signal of this level, full scale 1.0.
#[must_use]
pub fn rms(level_dbm0: f64) -> f64 {
    peak(level_dbm0) * std::f64::consts::FRAC_1_SQRT_2
}

/// Level of a signal in dBm0; minus infinity where it is silent.
#[must_use]
pub fn level_dbm0(samples: &[f64]) -> f64 {
    let power = samples.iter().map(|x| x * x).sum::<f64>() / samples.len().max(1) as f64;
    10.0 * (2.0 * power).log10() + FULL_SCALE_DBM0
}

/// Amplitude ratio of a difference in dB.
#[must_use]
pub fn ratio(db: f64) -> f64 {
    10f64.powf(db / 20.0)
}

/// Samples in a time, rounded.
#[must_use]
pub fn samples(ms: f64, rate_hz: u32) -> usize {
    (ms * f64::from(rate_hz) / 1e3).round().max(0.0) as usize
}

/// 16-bit samples: rounded, clipped at full scale.
#[must_use]
pub fn to_i16(samples: &[f64]) -> Vec<i16> {
    // `as` saturates, which is the clipping.
    samples.iter().map(|x| (x * 32_768.0).round() as i16).collect()
}

/// Interleaves channels of equal length; a shorter one is filled up with silence.
#[must_use]
pub fn interleave<T: Copy + Default>(channels: &[Vec<T>]) -> Vec<T> {
    let frames = channels.iter().map(Vec::len).max().unwrap_or(0);
    (0..frames).flat_map(|i| channels.iter().map(move |c| c.get(i).copied().unwrap_or_default())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_scale_sine_has_its_level() {
        let sine: Vec<f64> = (0..8_000).map(|i| (std::f64::consts::TAU * f64::from(i) / 8.0).sin()).collect();
        assert!((level_dbm0(&sine) - FULL_SCALE_DBM0).abs() < 1e-9);
        assert!((peak(FULL_SCALE_DBM0) - 1.0).abs() < 1e-12);
        assert!((rms(-10.0) / rms(-16.020_599_913) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn conversion_rounds_and_clips() {
        assert_eq!(to_i16(&[0.0, 0.5, -1.0, 1.0, 7.0, -7.0, 0.6 / 32_768.0]), [0, 16_384, -32_768, 32_767, 32_767, -32_768, 1]);
    }

    #[test]
    fn interleaving_fills_up() {
        assert_eq!(interleave(&[vec![1, 2, 3], vec![9]]), [1, 9, 2, 0, 3, 0]);
    }
}
