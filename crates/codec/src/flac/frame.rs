//! The header of a frame, read and written with another channel assignment (RFC 9639, 9.1).

use crate::crc::crc8;

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    /// Whether blocks differ in size: then `number` is that of the first sample, else of the frame.
    pub(super) variable: bool,
    pub(super) number: u64,
    /// Samples of the block.
    pub(super) block: u16,
    /// In Hz; none where STREAMINFO's holds.
    pub(super) rate_hz: Option<u32>,
    pub(super) channels: u8,
    /// Bits of a sample; none where STREAMINFO's hold.
    pub(super) bits: Option<u32>,
    /// Bytes of the header, with its check.
    pub(super) len: u8,
}

/// Bytes of the longest header: 4, a number of 7, a block size of 2, a rate of 2, a check.
pub(super) const LONGEST: usize = 16;

impl FrameHeader {
    /// The header that `bytes` begin with, if they begin with a right one.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let &[sync, strategy, sizes, assignment, ..] = bytes else { return None };
        if sync != 0xff || strategy & 0xfe != 0xf8 || assignment & 1 != 0 {
            return None;
        }
        let (number, number_len) = coded_number(bytes.get(4..)?)?;
        let mut at = 4 + number_len;
        let mut tail = |len: usize| -> Option<u32> {
            let value = bytes.get(at..at + len)?.iter().fold(0, |value, &byte| (value << 8) | u32::from(byte));
            at += len;
            Some(value)
        };
        let block = match sizes >> 4 {
            1 => 192,
            code @ 2..=5 => 144 << code,
            6 => tail(1)? + 1,
            7 => tail(2)? + 1,
            code @ 8.. => 1 << code,
            _ => return None,
        };
        let rate_hz = match sizes & 15 {
            0 => None,
            1 => Some(88_200),
            2 => Some(176_400),
            3 => Some(192_000),
            4 => Some(8_000),
            5 => Some(16_000),
            6 => Some(22_050),
            7 => Some(24_000),
            8 => Some(32_000),
            9 => Some(44_100),
            10 => Some(48_000),
            11 => Some(96_000),
            12 => Some(tail(1)? * 1_000),
            13 => Some(tail(2)?),
            14 => Some(tail(2)? * 10),
            _ => return None,
        };
        let channels = match assignment >> 4 {
            code @ 0..=7 => code + 1,
            8..=10 => 2,
            _ => return None,
        };
        let bits = match assignment >> 1 & 7 {
            0 => None,
            1 => Some(8),
            2 => Some(12),
            4 => Some(16),
            5 => Some(20),
            6 => Some(24),
            7 => Some(32),
            _ => return None,
        };
        if crc8(bytes.get(..at)?) != *bytes.get(at)? {
            return None;
        }
        Some(Self { variable: strategy & 1 != 0, number, block: u16::try_from(block).ok()?, rate_hz, channels, bits, len: at as u8 + 1 })
    }
}

/// The header with its channels coded apart from each other, and its check made anew; all else, its length too, as it was.
pub(super) fn independent(header: &[u8], channels: u8) -> Vec<u8> {
    let mut bytes = header.to_vec();
    if let Some(assignment) = bytes.get_mut(3) {
        *assignment = (*assignment & 0x0f) | (channels.saturating_sub(1) << 4);
    }
    bytes.pop();
    bytes.push(crc8(&bytes));
    bytes
}

/// A number of up to 36 bits in the manner of UTF-8, and how many bytes it takes.
fn coded_number(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let ones = first.leading_ones() as usize;
    let len = match ones {
        0 => return Some((u64::from(first), 1)),
        2..=7 => ones,
        _ => return None,
    };
    let mut number = u64::from(first) & (0x7f_u64 >> len);
    for &byte in bytes.get(1..len)? {
        if byte & 0xc0 != 0x80 {
            return None;
        }
        number = (number << 6) | u64::from(byte & 0x3f);
    }
    Some((number, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard() {
        // RFC 9639, D.1.3: a first frame of one block of one sample, 44.1 kHz, two channels.
        let bytes = [0xff, 0xf8, 0x69, 0x18, 0x00, 0x00, 0xbf, 0x03];
        let header = FrameHeader::parse(&bytes).unwrap();
        assert_eq!(
            header,
            FrameHeader { variable: false, number: 0, block: 1, rate_hz: Some(44_100), channels: 2, bits: Some(16), len: 7 }
        );
        assert_eq!(independent(&bytes[..7], 2), bytes[..7]);
    }

    #[test]
    fn numbers_of_every_length() {
        assert_eq!(coded_number(&[0x7f]), Some((0x7f, 1)));
        assert_eq!(coded_number(&[0xc2, 0x80]), Some((0x80, 2)));
        assert_eq!(coded_number(&[0xfe, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf]), Some((0xf_ffff_ffff, 7)));
        assert_eq!(coded_number(&[0x80]), None);
        assert_eq!(coded_number(&[0xc2]), None);
    }
}
