//! ADPCM in WAVE: IMA (format tag 0x0011) and Microsoft (0x0002), four bits a sample.
//!
//! A block begins with the decoder's whole state, so that it can be decoded by itself: nothing of a replaced block can be found in the ones around
//! it, and those decode to the same bits as before. What the header of the block behind a span tells of the span is how wide the coder's step was
//! at its end (7 bits, or 16 in Microsoft's), which follows the loudness there, not the pitch. Channels share a block, each with its own bits:
//! those of the others stay. Memory: one block.
//!
//! [`Form::frames`] is all that the blocks hold, as common decoders play it (see `riff`). [`Coded::reach`] is exactly the replaced blocks.

mod ima;
mod ms;

use std::ops::Range;

use crate::blocks::{BlockReader, Blocks, Levels, runs, units_of};
use crate::riff::{RIFF, Wave};
use crate::spans::meeting;
use crate::{Change, CodecError, Coded, Decoder, Form, ReadSeek, WriteSeek};

/// A parsed file of either kind.
#[derive(Debug)]
pub struct Adpcm {
    form: Form,
    blocks: Blocks,
    coding: Coding,
}

#[derive(Clone, Debug)]
enum Coding {
    Ima,
    Ms(ms::Coefficients),
}

impl Adpcm {
    pub(crate) fn ima(wave: Wave, file: &mut dyn ReadSeek) -> Result<Self, CodecError> {
        Self::open(wave, file, Coding::Ima, 8)
    }

    pub(crate) fn ms(mut wave: Wave, file: &mut dyn ReadSeek) -> Result<Self, CodecError> {
        let coefficients = ms::Coefficients::parse(&mut wave)?;
        Self::open(wave, file, Coding::Ms(coefficients), 2)
    }

    fn open(mut wave: Wave, file: &mut dyn ReadSeek, coding: Coding, most_channels: u16) -> Result<Self, CodecError> {
        let name = coding.name();
        let refuse = |what: String| CodecError::Unsupported { format: name, what };
        let Some(channels) = u8::try_from(wave.channels).ok().filter(|channels| (1..=most_channels).contains(&u16::from(*channels))) else {
            return Err(refuse(format!("{} channels: 1 to {most_channels} are read", wave.channels)));
        };
        if wave.rate_hz == 0 {
            return Err(refuse("a sample rate of 0 Hz".to_owned()));
        }
        if wave.bits != 4 {
            return Err(refuse(format!("{} bits a sample: only 4 are read", wave.bits)));
        }
        let Some(frames) = coding.frames(wave.block_bytes.into(), channels).filter(|frames| *frames > 0) else {
            return Err(refuse(format!("blocks of {} bytes for {channels} channels", wave.block_bytes)));
        };
        // Decoders that go by the length of the block and those that go by this number must hear the same.
        match wave.extra.first_chunk().map(|two| u16::from_le_bytes(*two)) {
            Some(declared) if u64::from(declared) == frames => {}
            Some(declared) => {
                return Err(refuse(format!("{declared} samples a block declared: blocks of {} bytes hold {frames}", wave.block_bytes)));
            }
            None => wave.notes.push(format!("`fmt ` does not tell the samples of a block: taken as {frames}")),
        }
        let (blocks, total) = wave.blocks(frames, |bytes| coding.frames(bytes, channels))?;
        let mut reader = BlockReader::new(&blocks, &mut *file, 0)?;
        let mut at = blocks.data.start;
        while let Some(block) = reader.next()? {
            if let Some(what) = coding.defect(block, channels) {
                return Err(CodecError::Malformed { format: name, what, at });
            }
            at += blocks.bytes;
        }
        let form = Form { container: RIFF, coding: name, rate_hz: wave.rate_hz, channels, frames: total, notes: wave.notes };
        Ok(Self { form, blocks, coding })
    }

    /// The first span of `channel` in a block.
    fn span_in(&self, spans: &[Vec<Range<u64>>], channel: u8, block: u64) -> Option<u64> {
        let first = block.saturating_mul(self.blocks.frames);
        let spans = spans.get(usize::from(channel))?;
        meeting(spans, first..first.saturating_add(self.blocks.frames)).next().map(|span| span.start)
    }

    fn runs(&self, spans: &[Vec<Range<u64>>]) -> Vec<Range<u64>> {
        let spans = spans.get(..spans.len().min(self.form.channels.into())).unwrap_or_default();
        runs(spans, self.blocks.frames, self.blocks.count(), 0)
    }
}

impl Coded for Adpcm {
    fn form(&self) -> &Form {
        &self.form
    }

    fn decoder<'a>(&'a self, file: Box<dyn ReadSeek + Send + 'a>, from: u64) -> Result<Box<dyn Decoder + 'a>, CodecError> {
        let from = from.min(self.form.frames);
        let first = from / self.blocks.frames;
        let reader = BlockReader::new(&self.blocks, file, first)?;
        Ok(Box::new(Samples { of: self, reader, skip: from - first * self.blocks.frames, left: self.form.frames - from, pcm: Vec::new() }))
    }

    fn reach(&self, _channel: u8, span: Range<u64>) -> Range<u64> {
        let blocks = units_of(&span, self.blocks.frames, self.blocks.count(), 0);
        let sample = |block: u64| block.saturating_mul(self.blocks.frames).min(self.form.frames);
        sample(blocks.start)..sample(blocks.end)
    }

    fn joint(&self) -> bool {
        false
    }

    fn rewrite(
        &self,
        file: &mut dyn ReadSeek,
        spans: &[Vec<Range<u64>>],
        level: &mut dyn FnMut(u8, u64) -> f32,
        to: &mut dyn WriteSeek,
    ) -> Result<(), CodecError> {
        let mut levels = Levels::new(level);
        self.blocks.rewrite(file, &self.runs(spans), to, |block, bytes| {
            for channel in 0..self.form.channels {
                if let Some(start) = self.span_in(spans, channel, block) {
                    let rms = levels.of(channel, start);
                    self.coding.fill(bytes, channel, self.form.channels, block.saturating_mul(self.blocks.frames), rms);
                }
            }
        })
    }

    fn changed(&self, spans: &[Vec<Range<u64>>]) -> Vec<Change> {
        let bytes = self.runs(spans).into_iter().map(|run| self.blocks.bytes_of(&run));
        bytes.map(|bytes| Change { before: bytes.clone(), after: bytes }).collect()
    }
}

impl Coding {
    fn name(&self) -> &'static str {
        match self {
            Self::Ima => "IMA ADPCM",
            Self::Ms(_) => "MS ADPCM",
        }
    }

    /// Samples a channel of a block of so many bytes; 0 where there is not even one, `None` where no block ends there.
    fn frames(&self, bytes: u64, channels: u8) -> Option<u64> {
        match self {
            Self::Ima => ima::frames(bytes, channels.into()),
            Self::Ms(_) => ms::frames(bytes, channels.into()),
        }
    }

    /// What makes a block one that decoders take differently.
    fn defect(&self, block: &[u8], channels: u8) -> Option<String> {
        match self {
            Self::Ima => ima::defect(block, channels.into()),
            Self::Ms(coefficients) => coefficients.defect(block, channels.into()),
        }
    }

    /// The samples of a block, interleaved.
    fn decode(&self, block: &[u8], channels: u8, pcm: &mut Vec<i16>) {
        let frames = self.frames(block.len() as u64, channels).unwrap_or_default();
        pcm.clear();
        pcm.resize(usize::try_from(frames).unwrap_or_default() * usize::from(channels), 0);
        for channel in 0..usize::from(channels) {
            let into = pcm.iter_mut().skip(channel).step_by(channels.into());
            match self {
                Self::Ima => ima::decode(block, channel, channels.into(), into),
                Self::Ms(coefficients) => coefficients.decode(block, channel, channels.into(), into),
            }
        }
    }

    /// Replaces all that a block holds of one channel by comfort noise; the block's first sample has this index.
    fn fill(&self, block: &mut [u8], channel: u8, channels: u8, first: u64, rms: f32) {
        let noise = (first..).map(|index| crate::noise::sample(channel, index, rms));
        // A step as wide as the noise, which is how much a sample of it differs from the one before.
        let step = (rms * 32_768.0) as i32;
        match self {
            Self::Ima => ima::encode(block, channel.into(), channels.into(), step, noise),
            Self::Ms(coefficients) => coefficients.encode(block, channel.into(), channels.into(), step, noise),
        }
    }
}

/// Decodes block by block.
struct Samples<'a> {
    of: &'a Adpcm,
    reader: BlockReader<Box<dyn ReadSeek + Send + 'a>>,
    /// Frames of the next block to leave out.
    skip: u64,
    /// Frames to come.
    left: u64,
    pcm: Vec<i16>,
}

impl Decoder for Samples<'_> {
    fn next(&mut self) -> Result<&[i16], CodecError> {
        if self.left == 0 {
            return Ok(&[]);
        }
        let channels = self.of.form.channels;
        let block = self.reader.next()?.ok_or(CodecError::Changed)?;
        if self.of.coding.defect(block, channels).is_some() {
            return Err(CodecError::Changed);
        }
        self.of.coding.decode(block, channels, &mut self.pcm);
        let frames = (self.pcm.len() / usize::from(channels)) as u64;
        let end = frames.min(self.skip.saturating_add(self.left));
        self.left = self.left.saturating_sub(end.saturating_sub(self.skip));
        let sample = |frame: u64| usize::try_from(frame).unwrap_or(usize::MAX).saturating_mul(channels.into());
        let samples = self.pcm.get(sample(self.skip)..sample(end)).filter(|samples| !samples.is_empty());
        self.skip = 0;
        samples.ok_or(CodecError::Changed)
    }
}
