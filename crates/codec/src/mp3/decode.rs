//! Frames to samples, by the decoder of `symphonia-bundle-mp3`, from any frame on.
//!
//! A sample depends on the granule it lies in, on the overlap of the one before, and through the synthesis filter bank on the 480 samples of subbands before it (15 blocks of 32), so on two granules before its own. Their main data may begin
//! in slots before them: those frames are fed with their side information emptied, so that their slots are there and nothing else is.

use symphonia_bundle_mp3::MpaDecoder;
use symphonia_core::audio::{Audio, GenericAudioBufferRef};
use symphonia_core::codecs::audio::well_known::CODEC_ID_MP3;
use symphonia_core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia_core::packet::PacketRef;
use symphonia_core::units::{Duration, Timestamp};

use crate::source::read_at;
use crate::{CodecError, Decoder, ReadSeek};

use super::header::FrameHeader;
use super::scan::{Frame, Frames};
use super::{Mp3, malformed};

/// Granules before its own that a sample depends on.
const GRANULES_BEFORE: u8 = 2;

/// See [`Decoder`].
pub(super) struct Mp3Reader<'a> {
    mp3: &'a Mp3,
    file: Box<dyn ReadSeek + Send + 'a>,
    decoder: MpaDecoder,
    /// The frame to decode next, the first that decodes right, and samples to leave out of it.
    next: usize,
    right: usize,
    skip: usize,
    /// Frames before this are fed for their slots alone.
    fed: usize,
    left: u64,
    bytes: Vec<u8>,
    pcm: Vec<i16>,
}

impl<'a> Mp3Reader<'a> {
    pub(super) fn new(mp3: &'a Mp3, file: Box<dyn ReadSeek + Send + 'a>, from: u64) -> Result<Self, CodecError> {
        let mut parameters = AudioCodecParameters::new();
        parameters.for_codec(CODEC_ID_MP3);
        let decoder = MpaDecoder::try_new(&parameters, &AudioDecoderOptions::default()).map_err(|e| malformed(0, e.to_string()))?;
        let left = mp3.form.frames.saturating_sub(from);
        let raw = from.min(mp3.form.frames) + mp3.skip;
        let right = (raw / mp3.frames.samples()) as usize;
        let fed = right.saturating_sub(usize::from(GRANULES_BEFORE / mp3.frames.header.granules()));
        let next = first_slot(&mp3.frames, fed);
        Ok(Self {
            mp3,
            file,
            decoder,
            next,
            right,
            skip: (raw % mp3.frames.samples()) as usize,
            fed,
            left,
            bytes: Vec::new(),
            pcm: Vec::new(),
        })
    }

    /// The frame's bytes, which must say what they did.
    fn read(&mut self, frame: &Frame) -> Result<FrameHeader, CodecError> {
        self.bytes.resize((frame.bytes.end - frame.bytes.start) as usize, 0);
        read_at(&mut *self.file, frame.bytes.start, &mut self.bytes)?;
        same_frame(frame, &self.bytes)
    }
}

/// The header of a frame, if it says what it did when the file was parsed.
pub(super) fn same_frame(frame: &Frame, bytes: &[u8]) -> Result<FrameHeader, CodecError> {
    FrameHeader::parse(bytes)
        .filter(|header| {
            u64::from(header.len) == frame.bytes.end - frame.bytes.start && header.main_data(bytes) == Some((frame.begin, frame.used))
        })
        .ok_or(CodecError::Changed)
}

/// The first frame whose slot holds main data of frame `index` or of later ones.
fn first_slot(frames: &Frames, index: usize) -> usize {
    let mut missing = frames.get(index).map_or(0, |frame| u64::from(frame.begin));
    let mut first = index;
    while missing > 0
        && let Some(before) = first.checked_sub(1).and_then(|before| frames.get(before))
    {
        missing = missing.saturating_sub(before.bytes.end - before.slot);
        first = before.index;
    }
    first
}

impl Decoder for Mp3Reader<'_> {
    fn next(&mut self) -> Result<&[i16], CodecError> {
        self.pcm.clear();
        while self.left > 0 && self.pcm.is_empty() {
            let Some(frame) = self.mp3.frames.get(self.next) else { return Err(CodecError::Changed) };
            let header = self.read(&frame)?;
            if self.next < self.fed {
                let silent = header.silent(&self.bytes);
                for (to, from) in self.bytes.iter_mut().zip(silent) {
                    *to = from;
                }
            }
            let packet = PacketRef::new(0, Timestamp::ZERO, Duration::ZERO, &self.bytes);
            let decoded =
                self.decoder.decode_ref(&packet).map_err(|e| malformed(frame.bytes.start, format!("a frame that does not decode: {e}")))?;
            let GenericAudioBufferRef::F32(buffer) = decoded else {
                return Err(malformed(frame.bytes.start, "a frame that decodes to something else than floating point".into()));
            };
            self.next += 1;
            if self.next <= self.right {
                continue;
            }
            let channels = usize::from(header.channels);
            let (skip, samples) = (std::mem::take(&mut self.skip), self.mp3.frames.samples() as usize);
            let len = (samples - skip).min(usize::try_from(self.left).unwrap_or(samples));
            self.pcm.resize(len * channels, 0);
            for channel in 0..channels {
                let plane = buffer.plane(channel).filter(|plane| plane.len() == samples).ok_or(CodecError::Changed)?;
                for (to, &sample) in self.pcm.iter_mut().skip(channel).step_by(channels).zip(plane.iter().skip(skip)) {
                    // The cast of a float saturates.
                    *to = (sample * 32_768.0).round() as i16;
                }
            }
            self.left -= len as u64;
        }
        Ok(&self.pcm)
    }
}
