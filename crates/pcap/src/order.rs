//! Byte order of the numbers of a capture: that of the machine that wrote it.

/// Which byte of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The least.
    Little,
    /// The most.
    Big,
}

impl Order {
    pub fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    pub fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    /// The two 16-bit numbers of four bytes.
    pub fn two_u16(self, [a, b, c, d]: [u8; 4]) -> [u16; 2] {
        [self.u16([a, b]), self.u16([c, d])]
    }

    /// The `N` 32-bit numbers that `bytes` start with, zeros where they have ended.
    pub fn words<const N: usize>(self, bytes: &[u8]) -> [u32; N] {
        let (words, _) = bytes.as_chunks::<4>();
        let mut numbers = [0; N];
        numbers.iter_mut().zip(words).for_each(|(number, word)| *number = self.u32(*word));
        numbers
    }
}
