//! The one way to change a file: the samples of one channel, in place, each in as many bytes as it had. Constant memory.

use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;

use crate::error::WavError;
use crate::wav::Wav;

/// Bytes that are held at a time.
const BUFFER: usize = 16 * 1_024;

impl Wav {
    /// Overwrites `samples` of `channel` (from 0) with what `fill` writes: it is called for each sample in turn with its index and its
    /// bytes, all zero, to be filled with the sample in the file's own coding. It never sees what it replaces. Every other byte of the file stays.
    ///
    /// Check the outcome with this same [`Wav`]. A file that was read against its header ([`Note::StreamedHeader`](crate::Note::StreamedHeader),
    /// [`Note::DataGoesOn`](crate::Note::DataGoesOn)) is told from one with a chunk there by the first bytes behind the declared data; if an
    /// edit makes them look like a chunk, parsing finds other data or refuses the file.
    ///
    /// # Errors
    /// [`WavError::Range`] where the file has no such samples: nothing was changed then. [`WavError::Io`] where reading or writing
    /// fails: the samples may have been changed in part.
    pub fn overwrite<F: Read + Write + Seek>(
        &self,
        file: &mut F,
        channel: u16,
        samples: Range<u64>,
        mut fill: impl FnMut(u64, &mut [u8]),
    ) -> Result<(), WavError> {
        self.check(channel, &samples)?;
        let frame_bytes = usize::from(self.format().frame_bytes());
        let sample_bytes = usize::from(self.format().coding.bytes());
        let first_byte = usize::from(channel) * sample_bytes;
        let mut buffer = [0; BUFFER];
        let mut at = samples.start;
        while at < samples.end {
            let frames = (BUFFER / frame_bytes).min(usize::try_from(samples.end - at).unwrap_or(usize::MAX));
            let (block, _) = buffer.split_at_mut(frames * frame_bytes);
            let offset = SeekFrom::Start(self.data().start + at * frame_bytes as u64);
            file.seek(offset)?;
            file.read_exact(block)?;
            for (index, frame) in (at..).zip(block.chunks_exact_mut(frame_bytes)) {
                if let Some(sample) = frame.get_mut(first_byte..first_byte + sample_bytes) {
                    sample.fill(0);
                    fill(index, sample);
                }
            }
            file.seek(offset)?;
            file.write_all(block)?;
            at += frames as u64;
        }
        Ok(file.flush()?)
    }
}
