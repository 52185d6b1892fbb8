//! The oracle for anything that claims to measure a tone: one bin of a discrete Fourier transform, by its definition, in f64.

use crate::signal::FULL_SCALE_DBM0;
use std::f64::consts::TAU;

/// The sum of `samples[i] * exp(-2 pi j f i / rate)`: real and imaginary part.
#[must_use]
pub fn bin(samples: &[f64], frequency_hz: f64, rate_hz: u32) -> (f64, f64) {
    let step = TAU * frequency_hz / f64::from(rate_hz);
    samples.iter().enumerate().fold((0.0, 0.0), |(re, im), (i, x)| {
        let (sin, cos) = (step * i as f64).sin_cos();
        (re + x * cos, im - x * sin)
    })
}

/// Level of the sine of that frequency in dBm0, as a rectangular window sees it; exact where the window holds whole cycles.
#[must_use]
pub fn sine_dbm0(samples: &[f64], frequency_hz: f64, rate_hz: u32) -> f64 {
    let (re, im) = bin(samples, frequency_hz, rate_hz);
    20.0 * (2.0 * re.hypot(im) / samples.len().max(1) as f64).log10() + FULL_SCALE_DBM0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_sums_done_by_hand() {
        // 1, 0, -1, 0 is a cosine of a quarter of the rate; its sum over four samples is 2 at that bin, 0 at zero.
        let x = [1.0, 0.0, -1.0, 0.0];
        let (re, im) = bin(&x, 2_000.0, 8_000);
        assert!((re - 2.0).abs() < 1e-12 && im.abs() < 1e-12);
        let (re, im) = bin(&[0.0, 1.0, 0.0, -1.0], 2_000.0, 8_000);
        assert!(re.abs() < 1e-12 && (im + 2.0).abs() < 1e-12, "a sine is minus j");
        assert!(bin(&x, 0.0, 8_000).0.abs() < 1e-12);
        assert!((sine_dbm0(&x, 2_000.0, 8_000) - FULL_SCALE_DBM0).abs() < 1e-9);
    }
}
