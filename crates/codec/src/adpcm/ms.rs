//! A block of Microsoft ADPCM: one of a few linear predictors a block and channel, then four bits a sample times an adaptive step.
//!
//! Header: for each channel in turn the number of its predictor (8 bits); then so the step, the second sample and the first one (16 bits each). Then
//! four bits a sample, channels in turn, the high half of a byte first. Coefficients are fractions of 256 and stand in the extension of `fmt `;
//! the first seven should be those of the standard, and what stands there counts. Source: "New multimedia data types and data techniques"
//! (Microsoft, 1994), Microsoft ADPCM. Its text divides the prediction by 256, Microsoft's own codec, libsndfile and SoX shift it right by
//! eight, as done here; FFmpeg divides: one least bit in some samples.

use crate::CodecError;
use crate::riff::Wave;

/// Bytes of a channel's header.
const HEADER: usize = 7;
/// Narrowest step.
const MIN_STEP: i32 = 16;
/// Widest step, so that nothing below overflows: far more than 16 bits can use.
const MAX_STEP: i32 = i32::MAX / 768;
/// How the step follows the last four bits, in fractions of 256.
const ADAPTATION: [i32; 16] = [230, 230, 230, 230, 307, 409, 512, 614, 768, 614, 512, 409, 307, 230, 230, 230];
/// The predictors of the standard.
const STANDARD: [[i16; 2]; 7] = [[256, 0], [512, -256], [0, 0], [192, 64], [240, 0], [460, -208], [392, -232]];

/// The predictors of a file.
#[derive(Clone, Debug)]
pub(super) struct Coefficients(Vec<[i32; 2]>);

/// Samples a channel of a block of so many bytes.
pub(super) fn frames(bytes: u64, channels: u64) -> Option<u64> {
    // One channel has two samples a byte, two have one each.
    Some(bytes.checked_sub(HEADER as u64 * channels).map_or(0, |bytes| bytes * 2 / channels.max(1) + 2))
}

impl Coefficients {
    /// Those of the extension of `fmt `.
    pub fn parse(wave: &mut Wave) -> Result<Self, CodecError> {
        let malformed = |what| Err(CodecError::Malformed { format: "MS ADPCM", what, at: 0 });
        let words: Vec<i16> =
            wave.extra.chunks_exact(2).skip(1).filter_map(|two| two.first_chunk().copied().map(i16::from_le_bytes)).collect();
        let Some((&count, words)) = words.split_first() else {
            wave.notes.push("`fmt ` has no coefficients: those of the standard were taken".to_owned());
            return Ok(Self(STANDARD.iter().map(|pair| pair.map(i32::from)).collect()));
        };
        let pairs: Vec<[i32; 2]> = words.chunks_exact(2).filter_map(|pair| pair.first_chunk().map(|pair| pair.map(i32::from))).collect();
        match usize::try_from(count) {
            Ok(count @ 1..=256) if count <= pairs.len() => Ok(Self(pairs.into_iter().take(count).collect())),
            Ok(1..=256) => malformed(format!("{count} pairs of coefficients declared, {} present", pairs.len())),
            _ => malformed(format!("{count} pairs of coefficients: 1 to 256 can be told apart")),
        }
    }

    /// What makes a block one that decoders take differently.
    pub fn defect(&self, block: &[u8], channels: usize) -> Option<String> {
        let number = block.iter().take(channels).find(|number| usize::from(**number) >= self.0.len())?;
        Some(format!("predictor {number}: there are {}", self.0.len()))
    }

    /// The samples of one channel.
    pub fn decode<'p>(&self, block: &[u8], channel: usize, channels: usize, mut into: impl Iterator<Item = &'p mut i16>) {
        let word = |field: usize| {
            let at = channels + 2 * (field * channels + channel);
            block.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |two| i16::from_le_bytes(*two))
        };
        let number = block.get(channel).map_or(0, |number| usize::from(*number));
        let Some(&pair) = self.0.get(number) else { return };
        let mut state = State { pair, step: word(0).into(), last: word(1), before: word(2) };
        for first in [state.before, state.last] {
            if let Some(sample) = into.next() {
                *sample = first;
            }
        }
        let nibbles = block.iter().skip(HEADER * channels).flat_map(|byte| [byte >> 4, byte & 15]);
        for (sample, nibble) in into.zip(nibbles.skip(channel).step_by(channels)) {
            *sample = state.decode(nibble);
        }
    }

    /// Overwrites all that the block holds of one channel with `samples`, coded from a step of about `step` with the predictor that suits them best.
    pub fn encode(&self, block: &mut [u8], channel: usize, channels: usize, step: i32, samples: impl Iterator<Item = i16>) {
        let frames = frames(block.len() as u64, channels as u64).unwrap_or_default();
        let samples: Vec<i16> = samples.take(usize::try_from(frames).unwrap_or_default()).collect();
        let &[before, last, ref rest @ ..] = samples.as_slice() else { return };
        let step = step.clamp(MIN_STEP, i16::MAX.into());
        let start = |pair: [i32; 2]| State { pair, step, last, before };
        let error = |pair: [i32; 2]| {
            let mut state = start(pair);
            let miss = |sample: &i16| {
                state.encode(*sample);
                (i64::from(*sample) - i64::from(state.last)).pow(2)
            };
            rest.iter().map(miss).fold(0, i64::saturating_add)
        };
        let Some((number, &pair)) = self.0.iter().enumerate().min_by_key(|(_, pair)| error(**pair)) else { return };
        if let Some(place) = block.get_mut(channel) {
            *place = number as u8;
        }
        for (field, value) in [step as i16, last, before].into_iter().enumerate() {
            let at = channels + 2 * (field * channels + channel);
            if let Some(place) = block.get_mut(at..at + 2) {
                place.copy_from_slice(&value.to_le_bytes());
            }
        }
        let mut state = start(pair);
        for (at, sample) in (channel..).step_by(channels).zip(rest) {
            let Some(byte) = block.get_mut(HEADER * channels + at / 2) else { return };
            let nibble = state.encode(*sample);
            *byte = if at % 2 == 0 { nibble << 4 | *byte & 15 } else { *byte & 0xF0 | nibble };
        }
    }
}

/// What a decoder remembers from sample to sample.
struct State {
    pair: [i32; 2],
    step: i32,
    last: i16,
    before: i16,
}

impl State {
    fn prediction(&self) -> i32 {
        let [first, second] = self.pair;
        // Two products of 16 bits each may add up to 2^31.
        i32::from(self.last).wrapping_mul(first).saturating_add(i32::from(self.before).wrapping_mul(second)) >> 8
    }

    fn decode(&mut self, nibble: u8) -> i16 {
        // Four bits in two's complement.
        let signed = i32::from(nibble) - if nibble & 8 == 0 { 0 } else { 16 };
        let sample = self.prediction().saturating_add(signed.saturating_mul(self.step)).clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        let factor = ADAPTATION.get(usize::from(nibble)).copied().unwrap_or_default();
        self.step = (factor.saturating_mul(self.step) >> 8).clamp(MIN_STEP, MAX_STEP);
        self.before = self.last;
        self.last = sample;
        sample
    }

    fn encode(&mut self, sample: i16) -> u8 {
        let away = i32::from(sample).saturating_sub(self.prediction());
        // Rounded to the nearest.
        let half = if away < 0 { -self.step / 2 } else { self.step / 2 };
        let signed = (away.saturating_add(half) / self.step).clamp(-8, 7);
        let nibble = (signed & 15) as u8;
        self.decode(nibble);
        nibble
    }
}
