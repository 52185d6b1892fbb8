//! The call that is measured: babble, which keeps a detector at least as busy as recorded speech does, with a card number keyed into it twice a minute.

use cardhush_testkit::rng::Rng;
use cardhush_testkit::signal::{samples, to_i16};
use cardhush_testkit::speech::babble;
use cardhush_testkit::tone::{Tone, dial};

/// Rate of the measured calls, in Hz.
pub const RATE_HZ: u32 = 8_000;
/// Length of a chunk of live audio, in ms.
pub const CHUNK_MS: usize = 20;
/// Samples of such a chunk.
pub const CHUNK: usize = RATE_HZ as usize / 1_000 * CHUNK_MS;

/// How much of a call is talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Talk {
    /// No pauses at all: what a stage costs that does not rest in silence.
    Steady,
    /// Digital silence for six tenths of the time, as on one leg of a dialogue.
    Dialogue,
}

/// One channel of a call at [`RATE_HZ`]: babble at -15 dBm0 over noise at -60 dBm0, sixteen keys at -10 dBm0 in every 30 s. The seed is fixed.
#[must_use]
pub fn call(seconds: usize, talk: Talk) -> Vec<i16> {
    let mut rng = Rng::new(16);
    let pauses = match talk {
        Talk::Steady => 0.0,
        Talk::Dialogue => 0.6,
    };
    let length = seconds * RATE_HZ as usize;
    let mut line = babble(length, -15.0, pauses, RATE_HZ, &mut rng);
    let keys = Tone { on_ms: 80.0, off_ms: 120.0, twist_db: 2.0, ..Tone::default() };
    for begin in (samples(5_000.0, RATE_HZ)..length).step_by(samples(30_000.0, RATE_HZ)) {
        let number: String = (0..16).map(|_| char::from(b'0' + rng.below(10) as u8)).collect();
        let dialled = dial(&number, &keys, RATE_HZ, 0.0, &mut rng);
        line[begin..].iter_mut().zip(&dialled.samples).for_each(|(x, key)| *x = *key);
    }
    if talk == Talk::Steady {
        cardhush_testkit::line::add_white_noise(&mut line, -60.0, &mut rng);
    }
    to_i16(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_as_long_and_as_silent_as_it_says() {
        let silent = |talk| call(20, talk).iter().filter(|&&x| x == 0).count() as f64 / (20.0 * f64::from(RATE_HZ));
        assert_eq!(call(20, Talk::Steady).len(), 160_000);
        // Noise at -60 dBm0 has an RMS of 16 steps of 16 bits: hardly a sample is 0.
        assert!(silent(Talk::Steady) < 0.05, "{}", silent(Talk::Steady));
        assert!((0.4..0.75).contains(&silent(Talk::Dialogue)), "{}", silent(Talk::Dialogue));
    }
}
