//! [`Wav`]: what a file is and where its samples lie. Holds no audio and no file handle.

use std::io::{Read, Seek};
use std::ops::Range;

use crate::error::WavError;
use crate::format::Format;
use crate::note::Note;
use crate::riff::{Chunk, Container};
use crate::source::Source;
use crate::walk::Walk;

/// A WAV file that was read to its end: its format, its chunks, and where each sample is.
#[derive(Clone, Debug)]
pub struct Wav {
    container: Container,
    format: Format,
    chunks: Vec<Chunk>,
    notes: Vec<Note>,
    data: Range<u64>,
    frames: u64,
    file_len: u64,
}

impl Wav {
    /// Finds the samples of a file. Reads headers alone, except that zeros behind the last chunk are looked through.
    ///
    /// Follows the lengths of the chunks, to the end of the file whatever they say. Data that are longer or of unknown length go on to the
    /// end; so do bytes behind the data that are no chunks, where they continue it in whole frames. What is accepted against the header
    /// is in [`notes`](Self::notes).
    ///
    /// # Errors
    /// [`WavError::Malformed`] where it stays open which bytes are audio (two data chunks, two forms, a format behind its data, bytes at
    /// the end that belong to nothing), [`WavError::Unsupported`] for other codecs and containers, [`WavError::Io`] where reading fails.
    pub fn parse<R: Read + Seek>(reader: &mut R) -> Result<Self, WavError> {
        let Walk { container, format, data, chunks, notes, file_len } = Walk::run(&mut Source::new(reader)?)?;
        let frame_bytes = u64::from(format.frame_bytes());
        let frames = data.len / frame_bytes;
        Ok(Self { container, format, chunks, notes, data: data.offset..data.offset + frames * frame_bytes, frames, file_len })
    }

    /// The kind of form.
    #[must_use]
    pub const fn container(&self) -> Container {
        self.container
    }

    /// What the samples are.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Samples of each channel that are in the file.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.frames
    }

    /// The bytes of those frames.
    #[must_use]
    pub fn data(&self) -> Range<u64> {
        self.data.clone()
    }

    /// Bytes of the whole file when it was parsed: where it has others now, it is still being written, and its end was not read.
    #[must_use]
    pub const fn file_len(&self) -> u64 {
        self.file_len
    }

    /// Every chunk in the order of the file, `fmt ` and `data` among them.
    #[must_use]
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// What was accepted against the header; empty for a file in order.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Where a sample starts in the file; `None` where there is no such sample. Channels count from 0.
    #[must_use]
    pub fn offset_of(&self, channel: u16, sample: u64) -> Option<u64> {
        if channel >= self.format.channels || sample >= self.frames {
            return None;
        }
        // Within the data, hence within the file: no overflow.
        Some(self.data.start + sample * u64::from(self.format.frame_bytes()) + u64::from(channel * self.format.coding.bytes()))
    }

    /// Checks that `samples` are in the file.
    pub(crate) fn check(&self, channel: u16, samples: &Range<u64>) -> Result<(), WavError> {
        if channel < self.format.channels && samples.start <= samples.end && samples.end <= self.frames {
            return Ok(());
        }
        let (start, end, channels, frames) = (samples.start, samples.end, self.format.channels, self.frames);
        Err(WavError::Range { channel, start, end, channels, frames })
    }
}
