//! What a line does to a signal, in place: noise, hum, dial tone, direct current, gain, clipping, gaps and echo.

use crate::rng::Rng;
use crate::signal::{peak, ratio, rms};
use std::f64::consts::TAU;
use std::ops::Range;

/// Adds white noise of this level (0 to half the rate).
pub fn add_white_noise(samples: &mut [f64], level_dbm0: f64, rng: &mut Rng) {
    let rms = rms(level_dbm0);
    samples.iter_mut().for_each(|x| *x += rms * rng.normal());
}

/// Adds noise of this level with the long-term spectrum of speech: flat from 200 to 500 Hz, then falling by about 9 dB an octave
/// (after ITU-T P.50; two one-pole low passes at 500 and 1,500 Hz and a one-pole high pass at 150 Hz).
pub fn add_speech_shaped_noise(samples: &mut [f64], level_dbm0: f64, rate_hz: u32, rng: &mut Rng) {
    let pole = |hz: f64| 1.0 - (-TAU * hz / f64::from(rate_hz)).exp();
    let (a, b, c) = (pole(500.0), pole(1_500.0), pole(150.0));
    let (mut low, mut lower, mut slow) = (0.0, 0.0, 0.0);
    // A tenth of a second to forget the start of the filters.
    let settle = rate_hz as usize / 10;
    let shaped: Vec<f64> = (0..samples.len() + settle)
        .map(|_| {
            low += a * (rng.normal() - low);
            lower += b * (low - lower);
            slow += c * (lower - slow);
            lower - slow
        })
        .skip(settle)
        .collect();
    let power = shaped.iter().map(|x| x * x).sum::<f64>() / shaped.len().max(1) as f64;
    let gain = rms(level_dbm0) / power.sqrt().max(f64::MIN_POSITIVE);
    samples.iter_mut().zip(shaped).for_each(|(x, noise)| *x += gain * noise);
}

/// Adds a sine of this level.
pub fn add_sine(samples: &mut [f64], frequency_hz: f64, level_dbm0: f64, rate_hz: u32) {
    let (step, peak) = (TAU * frequency_hz / f64::from(rate_hz), peak(level_dbm0));
    samples.iter_mut().enumerate().for_each(|(i, x)| *x += peak * (step * i as f64).sin());
}

/// Adds mains hum: the mains frequency at this level and its third harmonic 8 dB below.
pub fn add_hum(samples: &mut [f64], mains_hz: f64, level_dbm0: f64, rate_hz: u32) {
    add_sine(samples, mains_hz, level_dbm0, rate_hz);
    add_sine(samples, 3.0 * mains_hz, level_dbm0 - 8.0, rate_hz);
}

/// Adds the North American dial tone, 350 and 440 Hz, each at this level.
pub fn add_dial_tone(samples: &mut [f64], level_dbm0: f64, rate_hz: u32) {
    add_sine(samples, 350.0, level_dbm0, rate_hz);
    add_sine(samples, 440.0, level_dbm0, rate_hz);
}

/// Adds a constant, full scale 1.0.
pub fn add_dc(samples: &mut [f64], offset: f64) {
    samples.iter_mut().for_each(|x| *x += offset);
}

/// Amplifies, then clips at full scale.
pub fn overdrive(samples: &mut [f64], gain_db: f64) {
    let gain = ratio(gain_db);
    samples.iter_mut().for_each(|x| *x = (*x * gain).clamp(-1.0, 1.0));
}

/// Silences these samples (a lost packet, an interruption); what lies beyond the end is left out.
pub fn silence(samples: &mut [f64], span: Range<usize>) {
    let end = span.end.min(samples.len());
    if let Some(gap) = samples.get_mut(span.start..end) {
        gap.fill(0.0);
    }
}

/// The signal as it comes back from the line: `delay` samples later, changed by `gain_db`; as long as the signal.
#[must_use]
pub fn echo(samples: &[f64], delay: usize, gain_db: f64) -> Vec<f64> {
    let gain = ratio(gain_db);
    std::iter::repeat_n(0.0, delay).chain(samples.iter().map(|x| gain * x)).take(samples.len()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dft::{bin, sine_dbm0};
    use crate::signal::level_dbm0;

    #[test]
    fn noises_have_their_levels() {
        // The error of a level measured over n independent samples has 4.34 * sqrt(2 / n) dB; the shaped noise has some 1,000 of them
        // a second in its 500 Hz, so five times that over 10 s is 0.3 dB for it and 0.11 dB for the white one.
        let (mut white, mut shaped) = (vec![0.0; 80_000], vec![0.0; 80_000]);
        add_white_noise(&mut white, -30.0, &mut Rng::new(1));
        add_speech_shaped_noise(&mut shaped, -30.0, 8_000, &mut Rng::new(2));
        assert!((level_dbm0(&white) + 30.0).abs() < 0.11, "{}", level_dbm0(&white));
        assert!((level_dbm0(&shaped) + 30.0).abs() < 0.3, "{}", level_dbm0(&shaped));
    }

    #[test]
    fn the_shaped_noise_falls() {
        let mut noise = vec![0.0; 160_000];
        add_speech_shaped_noise(&mut noise, -20.0, 8_000, &mut Rng::new(4));
        let band_db = |hz: f64| {
            let power = |block: &[f64]| {
                (0..8).map(|k| bin(block, hz - 35.0 + 10.0 * f64::from(k), 8_000)).map(|(re, im)| re * re + im * im).sum::<f64>()
            };
            10.0 * noise.chunks_exact(800).map(power).sum::<f64>().log10()
        };
        let fall = band_db(400.0) - band_db(1_600.0);
        assert!((10.0..22.0).contains(&fall), "two octaves at 5 to 11 dB each, got {fall}");
        assert!(band_db(400.0) > band_db(60.0) + 3.0, "weaker below the telephone band");
    }

    #[test]
    fn tones_have_their_frequencies() {
        let mut x = vec![0.0; 8_000];
        add_hum(&mut x, 50.0, -10.0, 8_000);
        add_dial_tone(&mut x, -15.0, 8_000);
        add_dc(&mut x, 0.25);
        for (hz, level) in [(50.0, -10.0), (150.0, -18.0), (350.0, -15.0), (440.0, -15.0)] {
            assert!((sine_dbm0(&x, hz, 8_000) - level).abs() < 1e-6, "{hz} Hz");
        }
        assert!((bin(&x, 0.0, 8_000).0 / 8_000.0 - 0.25).abs() < 1e-9);
    }

    #[test]
    fn spoils_in_place_and_echoes_late() {
        let mut x = vec![0.5; 6];
        silence(&mut x, 4..9);
        silence(&mut x, 8..9);
        assert_eq!(x, [0.5, 0.5, 0.5, 0.5, 0.0, 0.0]);
        let late = echo(&x, 3, -20.0);
        assert_eq!(&late[..3], [0.0; 3]);
        assert!((late[3] - 0.05).abs() < 1e-12 && late.len() == 6);
        overdrive(&mut x, 20.0);
        assert_eq!(x, [1.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
    }
}
