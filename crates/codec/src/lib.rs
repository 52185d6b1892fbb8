//! Recordings in block codecs: decoded for a look, and scrubbed block by block in the coded domain, so that every byte outside of the replaced blocks stays as it was.
//!
//! Each codec is a module with one type that implements [`Coded`]. A file is parsed once, to its true end or refused; its audio is decoded from a reader as often as it is looked at, in
//! constant memory; and it is written anew with some blocks replaced by fill that was encoded here and depends on nothing that was in them.
//!
//! Time is the sample index a channel at the file's own rate, as decoders that hold to the format give it (encoder delay and padding left out where the format says so). Spans are half-open.
#![deny(unsafe_code)]

use std::io::{self, Read, Seek, Write};
use std::ops::Range;

pub mod adpcm;
mod blocks;
#[cfg(any(feature = "flac", feature = "mp3", feature = "opus"))]
mod crc;
pub mod error;
#[cfg(feature = "flac")]
pub mod flac;
pub mod gsm;
#[cfg(feature = "mp3")]
pub mod mp3;
mod noise;
#[cfg(feature = "opus")]
pub mod opus;
mod riff;
mod source;
mod spans;
#[cfg(any(feature = "flac", feature = "mp3"))]
mod tag;
#[cfg(any(feature = "flac", feature = "mp3"))]
mod walk;

pub use error::CodecError;

/// What can be read at any place.
pub trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// What can be written at any place.
pub trait WriteSeek: Write + Seek {}
impl<T: Write + Seek> WriteSeek for T {}

/// What a recording is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Name of the container, for reports: `RIFF`, `GSM`, `FLAC`, `Ogg`, `MP3`.
    pub container: &'static str,
    /// Name of the coding, for reports: `GSM 6.10`, `IMA ADPCM`, `MS ADPCM`, `FLAC`, `Opus`, `MP3`.
    pub coding: &'static str,
    /// Samples a second, in Hz.
    pub rate_hz: u32,
    /// Channels, 1 to 8.
    pub channels: u8,
    /// Samples a channel.
    pub frames: u64,
    /// What was accepted although the file says otherwise; sentences for a report.
    pub notes: Vec<String>,
}

/// A file of a block codec that was parsed to its end: where each block lies, and which samples it gives.
pub trait Coded: Send + Sync {
    /// What it is.
    fn form(&self) -> &Form;

    /// A decoder that begins with sample `from` of every channel (whatever must be decoded before it for the right state is, and left out), reading from `file`, which is the file that was parsed.
    ///
    /// # Errors
    /// The file cannot be read, or is not the one that was parsed.
    fn decoder<'a>(&'a self, file: Box<dyn ReadSeek + Send + 'a>, from: u64) -> Result<Box<dyn Decoder + 'a>, CodecError>;

    /// The samples whose decoding may change at all, on every channel that goes with it, where the blocks of `span` of `channel` are replaced: from the first sample of the first block, to where the decoder has
    /// forgotten them (for codecs that never quite forget: to the end of the last block and as far as the codec's own memory is long, with the reason in the module). Empty where `span` is.
    fn reach(&self, channel: u8, span: Range<u64>) -> Range<u64>;

    /// Whether channels are coded together, so that replacing a block of one replaces all.
    fn joint(&self) -> bool;

    /// Writes the file to `to`, from its start, with every block replaced from which a sample of `spans` could be decoded, in whole or in part; every other byte of blocks and of what lies between is the file's
    /// own, except what the container must say of replaced blocks (checksums, sizes, offsets, digests: named in the module). `spans[channel]` is sorted and disjoint. `level` gives the RMS level of fill, full scale 1.0, for
    /// the span that begins at a sample of a channel; where the coded domain has no noise of that level, silence.
    ///
    /// # Errors
    /// The file cannot be read or is not the one that was parsed; `to` cannot be written.
    fn rewrite(
        &self,
        file: &mut dyn ReadSeek,
        spans: &[Vec<Range<u64>>],
        level: &mut dyn FnMut(u8, u64) -> f32,
        to: &mut dyn WriteSeek,
    ) -> Result<(), CodecError>;

    /// Byte ranges of the output of [`rewrite`](Self::rewrite) that may differ from the file's, with where they were in the file: for a check that nothing else did. Sorted and disjoint; in files that keep their length both are the same.
    fn changed(&self, spans: &[Vec<Range<u64>>]) -> Vec<Change>;
}

/// A part of the file and what stands in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Bytes of the file.
    pub before: Range<u64>,
    /// Bytes of the output.
    pub after: Range<u64>,
}

/// Decodes a recording from its start to its end.
pub trait Decoder {
    /// The next samples, interleaved, 16 bits, whole frames; empty at the end, never before it.
    ///
    /// # Errors
    /// The file cannot be read, or what was parsed is not there any more.
    fn next(&mut self) -> Result<&[i16], CodecError>;
}

/// Opens a recording of any of the codecs that were built in; `None` where the file is none of theirs.
///
/// # Errors
/// It is one of theirs and cannot be read to its end, or not be scrubbed: see [`CodecError`].
pub fn open(file: &mut dyn ReadSeek) -> Result<Option<Box<dyn Coded>>, CodecError> {
    let mut start = [0; 64];
    let mut len = 0;
    file.rewind()?;
    while let Some(rest) = start.get_mut(len..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(count) => len += count,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e.into()),
        }
    }
    file.rewind()?;
    let _start = start.get(..len).unwrap_or_default();
    // Each codec knows its own by the first bytes.
    #[cfg(feature = "flac")]
    if let Some(flac) = flac::Flac::parse(file, _start)? {
        return Ok(Some(Box::new(flac)));
    }
    #[cfg(feature = "mp3")]
    if let Some(mp3) = mp3::Mp3::parse(file, _start)? {
        return Ok(Some(Box::new(mp3)));
    }
    #[cfg(feature = "opus")]
    if let Some(opus) = opus::Opus::parse(file, _start)? {
        return Ok(Some(Box::new(opus)));
    }
    if let Some(wave) = riff::open(file)? {
        return Ok(Some(wave));
    }
    if let Some(gsm) = gsm::Gsm::raw(file)? {
        return Ok(Some(Box::new(gsm)));
    }
    Ok(None)
}
