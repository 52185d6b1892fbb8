//! A frame's header and side information: how long it is, and where its main data begins and ends (ISO/IEC 11172-3, 2.4.1.3 and 2.4.1.7; 13818-3, 2.4.1.7, for half the rates; a quarter of them, "MPEG-2.5", as every
//! decoder has it).

use crate::crc::crc16;

/// What 32 bits say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    /// 1 for MPEG-1, 2 for MPEG-2, 4 for MPEG-2.5: what the rates of MPEG-1 are divided by.
    pub(super) divisor: u8,
    /// I, II or III.
    pub(super) layer: u8,
    pub(super) rate_hz: u32,
    pub(super) channels: u8,
    /// Whether 16 bits of check follow.
    pub(super) checked: bool,
    /// Bytes of the frame, header and all; 0 where its bit rate is free, and so its length not told.
    pub(super) len: u16,
}

/// Bytes of the header.
pub(super) const HEADER: usize = 4;
/// Bytes of header, check and the longest side information.
pub(super) const LONGEST_START: usize = HEADER + 2 + 32;

const KBITS_1: [u16; 16] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0];
const KBITS_2: [u16; 16] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0];

impl FrameHeader {
    /// The header that `bytes` begin with, if they may.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let &[0xff, id, rates, mode, ..] = bytes else { return None };
        let divisor = match id >> 3 {
            0b11111 => 1,
            0b11110 => 2,
            0b11100 => 4,
            _ => return None,
        };
        let layer = 4 - (id >> 1 & 3);
        let kbits = if divisor == 1 { KBITS_1 } else { KBITS_2 };
        let kbits = u32::from(*kbits.get(usize::from(rates >> 4))?);
        let full_hz = match rates >> 2 & 3 {
            0 => 44_100,
            1 => 48_000,
            2 => 32_000,
            _ => return None,
        };
        let rate_hz = full_hz / u32::from(divisor);
        // A layer, bit rate or emphasis that is reserved is no header.
        if layer == 4 || rates >> 4 == 15 || mode & 3 == 2 {
            return None;
        }
        let samples = if divisor == 1 { 1_152 } else { 576 };
        let len = if kbits == 0 { 0 } else { samples / 8 * kbits * 1_000 / rate_hz + u32::from(rates >> 1 & 1) };
        Some(Self { divisor, layer, rate_hz, channels: if mode >> 6 == 3 { 1 } else { 2 }, checked: id & 1 == 0, len: len as u16 })
    }

    /// Whether another frame may stand in the same stream.
    pub(super) fn goes_with(&self, other: &Self) -> bool {
        (self.divisor, self.layer, self.rate_hz, self.channels) == (other.divisor, other.layer, other.rate_hz, other.channels)
    }

    /// Granules of a frame.
    pub(super) fn granules(&self) -> u8 {
        if self.divisor == 1 { 2 } else { 1 }
    }

    /// Bytes of the side information.
    pub(super) fn side_len(&self) -> usize {
        match (self.divisor, self.channels) {
            (1, 1) => 17,
            (1, _) => 32,
            (_, 1) => 9,
            _ => 17,
        }
    }

    /// Bytes from a frame's first to its main data's slot.
    pub(super) fn slot_at(&self) -> usize {
        HEADER + if self.checked { 2 } else { 0 } + self.side_len()
    }

    /// How many bytes before its own slot the frame's main data begins, and how many bits it has; `start` are the frame's first bytes.
    pub(super) fn main_data(&self, start: &[u8]) -> Option<(u16, u16)> {
        let side = start.get(self.slot_at() - self.side_len()..self.slot_at())?;
        let channels = usize::from(self.channels);
        let (begin, first, each) = match (self.divisor, channels) {
            (1, 1) => (9, 9 + 5 + 4, 59),
            (1, _) => (9, 9 + 3 + 8, 59),
            (_, 1) => (8, 8 + 1, 63),
            _ => (8, 8 + 2, 63),
        };
        let used = (0..channels * usize::from(self.granules())).map(|part| bits(side, first + part * each, 12)).sum();
        Some((bits(side, 0, begin), used))
    }

    /// The same frame's first bytes, with nothing in it: where its main data begins stays, every length and gain is 0, and the check, if it has one, fits.
    pub(super) fn silent(&self, start: &[u8]) -> Vec<u8> {
        let mut bytes = start.get(..self.slot_at()).unwrap_or_default().to_vec();
        let side_at = self.slot_at() - self.side_len();
        for (index, byte) in bytes.iter_mut().enumerate().skip(side_at) {
            match (index - side_at, self.divisor) {
                (0, _) => {}
                (1, 1) => *byte &= 0x80,
                _ => *byte = 0,
            }
        }
        if self.checked {
            let (head, side) = (bytes.get(2..4).unwrap_or_default(), bytes.get(side_at..).unwrap_or_default());
            let check = crc16(crc16(0xffff, head), side).to_be_bytes();
            for (to, from) in bytes.iter_mut().skip(HEADER).zip(check) {
                *to = from;
            }
        }
        bytes
    }
}

/// `len` bits from bit `at`, at most 16.
fn bits(bytes: &[u8], at: usize, len: usize) -> u16 {
    (at..at + len).fold(0, |value, bit| (value << 1) | u16::from(bytes.get(bit / 8).is_some_and(|byte| byte & (0x80 >> (bit % 8)) != 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_are_known() {
        // 128 kbit/s at 44.1 kHz: 417 bytes, 418 with padding. 32 kbit/s at 16 kHz: 144. 8 kbit/s at 8 kHz: 72.
        let len = |bytes: [u8; 4]| FrameHeader::parse(&bytes).unwrap();
        assert_eq!((len([0xff, 0xfb, 0x90, 0x00]).len, len([0xff, 0xfb, 0x92, 0x00]).len), (417, 418));
        assert_eq!((len([0xff, 0xf3, 0x48, 0xc0]).len, len([0xff, 0xf3, 0x48, 0xc0]).side_len()), (144, 9));
        assert_eq!((len([0xff, 0xe3, 0x18, 0xc0]).len, len([0xff, 0xe3, 0x18, 0xc0]).rate_hz), (72, 8_000));
        for none in [
            [0xff, 0xfb, 0xf0, 0],
            [0xff, 0xfb, 0x9c, 0],
            [0xff, 0xf9, 0x90, 0],
            [0xff, 0xeb, 0x90, 0],
            [0xfe, 0xfb, 0x90, 0],
            [0xff, 0xfb, 0x90, 2],
        ] {
            assert_eq!(FrameHeader::parse(&none), None, "{none:02x?}");
        }
    }

    #[test]
    fn silent_keeps_where_main_data_begins() {
        let header = FrameHeader::parse(&[0xff, 0xfb, 0x90, 0]).unwrap();
        let mut start = vec![0xff; 36];
        start[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0]);
        assert_eq!(header.main_data(&start), Some((511, 4 * 4_095)));
        assert_eq!(header.main_data(&header.silent(&start)), Some((511, 0)));
    }
}
