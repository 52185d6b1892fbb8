//! A block of IMA ADPCM as WAVE has it: predictor and step index of each channel, then four bits a sample.
//!
//! Header of a channel: its first sample (16 bits), its step index (8 bits, 0 to 88), a reserved byte; then, channel after channel, words of four
//! bytes with eight samples each, the low half of a byte first. Decoder and tables: "Recommended practices for enhancing digital audio
//! compatibility in multimedia systems" (IMA Digital Audio Focus and Technical Working Groups, 1992); the same tables as DVI4 of RFC 3551, 4.5.1.

/// Bytes of a channel's header, and of one of its words.
const HEADER: usize = 4;
const WORD: usize = 4;

/// Step widths.
const STEPS: [i32; 89] = [
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107, 118, 130, 143, 157,
    173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707,
    1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899,
    15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
];

/// Samples a channel of a block of so many bytes.
pub(super) fn frames(bytes: u64, channels: u64) -> Option<u64> {
    let group = HEADER as u64 * channels;
    match bytes.checked_sub(group) {
        None => Some(0),
        Some(words) if words % group == 0 => Some(words / group * 8 + 1),
        Some(_) => None,
    }
}

/// What makes a block one that decoders take differently.
pub(super) fn defect(block: &[u8], channels: usize) -> Option<String> {
    let index =
        block.chunks_exact(HEADER).take(channels).filter_map(|header| header.get(2)).find(|index| usize::from(**index) >= STEPS.len())?;
    Some(format!("step index {index}: at most {}", STEPS.len() - 1))
}

/// The samples of one channel.
pub(super) fn decode<'p>(block: &[u8], channel: usize, channels: usize, mut into: impl Iterator<Item = &'p mut i16>) {
    let Some((head, words)) = block.split_at_checked(HEADER * channels) else { return };
    let Some(&[low, high, index, _]) = head.chunks_exact(HEADER).nth(channel) else { return };
    let mut state = State { predictor: i16::from_le_bytes([low, high]), index: index.into() };
    if let Some(first) = into.next() {
        *first = state.predictor;
    }
    let bytes = words.chunks_exact(WORD).skip(channel).step_by(channels).flatten();
    for (sample, nibble) in into.zip(bytes.flat_map(|byte| [byte & 15, byte >> 4])) {
        *sample = state.decode(nibble);
    }
}

/// Overwrites all that the block holds of one channel with `samples`, coded from a step of about `step`.
pub(super) fn encode(block: &mut [u8], channel: usize, channels: usize, step: i32, mut samples: impl Iterator<Item = i16>) {
    let Some((head, words)) = block.split_at_mut_checked(HEADER * channels) else { return };
    let index = STEPS.iter().take_while(|width| **width < step).count().min(STEPS.len() - 1);
    let mut state = State { predictor: samples.next().unwrap_or_default(), index };
    if let Some(header) = head.chunks_exact_mut(HEADER).nth(channel) {
        let [low, high] = state.predictor.to_le_bytes();
        header.copy_from_slice(&[low, high, index as u8, 0]);
    }
    for byte in words.chunks_exact_mut(WORD).skip(channel).step_by(channels).flatten() {
        let mut nibble = || state.encode(samples.next().unwrap_or_default());
        *byte = nibble() | nibble() << 4;
    }
}

/// What a decoder remembers from sample to sample.
struct State {
    predictor: i16,
    index: usize,
}

impl State {
    fn decode(&mut self, nibble: u8) -> i16 {
        let step = STEPS.get(self.index).copied().unwrap_or_default();
        let bit = |bit: u8, value: i32| if nibble & bit == 0 { 0 } else { value };
        let size = bit(4, step) + bit(2, step >> 1) + bit(1, step >> 2) + (step >> 3);
        let moved = i32::from(self.predictor) + if nibble & 8 == 0 { size } else { -size };
        self.predictor = moved.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        // -1 for small differences, else 2, 4, 6 or 8.
        self.index = match nibble & 7 {
            0..=3 => self.index.saturating_sub(1),
            large => (self.index + usize::from(large - 3) * 2).min(STEPS.len() - 1),
        };
        self.predictor
    }

    fn encode(&mut self, sample: i16) -> u8 {
        let step = STEPS.get(self.index).copied().unwrap_or_default();
        let away = i32::from(sample) - i32::from(self.predictor);
        let mut left = away.abs();
        let mut nibble = if away < 0 { 8 } else { 0 };
        for (bit, width) in [(4, step), (2, step >> 1), (1, step >> 2)] {
            if left >= width {
                nibble |= bit;
                left -= width;
            }
        }
        self.decode(nibble);
        nibble
    }
}
