//! A WAV of 16-bit samples that are put at their places in any order; what was never put is silence.
//!
//! Linear, since a channel may change between codings; a sample of G.711 is kept to the bit by it.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

const HEADER: u64 = 44;

/// See the module.
pub struct Wav {
    file: BufWriter<File>,
    rate_hz: u32,
    /// Where the next byte of samples would go, and the number of them.
    at: u64,
    len: u64,
}

impl Wav {
    /// An empty one.
    ///
    /// # Errors
    /// Where it is there already or cannot be made.
    pub fn create(path: &Path, rate_hz: u32) -> io::Result<Self> {
        let mut wav = Self { file: BufWriter::new(File::create_new(path)?), rate_hz, at: 0, len: 0 };
        wav.header()?;
        Ok(wav)
    }

    /// Puts little-endian samples at sample `position`.
    ///
    /// # Errors
    /// Where writing fails.
    pub fn put(&mut self, position: u64, samples: &[u8]) -> io::Result<()> {
        if self.at != 2 * position {
            self.file.seek(SeekFrom::Start(HEADER + 2 * position))?;
        }
        self.file.write_all(samples)?;
        self.at = 2 * position + samples.len() as u64;
        self.len = self.len.max(self.at);
        Ok(())
    }

    /// Sets its header right.
    ///
    /// # Errors
    /// Where writing fails, or it is longer than a WAV can be.
    pub fn finish(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        self.header()?;
        self.file.flush()
    }

    fn header(&mut self) -> io::Result<()> {
        let bytes = |len: u64| u32::try_from(len).map(u32::to_le_bytes).map_err(|_| io::Error::other("a WAV holds 4 GiB"));
        let mut header = Vec::with_capacity(HEADER as usize);
        header.extend(b"RIFF");
        header.extend(bytes(HEADER - 8 + self.len)?);
        header.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
        header.extend(self.rate_hz.to_le_bytes());
        header.extend((2 * self.rate_hz).to_le_bytes());
        header.extend(b"\x02\0\x10\0data");
        header.extend(bytes(self.len)?);
        self.file.write_all(&header)
    }
}
