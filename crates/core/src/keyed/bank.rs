//! Filter bank: 8 kHz samples -> one [`Frame`] a hop of 4 ms, the complex amplitude of all eight tones under an 8 ms Hann window.
//!
//! Where: first block of the keyed stage. In: f32, full scale 1.0. Out: amplitudes and energies after the front filter
//! `y[n] = x[n] - x[n-2]`, which takes out DC and mains hum and favours nobody inside the tone band. Latency: a frame is complete
//! when its 64 samples are in; frame `t` of a call covers samples `32 (t - 1) .. 32 (t + 1)`. Frames are not recursive, so no past can ring on, and sums of frames give longer windows with the
//! same flat top: all windows for the price of one bank.
//!
//! The window is even about its centre, so samples are folded first and each tone costs one multiplication a sample and part.

use super::tones::{HOP, TONES, Tones, WINDOW};

/// What the bank knows of one hop.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub struct Frame {
    /// Real part of each tone's amplitude.
    pub re: [f32; TONES],
    /// Imaginary part of each tone's amplitude.
    pub im: [f32; TONES],
    /// Squared magnitude, `re^2 + im^2`.
    pub power: [f32; TONES],
    /// Mean square of the newer half (one hop) of the window, all frequencies.
    pub energy: f32,
}

impl Frame {
    /// Silence.
    pub const ZERO: Self = Self { re: [0.0; TONES], im: [0.0; TONES], power: [0.0; TONES], energy: 0.0 };
}

/// Samples that must precede the first new hop: the older half of its window and the filter's memory.
pub const LEAD: usize = WINDOW - HOP + 2;

/// Turns `LEAD + HOP * n` samples into `n` frames, `out` being as long; where samples are missing, frames stay as they are.
///
/// The order of every addition is that of this source, whatever the width of the machine's vectors: the frames are the same bits
/// in each build.
pub fn frames(tones: &Tones, x: &[f32], out: &mut [Frame]) {
    for (hop, frame) in out.iter_mut().enumerate() {
        let Some(x) = x.get(hop * HOP..).and_then(|x| x.first_chunk::<{ WINDOW + 2 }>()) else { return };
        let mut y = [0.0_f32; WINDOW];
        for ((y, newer), older) in y.iter_mut().zip(&x[2..]).zip(x) {
            *y = newer - older;
        }
        let mut lanes = [0.0_f32; 8];
        for row in y[HOP..].chunks_exact(8) {
            for (lane, y) in lanes.iter_mut().zip(row) {
                *lane += y * y;
            }
        }
        frame.energy = mean_square(lanes);
        let (mut re, mut im) = ([0.0_f32; TONES], [0.0_f32; TONES]);
        for j in 0..HOP {
            let (newer, older) = (y[HOP + j], y[HOP - 1 - j]);
            let (sum, difference) = (newer + older, newer - older);
            for k in 0..TONES {
                re[k] += sum * tones.cosine[j][k];
                im[k] -= difference * tones.sine[j][k];
            }
        }
        for k in 0..TONES {
            frame.power[k] = re[k] * re[k] + im[k] * im[k];
        }
        frame.re = re;
        frame.im = im;
    }
}

/// Mean square of a hop from the sums of squares of its eight lanes.
#[inline(always)]
pub fn mean_square(lanes: [f32; 8]) -> f32 {
    (((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))) * (1.0 / HOP as f32)
}

#[cfg(test)]
mod tests {
    //! Three oracles: the Fourier sum by its definition, the Goertzel recursion of `goertzel-nostd`, and a transform of 8,000 points by
    //! `rustfft`, whose bins stand 1 Hz apart and so hold every tone.
    use super::super::tones::TONE_HZ;
    use super::*;
    use cardhush_testkit::{dft, rng::Rng};
    use rustfft::{FftPlanner, num_complex::Complex};
    use std::f64::consts::TAU;
    use std::vec::Vec;

    /// An amplitude adds 32 products of two sums in f32. Each rounding errs by 2^-24 of at most 4, the sum of the weights' magnitudes
    /// for samples within +-1 behind the filter (twice that), and there are 32 on the way: 32 * 4 * 2^-24 = 7.7e-6.
    const TOLERANCE: f64 = 1e-5;

    const HOPS: usize = 25;

    fn noise(seed: u64) -> Vec<f32> {
        let mut rng = Rng::new(seed);
        (0..LEAD + HOP * HOPS).map(|_| rng.between(-1.0, 1.0) as f32).collect()
    }

    fn bank(x: &[f32]) -> Vec<Frame> {
        let mut out = std::vec![Frame::ZERO; HOPS];
        frames(&Tones::new(), x, &mut out);
        out
    }

    /// The window of frame `hop` behind the filter, weighted so that a sum over it is an amplitude.
    fn weighted(x: &[f32], hop: usize) -> Vec<f64> {
        let y = |n: usize| f64::from(x[hop * HOP + n + 2]) - f64::from(x[hop * HOP + n]);
        let hann = |n: usize| 0.5 - 0.5 * (TAU * (n as f64 + 0.5) / WINDOW as f64).cos();
        (0..WINDOW).map(|n| hann(n) * y(n) / (WINDOW as f64 / 4.0)).collect()
    }

    /// Amplitudes by the definition, their phase taken at the window's middle.
    #[test]
    fn agrees_with_the_definition_in_amplitude_and_phase() {
        let x = noise(1);
        for (hop, frame) in bank(&x).iter().enumerate() {
            let w = weighted(&x, hop);
            for (k, hz) in TONE_HZ.into_iter().map(f64::from).enumerate() {
                let (re, im) = dft::bin(&w, hz, 8_000);
                let (sin, cos) = (TAU * hz / 8e3 * (WINDOW as f64 - 1.0) / 2.0).sin_cos();
                let (re, im) = (re * cos - im * sin, re * sin + im * cos);
                let away = (re - f64::from(frame.re[k])).hypot(im - f64::from(frame.im[k]));
                assert!(away < TOLERANCE, "frame {hop}, {hz} Hz: {away}");
                assert!((re.hypot(im).powi(2) - f64::from(frame.power[k])).abs() < 4.0 * TOLERANCE);
            }
            let newer = x[hop * HOP + HOP + 2..].iter().zip(&x[hop * HOP + HOP..]).take(HOP).map(|(new, old)| f64::from(new - old).powi(2));
            assert!((newer.sum::<f64>() / HOP as f64 - f64::from(frame.energy)).abs() < TOLERANCE);
        }
    }

    #[test]
    fn agrees_with_goertzel_and_with_a_fast_transform() {
        let x = noise(2);
        let fft = FftPlanner::new().plan_fft_forward(8_000);
        for (hop, frame) in bank(&x).iter().enumerate() {
            let w = weighted(&x, hop);
            let mut bins: Vec<Complex<f64>> = w.iter().map(|re| Complex::new(*re, 0.0)).collect();
            bins.resize(8_000, Complex::default());
            fft.process(&mut bins);
            for (k, hz) in TONE_HZ.into_iter().enumerate() {
                let ours = f64::from(frame.power[k]).sqrt();
                let fast = bins[hz as usize].norm();
                assert!((ours - fast).abs() < TOLERANCE, "frame {hop}, {hz} Hz: {ours}, rustfft {fast}");
                let recursion = goertzel_nostd::Parameters::new(hz, 8_000, WINDOW).mag(w.iter().map(|w| *w as f32));
                // The recursion's own roundings grow with the square of its length over the distance to 0 Hz: ten times ours suffice.
                assert!((ours - f64::from(recursion)).abs() < 10.0 * TOLERANCE, "frame {hop}, {hz} Hz: {ours}, Goertzel {recursion}");
            }
        }
    }

    /// A tone at 0 dB reads as its amplitude times the filter's gain; DC and mains hum read as little.
    #[test]
    fn a_tone_reads_as_its_amplitude_and_hum_as_next_to_nothing() {
        let sine = |hz: f64| -> Vec<f32> { (0..LEAD + HOP * HOPS).map(|n| (TAU * hz * n as f64 / 8e3).sin() as f32).collect() };
        let tones = Tones::new();
        for (k, hz) in TONE_HZ.into_iter().enumerate() {
            for frame in bank(&sine(f64::from(hz))) {
                // A Hann window of 8 ms lets 1 % of the mirrored frequency through at most.
                assert!((frame.power[k] / tones.filter_power[k] - 1.0).abs() < 0.02, "{hz} Hz: {}", frame.power[k]);
            }
        }
        for hz in [0.0, 50.0, 60.0] {
            let loudest = bank(&sine(hz)).iter().flat_map(|frame| frame.power).fold(0.0, f32::max);
            assert!(loudest < 1e-4, "{hz} Hz: {loudest}");
        }
    }

    #[test]
    fn what_is_missing_is_left_as_it_was() {
        let mut out = [Frame::ZERO; 3];
        out[1].energy = 7.0;
        frames(&Tones::new(), &noise(3)[..LEAD + HOP + 31], &mut out);
        assert!(out[0].energy > 0.0 && out[1].energy == 7.0 && out[2].energy == 0.0);
    }
}
