//! Bits of a frame in a row, most significant first.

/// See the module.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// Bits that were read.
    at: usize,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next 57 bits at least, at the top of 64; zeros behind the end.
    fn window(&self) -> u64 {
        let rest = self.bytes.get(self.at / 8..).unwrap_or_default();
        let whole = match rest.first_chunk() {
            Some(eight) => u64::from_be_bytes(*eight),
            None => rest.iter().enumerate().fold(0, |whole, (index, &byte)| whole | u64::from(byte) << (56 - 8 * index)),
        };
        whole << (self.at % 8)
    }

    /// `len` bits, at most 32; none where there are not as many.
    pub(super) fn take(&mut self, len: u32) -> Option<u32> {
        let value = if len == 0 { 0 } else { self.window() >> (64 - len.min(32)) };
        self.at += len as usize;
        (self.at <= self.bytes.len() * 8).then_some(value as u32)
    }

    /// The same, of two's complement.
    pub(super) fn signed(&mut self, len: u32) -> Option<i32> {
        let value = self.take(len)?;
        Some(if len == 0 { 0 } else { (value << (32 - len)) as i32 >> (32 - len) })
    }

    /// How many zeros stand before the next one.
    pub(super) fn unary(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.at < self.bytes.len() * 8 {
            let here = self.window().leading_zeros().min(64 - (self.at % 8) as u32);
            zeros += here;
            self.at += here as usize;
            // Seven bits at the end of the window are not the file's.
            if self.window() >> 63 != 0 {
                self.at += 1;
                return (self.at <= self.bytes.len() * 8).then_some(zeros);
            }
        }
        None
    }

    /// Bytes that were read, in whole or in part.
    pub(super) fn bytes_read(&self) -> usize {
        self.at.div_ceil(8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_at_every_place() {
        let bytes: Vec<u8> = (0u8..40).map(|byte| byte.wrapping_mul(97) ^ 0x5a).collect();
        let slow =
            |at: usize, len: usize| (at..at + len).fold(0u32, |value, bit| value << 1 | u32::from(bytes[bit / 8] >> (7 - bit % 8) & 1));
        for at in 0..bytes.len() * 8 {
            for len in 0..=32 {
                let mut bits = Bits { bytes: &bytes, at };
                assert_eq!(bits.take(len as u32), (at + len <= bytes.len() * 8).then(|| slow(at, len)));
            }
        }
        assert_eq!((Bits::new(&[0x80]).signed(1), Bits::new(&[0x7f]).signed(4), Bits::new(&[]).signed(0)), (Some(-1), Some(7), Some(0)));
    }

    #[test]
    fn rows_of_zeros() {
        for zeros in 0..200 {
            for before in 0..9 {
                let mut bytes = vec![0; 30];
                bytes[(before + zeros) / 8] |= 0x80 >> ((before + zeros) % 8);
                assert_eq!(Bits { bytes: &bytes, at: before }.unary(), Some(zeros as u32));
            }
        }
        assert_eq!(Bits::new(&[0; 9]).unary(), None);
    }
}
