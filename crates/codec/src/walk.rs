//! Reading of a file from a place to its end, in a window that moves on: for formats whose blocks do not say where they end.

use std::io::{Read, SeekFrom};

use crate::{CodecError, ReadSeek};

/// Bytes that are read at once.
const BLOCK: usize = 1 << 15;

/// The file as it lies, from one byte to its end: a window of it in memory that moves on.
pub(crate) struct Walk<'a> {
    file: &'a mut dyn ReadSeek,
    window: Vec<u8>,
    /// Where the window begins, in the file and of what was read.
    at: u64,
    used: usize,
    ended: bool,
}

impl<'a> Walk<'a> {
    /// From byte `at`.
    pub(crate) fn new(file: &'a mut dyn ReadSeek, at: u64) -> Result<Self, CodecError> {
        file.seek(SeekFrom::Start(at))?;
        Ok(Self { file, window: Vec::new(), at, used: 0, ended: false })
    }

    /// Where [`peek`](Self::peek) looks.
    pub(crate) fn at(&self) -> u64 {
        self.at + self.used as u64
    }

    /// The next `len` bytes at least, fewer only at the end of the file.
    pub(crate) fn peek(&mut self, len: usize) -> Result<&[u8], CodecError> {
        if self.window.len() - self.used.min(self.window.len()) < len && !self.ended {
            self.window.drain(..self.used.min(self.window.len()));
            self.at += self.used as u64;
            self.used = 0;
            let have = self.window.len();
            let want = (len.saturating_sub(have)).max(BLOCK) as u64;
            let got = Read::take(&mut *self.file, want).read_to_end(&mut self.window)?;
            self.ended = (got as u64) < want;
        }
        Ok(self.window.get(self.used..).unwrap_or_default())
    }

    /// Goes on by `len` bytes, which [`peek`](Self::peek) has shown.
    pub(crate) fn pass(&mut self, len: usize) {
        self.used = (self.used + len).min(self.window.len());
    }
}
