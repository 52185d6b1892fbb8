//! Something that keeps a detector as busy as speech does: syllables of voiced and unvoiced sound with formants, pauses between phrases.
//!
//! For throughput and cutting tests, where megabytes of it are needed at no licence. It is not speech: false alarms are measured
//! on recordings.

use crate::rng::Rng;
use crate::signal::{rms, samples};
use std::f64::consts::TAU;

/// A two-pole resonator of unit gain at its centre.
#[derive(Clone, Copy, Default)]
struct Formant {
    state: [f64; 2],
    feedback: [f64; 2],
    gain: f64,
}

impl Formant {
    fn tune(&mut self, centre_hz: f64, bandwidth_hz: f64, rate_hz: f64) {
        let radius = (-std::f64::consts::PI * bandwidth_hz / rate_hz).exp();
        let angle = TAU * centre_hz / rate_hz;
        self.feedback = [2.0 * radius * angle.cos(), -radius * radius];
        self.gain = (1.0 - radius) * (1.0 - 2.0 * radius * (2.0 * angle).cos() + radius * radius).sqrt();
    }

    fn push(&mut self, x: f64) -> f64 {
        let y = self.gain * x + self.feedback[0] * self.state[0] + self.feedback[1] * self.state[1];
        self.state = [y, self.state[0]];
        y
    }
}

/// `count` samples whose sounding part has about this level; `pauses` is the share of time between phrases, 0 to 0.9.
#[must_use]
pub fn babble(count: usize, level_dbm0: f64, pauses: f64, rate_hz: u32, rng: &mut Rng) -> Vec<f64> {
    let rate = f64::from(rate_hz);
    let mut out = Vec::with_capacity(count + rate_hz as usize);
    let mut formants = [Formant::default(); 3];
    let (mut pitch_hz, mut phase) = (rng.between(90.0, 220.0), 0.0);
    while out.len() < count {
        let phrase_start = out.len();
        for _ in 0..3 + rng.below(10) {
            let [first, second, third] = &mut formants;
            first.tune(rng.between(270.0, 800.0), 80.0, rate);
            second.tune(rng.between(850.0, 2_300.0), 100.0, rate);
            third.tune(rng.between(2_300.0, 3_200.0), 140.0, rate);
            let (voiced, length) = (rng.unit() < 0.75, samples(rng.between(80.0, 260.0), rate_hz));
            pitch_hz = (pitch_hz * rng.between(0.88, 1.13)).clamp(80.0, 260.0);
            let start = out.len();
            for i in 0..length {
                phase += pitch_hz / rate;
                let pulse = if phase >= 1.0 { 6.0 } else { 0.0 };
                phase -= phase.floor();
                let source = if voiced { pulse + 0.02 * rng.normal() } else { rng.normal() };
                let swell = (std::f64::consts::PI * (i as f64 + 0.5) / length as f64).sin();
                let sound = formants[0].push(source) + 0.5 * formants[1].push(source) + 0.25 * formants[2].push(source);
                out.push(swell * sound);
            }
            level_to(&mut out[start..], level_dbm0 + rng.between(-6.0, 3.0));
        }
        let phrase = (out.len() - phrase_start) as f64;
        let pause = (phrase * pauses / (1.0 - pauses.clamp(0.0, 0.9))) as usize;
        out.resize(out.len() + pause, 0.0);
    }
    out.truncate(count);
    out
}

fn level_to(samples: &mut [f64], level_dbm0: f64) {
    let power = samples.iter().map(|x| x * x).sum::<f64>() / samples.len().max(1) as f64;
    let gain = rms(level_dbm0) / power.sqrt().max(f64::MIN_POSITIVE);
    samples.iter_mut().for_each(|x| *x *= gain);
}

#[cfg(test)]
mod tests {
    use super::babble;
    use crate::rng::Rng;
    use crate::signal::level_dbm0;

    #[test]
    fn has_its_length_level_and_pauses() {
        let x = babble(160_000, -20.0, 0.0, 8_000, &mut Rng::new(1));
        assert_eq!(x.len(), 160_000);
        // Syllables lie between -6 and +3 dB, so their power mean does too.
        let level = level_dbm0(&x);
        assert!((-26.0..-17.0).contains(&level), "{level}");
        let paused = babble(160_000, -20.0, 0.5, 8_000, &mut Rng::new(1));
        let silent = paused.iter().filter(|&&x| x == 0.0).count() as f64 / 160_000.0;
        assert!((0.4..0.6).contains(&silent), "half of the time asked for, {silent} found");
        assert_eq!(x, babble(160_000, -20.0, 0.0, 8_000, &mut Rng::new(1)), "the seed settles it");
    }
}
