//! Whether payloads are encrypted, as SRTP's are that nobody decrypted: their bytes are as even as noise, which no coding of speech, silence or tones is.
//!
//! Pearson's chi-square of the bytes against evenness, over [`BYTES`] bytes a time. Encrypted: 255 on average with a standard deviation of 23, and
//! above [`LIMIT`] once in ten thousand times; G.711 and linear audio give thousands, since most of its bytes are of few values.

/// Bytes that are counted before it is judged, half a second of G.711.
const BYTES: u32 = 4_096;
/// Chi-square below which bytes are encrypted: 255 degrees of freedom, 3.8 standard deviations.
const LIMIT: f32 = 345.0;

/// Times that it is judged: who does not send encrypted payloads for 4 s does not begin to.
const TIMES: u32 = 8;

/// Bytes counted by their value.
pub struct Evenness {
    counts: [u16; 256],
    total: u32,
    times: u32,
}

impl Evenness {
    /// None counted.
    pub const fn new() -> Self {
        Self { counts: [0; 256], total: 0, times: 0 }
    }

    /// Another source sends: it is judged as often again. What was counted stays, or sources that take turns would never be judged.
    pub fn another(&mut self) {
        self.times = 0;
    }

    /// Counts a payload of audio; true where the last bytes were encrypted.
    pub fn count(&mut self, payload: &[u8]) -> bool {
        if self.times == TIMES {
            return false;
        }
        for byte in payload {
            if let Some(count) = self.counts.get_mut(usize::from(*byte)) {
                *count = count.saturating_add(1);
            }
        }
        self.total += payload.len() as u32;
        if self.total < BYTES {
            return false;
        }
        let expected = self.total as f32 / 256.0;
        let chi_square: f32 = self.counts.iter().map(|count| (f32::from(*count) - expected).powi(2) / expected).sum();
        *self = Self { times: self.times + 1, ..Self::new() };
        chi_square < LIMIT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cardhush_core::{Coding, Ulaw};
    use cardhush_testkit::rng::Rng;

    fn judged(mut byte: impl FnMut(usize) -> u8) -> bool {
        let mut evenness = Evenness::new();
        (0..400).any(|i| evenness.count(&(0..160).map(|k| byte(i * 160 + k)).collect::<Vec<u8>>()))
    }

    #[test]
    fn noise_of_bytes_is_told_from_noise_of_sound() {
        let mut rng = Rng::new(5);
        assert!(judged(|_| rng.bits() as u8));
        for level in [0.001, 0.03, 0.3, 1.0] {
            assert!(!judged(|_| Ulaw::encode((rng.normal() * level) as f32)), "white noise of {level}");
            assert!(!judged(|i| Ulaw::encode((level * (i as f64 * 0.37).sin()) as f32)), "a tone of {level}");
        }
        assert!(!judged(|_| 0xff));
    }
}
