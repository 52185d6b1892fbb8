//! A file that is read from its start to its end, through one buffer: it knows how far it has come and how much is left.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use crate::error::PcapError;

/// Bytes that are read at a time.
const BUFFER: usize = 64 * 1_024;

/// A file, how far it was read, and its length when it was opened.
pub(crate) struct Source<R> {
    reader: BufReader<R>,
    pub at: u64,
    pub len: u64,
}

impl<R: Read + Seek> Source<R> {
    pub fn new(mut reader: R) -> io::Result<Self> {
        let len = reader.seek(SeekFrom::End(0))?;
        reader.seek(SeekFrom::Start(0))?;
        Ok(Self { reader: BufReader::with_capacity(BUFFER, reader), at: 0, len })
    }

    /// Bytes that were not read.
    pub fn left(&self) -> u64 {
        self.len.saturating_sub(self.at)
    }

    /// Whether `needed` bytes from here are in the file, for what starts here.
    pub fn need(&self, needed: u64) -> Result<(), PcapError> {
        let left = self.left();
        if needed <= left { Ok(()) } else { Err(PcapError::Truncated { offset: self.at, needed, left }) }
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes)?;
        self.at += N as u64;
        Ok(bytes)
    }

    /// The next `len` bytes, in place of what `bytes` held.
    pub fn fill(&mut self, bytes: &mut Vec<u8>, len: u32) -> io::Result<()> {
        bytes.resize(len as usize, 0);
        self.reader.read_exact(bytes)?;
        self.at += u64::from(len);
        Ok(())
    }

    /// Goes back to the first byte.
    pub fn rewind(&mut self) -> io::Result<()> {
        self.reader.rewind()?;
        self.at = 0;
        Ok(())
    }

    /// Goes on to `offset`, which is not behind.
    pub fn skip_to(&mut self, offset: u64) -> io::Result<()> {
        let ahead = i64::try_from(offset.saturating_sub(self.at)).map_err(|_| io::ErrorKind::InvalidInput)?;
        self.reader.seek_relative(ahead)?;
        self.at = offset;
        Ok(())
    }
}
