//! Frames of a file in blocks of whatever buffer the caller brings: constant memory, and an error where the file ends early.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use crate::error::WavError;
use crate::wav::Wav;

/// Reads a range of frames, block by block, as the bytes of the file.
#[derive(Debug)]
pub struct Blocks<'a, R> {
    reader: &'a mut R,
    frame_bytes: usize,
    left: u64,
}

impl<'a, R: Read + Seek> Blocks<'a, R> {
    /// Starts at the first of `frames`; all of them are `0..wav.frames()`. Nothing else may move `reader` in between.
    ///
    /// # Errors
    /// [`WavError::Range`] where the file has fewer frames, [`WavError::Io`] where seeking fails.
    pub fn new(wav: &Wav, reader: &'a mut R, frames: Range<u64>) -> Result<Self, WavError> {
        wav.check(0, &frames)?;
        let frame_bytes = wav.format().frame_bytes();
        reader.seek(SeekFrom::Start(wav.data().start + frames.start * u64::from(frame_bytes)))?;
        Ok(Self { reader, frame_bytes: frame_bytes.into(), left: frames.end - frames.start })
    }

    /// Fills as much of `buffer` as whole frames will, and gives that part back; `None` when all were read. `buffer` must have room for
    /// one frame, at most 64 bytes.
    ///
    /// # Errors
    /// [`WavError::Io`] where reading fails, the file has become shorter, or `buffer` is too small.
    pub fn next_block<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Option<&'b [u8]>, WavError> {
        if self.left == 0 {
            return Ok(None);
        }
        let frames = (buffer.len() / self.frame_bytes).min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if frames == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the buffer is shorter than one frame").into());
        }
        let (block, _) = buffer.split_at_mut(frames * self.frame_bytes);
        self.reader.read_exact(block)?;
        self.left -= frames as u64;
        Ok(Some(block))
    }
}
