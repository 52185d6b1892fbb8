//! A file that is read at offsets: a few bytes at a time, zeros behind its end, nothing allocated.

use std::io::{self, Read, Seek, SeekFrom};

/// A file that is read at offsets, and its length when it was opened.
pub(crate) struct Source<'a, R> {
    reader: &'a mut R,
    pub len: u64,
}

impl<'a, R: Read + Seek> Source<'a, R> {
    pub fn new(reader: &'a mut R) -> io::Result<Self> {
        let len = reader.seek(SeekFrom::End(0))?;
        Ok(Self { reader, len })
    }

    /// The `N` bytes at `offset`, zeros where the file has ended.
    pub fn read<const N: usize>(&mut self, offset: u64) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        let present = self.len.saturating_sub(offset).min(N as u64) as usize;
        self.reader.seek(SeekFrom::Start(offset))?;
        self.reader.read_exact(&mut bytes[..present])?;
        Ok(bytes)
    }

    /// Whether everything from `offset` to the end is zero.
    pub fn is_zero_from(&mut self, mut offset: u64) -> io::Result<bool> {
        while offset < self.len {
            let bytes: [u8; 4_096] = self.read(offset)?;
            if bytes.iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            offset += bytes.len() as u64;
        }
        Ok(true)
    }
}
