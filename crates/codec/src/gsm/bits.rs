//! The 76 parameters of a frame, and how they lie in its bytes.
//!
//! Order and widths: EN 300 961, table 1.1 (eight log area ratios; for each of four sub-frames lag, gain, grid, block maximum and 13 pulses). Raw
//! files: a signature of four bits, then the parameters, the highest bit of each first, from the highest bit of a byte on (RFC 3551, 4.5.8.1).
//! WAV49: without a signature, the lowest bit of each first, from the lowest bit of a byte on; the second frame of a block begins in the middle of
//! a byte.

/// Bits of the log area ratios.
const LAR_BITS: [u64; 8] = [6, 6, 5, 5, 4, 4, 3, 3];
/// Bits of lag, gain, grid, block maximum, and of a pulse.
const LAG_BITS: u64 = 7;
const GAIN_BITS: u64 = 2;
const GRID_BITS: u64 = 2;
const MAXIMUM_BITS: u64 = 6;
const PULSE_BITS: u64 = 3;
/// Bits of all of them.
const FRAME_BITS: u64 = 260;
/// High half of the first byte of a raw frame.
const SIGNATURE: u8 = 0xD;

/// Whether a raw frame begins as one.
pub(super) fn is_signed(frame: &[u8]) -> bool {
    frame.first().is_some_and(|byte| byte >> 4 == SIGNATURE)
}

/// How frames lie in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// One in 33 bytes, signed.
    Raw,
    /// Two in 65 bytes.
    Wav49,
}

impl Packing {
    /// Bytes of a block: the fewest that hold whole frames.
    pub fn block_bytes(self) -> u64 {
        match self {
            Self::Raw => 33,
            Self::Wav49 => 65,
        }
    }

    /// From one frame to the next, in bits.
    pub fn frame_bits(self) -> u64 {
        match self {
            Self::Raw => FRAME_BITS + 4,
            Self::Wav49 => FRAME_BITS,
        }
    }

    /// Frames that are whole in this block.
    pub fn frames_in(self, block: &[u8]) -> u64 {
        block.len() as u64 * 8 / self.frame_bits()
    }

    /// Where the first parameter of a frame lies, in bits.
    fn first_bit(self, place: u64) -> u64 {
        match self {
            Self::Raw => place * self.frame_bits() + 4,
            Self::Wav49 => place * self.frame_bits(),
        }
    }

    /// The byte of a bit, and which one of it that is.
    fn bit(self, at: u64) -> (usize, u8) {
        let mask = match self {
            Self::Raw => 0x80 >> (at % 8),
            Self::Wav49 => 1 << (at % 8),
        };
        (usize::try_from(at / 8).unwrap_or(usize::MAX), mask)
    }

    /// Which bit of a parameter comes `n`th.
    fn weight(self, n: u64, width: u64) -> u8 {
        match self {
            Self::Raw => 1 << (width - 1 - n),
            Self::Wav49 => 1 << n,
        }
    }
}

/// A sub-frame of 40 samples: the names of EN 300 961 in brackets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SubFrame {
    /// Lag of the long-term predictor (Nc), 40 to 120.
    pub lag: u8,
    /// Its coded gain (bc), 0 to 3.
    pub gain: u8,
    /// Which of the samples the first pulse is (Mc), 0 to 3.
    pub grid: u8,
    /// Coded block maximum (xmaxc), 0 to 63.
    pub maximum: u8,
    /// Coded pulses (xMc), 0 to 7.
    pub pulses: [u8; 13],
}

/// The parameters of a frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters {
    /// Coded log area ratios (LARc).
    pub lars: [u8; 8],
    /// The sub-frames.
    pub sub_frames: [SubFrame; 4],
}

impl Parameters {
    /// Those of a frame of the block.
    pub fn read(block: &[u8], place: u64, packing: Packing) -> Self {
        let mut parameters = Self::default();
        let mut at = packing.first_bit(place);
        parameters.each(|value, width| {
            for n in 0..width {
                let (byte, mask) = packing.bit(at);
                if block.get(byte).is_some_and(|byte| byte & mask != 0) {
                    *value |= packing.weight(n, width);
                }
                at += 1;
            }
        });
        parameters
    }

    /// Puts them in place of a frame of the block; bits of no frame or of another one stay.
    pub fn write(&mut self, block: &mut [u8], place: u64, packing: Packing) {
        let mut at = packing.first_bit(place);
        self.each(|value, width| {
            for n in 0..width {
                let (byte, mask) = packing.bit(at);
                if let Some(byte) = block.get_mut(byte) {
                    *byte = if *value & packing.weight(n, width) != 0 { *byte | mask } else { *byte & !mask };
                }
                at += 1;
            }
        });
    }

    /// All parameters in the order of the file, with their widths.
    fn each(&mut self, mut visit: impl FnMut(&mut u8, u64)) {
        self.lars.iter_mut().zip(LAR_BITS).for_each(|(value, width)| visit(value, width));
        for sub in &mut self.sub_frames {
            let SubFrame { lag, gain, grid, maximum, pulses } = sub;
            for (value, width) in [(lag, LAG_BITS), (gain, GAIN_BITS), (grid, GRID_BITS), (maximum, MAXIMUM_BITS)] {
                visit(value, width);
            }
            pulses.iter_mut().for_each(|pulse| visit(pulse, PULSE_BITS));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Any 260 bits come back as they were, and no other bit moves.
    #[test]
    fn reads_and_writes_every_bit_of_a_frame() {
        let mut seed = 7u64;
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 56) as u8
        };
        for (packing, places) in [(Packing::Raw, 1), (Packing::Wav49, 2)] {
            for place in 0..places {
                let source: Vec<u8> = (0..packing.block_bytes()).map(|_| random()).collect();
                let other: Vec<u8> = (0..packing.block_bytes()).map(|_| random()).collect();
                let mut target = other.clone();
                let mut parameters = Parameters::read(&source, place, packing);
                parameters.write(&mut target, place, packing);
                assert_eq!(Parameters::read(&target, place, packing), parameters);
                let first = packing.first_bit(place);
                for at in 0..packing.block_bytes() * 8 {
                    let (byte, mask) = packing.bit(at);
                    let expected = if (first..first + FRAME_BITS).contains(&at) { &source } else { &other };
                    assert_eq!(target[byte] & mask, expected[byte] & mask, "{packing:?} frame {place} bit {at}");
                }
            }
        }
    }
}
