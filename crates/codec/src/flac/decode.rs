//! Frames to samples: frames do not depend on each other, so it may begin with any.

use std::io::{Read, Seek};

use crate::crc::crc16;
use crate::source::read_at;
use crate::{CodecError, Decoder, ReadSeek};

use super::Flac;
use super::header::{Header, malformed};
use super::scan::{Frame, Frames};
use super::subframe;

/// Reads frames and decodes them.
pub(super) struct FrameDecoder {
    bits: u32,
    channels: usize,
    bytes: Vec<u8>,
    /// Samples of the last frame a channel, in the file's own width.
    planes: Vec<Vec<i32>>,
}

impl FrameDecoder {
    pub(super) fn new(header: &Header) -> Self {
        let channels = usize::from(header.channels);
        Self { bits: header.bits, channels, bytes: Vec::new(), planes: vec![Vec::new(); channels] }
    }

    /// The samples of a frame, a channel each, in the file's own width.
    pub(super) fn read<R: Read + Seek + ?Sized>(&mut self, file: &mut R, frame: &Frame) -> Result<&mut [Vec<i32>], CodecError> {
        let len = usize::try_from(frame.bytes.end - frame.bytes.start).map_err(|_| CodecError::Changed)?;
        let block = usize::try_from(frame.samples.end - frame.samples.start).map_err(|_| CodecError::Changed)?;
        self.bytes.resize(len, 0);
        read_at(file, frame.bytes.start, &mut self.bytes)?;
        // The check was right when the file was parsed.
        if crc16(0, &self.bytes) != 0 {
            return Err(CodecError::Changed);
        }
        let assignment = self.bytes.get(3).map_or(0, |byte| byte >> 4);
        let body = self.bytes.get(frame.header_len..).unwrap_or_default();
        let wrong = |what: &str| malformed(frame.bytes.start, format!("a frame that does not decode: {what}"));
        let read = subframe::decode(body, assignment, self.bits, block, &mut self.planes).map_err(wrong)?;
        // Its check of two bytes follows.
        if read + 2 != body.len() {
            return Err(wrong(&format!("its samples take {read} of {} bytes", body.len())));
        }
        Ok(&mut self.planes)
    }

    /// The bytes of the frame that was read last.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// See [`Decoder`].
pub(super) struct FlacReader<'a> {
    frames: Box<dyn Iterator<Item = Frame> + 'a>,
    file: Box<dyn ReadSeek + Send + 'a>,
    decoder: FrameDecoder,
    from: u64,
    pcm: Vec<i16>,
}

impl<'a> FlacReader<'a> {
    pub(super) fn new(flac: &'a Flac, frames: &'a Frames, file: Box<dyn ReadSeek + Send + 'a>, from: u64) -> Self {
        let rest: Box<dyn Iterator<Item = Frame> + 'a> =
            if from < frames.samples() { Box::new(frames.from(from)) } else { Box::new(std::iter::empty()) };
        Self { frames: rest, file, decoder: FrameDecoder::new(&flac.header), from, pcm: Vec::new() }
    }
}

impl Decoder for FlacReader<'_> {
    fn next(&mut self) -> Result<&[i16], CodecError> {
        self.pcm.clear();
        let Some(frame) = self.frames.next() else { return Ok(&self.pcm) };
        let (bits, channels) = (self.decoder.bits, self.decoder.channels);
        let planes = self.decoder.read(&mut *self.file, &frame)?;
        let skip = usize::try_from(self.from.saturating_sub(frame.samples.start)).unwrap_or(usize::MAX);
        let len = planes.first().map_or(0, Vec::len).saturating_sub(skip);
        self.pcm.resize(len * channels, 0);
        for (channel, plane) in planes.iter().enumerate() {
            for (to, &sample) in self.pcm.iter_mut().skip(channel).step_by(channels).zip(plane.iter().skip(skip)) {
                // The top 16 bits of a wider sample; a narrower one in the top of 16.
                *to = if bits >= 16 { sample >> (bits - 16) } else { sample << (16 - bits) } as i16;
            }
        }
        Ok(&self.pcm)
    }
}
