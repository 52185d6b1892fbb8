//! Packets to samples at 48 kHz.

use ropus::{Channels, DecodeMode};

use crate::{CodecError, Decoder, ReadSeek};

use super::page::Page;
use super::{Opus, malformed};

/// Samples of a packet at most.
const LONGEST: usize = 5_760;

/// See [`Decoder`].
pub(super) struct OpusReader<'a> {
    opus: &'a Opus,
    file: Box<dyn ReadSeek + Send + 'a>,
    decoder: ropus::Decoder,
    page: usize,
    /// Packets of the page that is read, and what of one lies before it.
    waiting: std::vec::IntoIter<Vec<u8>>,
    partial: Vec<u8>,
    /// The packet to decode next, samples to leave out before the first that is wanted, and how many are.
    next: usize,
    skip: u64,
    left: u64,
    gain: f32,
    pcm: Vec<i16>,
}

impl<'a> OpusReader<'a> {
    pub(super) fn new(opus: &'a Opus, file: Box<dyn ReadSeek + Send + 'a>, from: u64) -> Result<Self, CodecError> {
        let channels = usize::from(opus.stream.head.channels);
        let layout = if channels == 1 { Channels::Mono } else { Channels::Stereo };
        let decoder = ropus::Decoder::new(48_000, layout).map_err(|e| malformed(0, e.to_string()))?;
        let from = from.min(opus.form.frames);
        let raw = from + u64::from(opus.stream.head.pre_skip);
        let next = opus.stream.holding(raw.saturating_sub(super::PRE_ROLL));
        let mut reader = Self {
            opus,
            file,
            decoder,
            page: opus.stream.page_of(next),
            waiting: Vec::new().into_iter(),
            partial: Vec::new(),
            next,
            skip: raw - opus.stream.start(next),
            left: opus.form.frames - from,
            gain: 10f32.powf(f32::from(opus.stream.head.gain) / (20.0 * 256.0)),
            pcm: vec![0; LONGEST * channels],
        };
        if reader.left > 0 {
            // What lies on the page before the packet.
            let before =
                reader.opus.stream.parts(reader.page).iter().take_while(|part| part.packet < next).filter(|part| part.ends).count();
            reader.fill()?;
            reader.waiting.by_ref().take(before).for_each(drop);
        }
        Ok(reader)
    }

    /// Reads the next page.
    fn fill(&mut self) -> Result<(), CodecError> {
        let bytes = self.opus.stream.page(self.page).ok_or(CodecError::Changed)?;
        let page =
            Page::read(&mut *self.file, bytes.start)?.filter(|page| page.len() == bytes.end - bytes.start).ok_or(CodecError::Changed)?;
        let mut whole = Vec::new();
        for (part, ends) in page.packets() {
            self.partial.extend_from_slice(part);
            if ends {
                whole.push(std::mem::take(&mut self.partial));
            }
        }
        self.waiting = whole.into_iter();
        self.page += 1;
        Ok(())
    }
}

impl Decoder for OpusReader<'_> {
    fn next(&mut self) -> Result<&[i16], CodecError> {
        let channels = usize::from(self.opus.stream.head.channels);
        while self.left > 0 {
            let Some(packet) = self.waiting.next() else {
                self.fill()?;
                continue;
            };
            let (_, duration) = self.opus.stream.packet(self.next).ok_or(CodecError::Changed)?;
            let samples = usize::from(duration);
            let at = self.opus.stream.page(self.page.saturating_sub(1)).map_or(0, |page| page.start);
            let got = self
                .decoder
                .decode(&packet, &mut self.pcm, DecodeMode::Normal)
                .map_err(|e| malformed(at, format!("a packet that does not decode: {e}")))?;
            if got != samples {
                return Err(CodecError::Changed);
            }
            self.next += 1;
            let skip = self.skip.min(samples as u64) as usize;
            self.skip -= skip as u64;
            let len = (samples - skip).min(usize::try_from(self.left).unwrap_or(samples));
            if len == 0 {
                continue;
            }
            self.left -= len as u64;
            let pcm = self.pcm.get_mut(skip * channels..(skip + len) * channels).unwrap_or_default();
            if self.opus.stream.head.gain != 0 {
                for sample in &mut *pcm {
                    // The cast of a float saturates.
                    *sample = (f32::from(*sample) * self.gain).round() as i16;
                }
            }
            return Ok(pcm);
        }
        Ok(&[])
    }
}
