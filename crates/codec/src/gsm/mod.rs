//! GSM 06.10 full rate (ETSI EN 300 961): raw files of 33-byte frames, and WAV49 (WAVE, format tag 0x0031), two frames in 65 bytes.
//!
//! A frame is 260 bits for 160 samples of 8 kHz. Raw files pack them behind the signature 0xD, the first bit highest (RFC 3551, 4.5.8.1); WAV49
//! packs them without one, the first bit lowest. Frames that touch a span are replaced one by one; in WAV49 the other frame of a block keeps
//! its bits, also those in the byte that both share.
//!
//! **What the frames that stay can tell of what was replaced.** The decoder's memory there is the fill's, so whatever is decoded behind a span is
//! made of fill and of those frames' own bits. But a coder that remembered the original calculated those: it subtracts the residual of one lag
//! ago, 40 to 120 samples, times a gain of 0.1 at least (5.2.11 to 5.2.14), filters with eight samples of the lattice (5.2.10) and one of
//! pre-emphasis (5.2.3); and what it subtracted from is not quite what it knows it as: of each 40 samples only 13 are sent, and the others keep a
//! tenth of a lag ago in its memory. So behind a tone that ends with a frame, the next one, in silence, is full of it: from its parameters alone, a
//! random forest that was trained on thousands of keys names the row of another one in 66 to 68 of 100 cases and the column in 58 to 62, where
//! chance is 25 (keys of 50 and 70 ms, -12 and -7 dBFS a tone, noise of -60 to -94 dBFS, libgsm). Where the frame begins 129 samples behind the
//! tone: 30 to 34 both. From 249 samples to 900 the figures do not fall any more, the row 27 to 36 and the column 25 to 30: that is the coder's offset
//! compensation (5.2.2), which forgets in 125 ms and of a tone knows but a constant.
//! So frames that begin less than 249 samples behind a span go with it. There is no look-ahead: frames before a span know nothing of it.
//!
//! **How far a replacement is heard.** The decoder feeds its history back (gains 0.1 to 1), so it never quite forgets: the frames behind decode to
//! other samples than before. How long depends on the sound, since the coder asks for the gain: near 1 as long as a tone or a held vowel goes on,
//! and then the fill's history goes round in it. Difference of both decodings in blocks of 20 ms, in dB of full scale, in half of all cases / in 99 of
//! 100 at most / at most, over 60 sounds of each kind that libgsm coded and 60 spans in each, 1 to 3000 samples long
//! (`cargo test --release -p cardhush-codec --test gsm_memory -- --ignored --nocapture` prints it, with sox; -120 is no difference):
//!
//! | behind the last replaced frame | 0 ms | 160 ms | 320 ms | 480 ms | 1 s |
//! |---|---|---|---|---|---|
//! | hiss | -33/-17/-14 | -120/-79/-77 | -120/-120/-120 | -120/-120/-120 | -120/-120/-120 |
//! | keys with pauses | -30/-9/-4 | -120/-55/-44 | -120/-61/-55 | -120/-120/-61 | -120/-120/-120 |
//! | speech-like sound | -30/-10/-7 | -71/-29/-14 | -77/-50/-34 | -120/-68/-55 | -120/-76/-70 |
//! | tones that go on | -24/-10/-5 | -39/-13/-10 | -51/-13/-7 | -59/-13/-7 | -68/-14/-7 |
//!
//! [`Coded::reach`] ends after 160 ms, 1280 samples behind the last replaced frame, where keys are mostly forgotten. It is no bound: behind it the
//! same call may still sound otherwise, and no fixed length would be one. Whoever compares a rewritten file compares bytes ([`Coded::changed`]), which
//! are exact.
//!
//! Memory: up to 64 states of the decoder, so that looks at single spans need not decode all that is before them.

mod bits;
mod fill;
mod marks;
mod synthesis;

use std::io::SeekFrom;
use std::ops::Range;

use crate::blocks::{BlockReader, Blocks, Levels, runs, units_of};
use crate::riff::{RIFF, Wave};
use crate::spans::meeting;
use crate::{Change, CodecError, Coded, Decoder, Form, ReadSeek, WriteSeek};
use bits::{Packing, Parameters};
use marks::Marks;
use synthesis::{FRAME, Synthesis};

/// Name of the coding, in reports and errors.
const CODING: &str = "GSM 6.10";
const RATE_HZ: u32 = 8_000;
/// Samples that the coder of a frame remembers of the ones before it: two lags of residual, lattice, pre-emphasis.
const CODER_MEMORY: u64 = 2 * 120 + 8 + 1;
/// Samples behind a replaced frame that count as changed: `how_long_the_decoder_remembers` in the tests measures what is behind them.
const DECODER_MEMORY: u64 = 8 * FRAME as u64;
/// Signed frames in a row that make a raw file a GSM file: by chance one in 2^40.
const SURE: u64 = 10;

/// A parsed file of either packing.
#[derive(Debug)]
pub struct Gsm {
    form: Form,
    blocks: Blocks,
    packing: Packing,
    marks: Marks,
}

impl Gsm {
    /// A raw file; `None` where it is none. Of what begins as one, every frame must be signed, to the last byte.
    pub(crate) fn raw(file: &mut dyn ReadSeek) -> Result<Option<Self>, CodecError> {
        let file_len = file.seek(SeekFrom::End(0))?;
        let bytes = Packing::Raw.block_bytes();
        let mut reader = BlockReader::new(&Blocks { data: 0..file_len, bytes, frames: FRAME as u64, file_len }, &mut *file, 0)?;
        let mut frames = 0;
        while let Some(frame) = reader.next()? {
            let whole = frame.len() as u64 == bytes;
            match (bits::is_signed(frame), whole) {
                (true, true) => frames += 1,
                _ if frames < SURE => return Ok(None),
                (true, false) => return Err(CodecError::Truncated { format: CODING, at: file_len }),
                (false, _) => {
                    let what = "a frame without its signature 0xD".to_owned();
                    return Err(CodecError::Malformed { format: CODING, what, at: frames * bytes });
                }
            }
        }
        if frames < SURE {
            return Ok(None);
        }
        let blocks = Blocks { data: 0..file_len, bytes, frames: FRAME as u64, file_len };
        Self::parsed("GSM", frames * FRAME as u64, Vec::new(), blocks, Packing::Raw, file).map(Some)
    }

    pub(crate) fn from_wave(mut wave: Wave, file: &mut dyn ReadSeek) -> Result<Self, CodecError> {
        let refuse = |what: String| Err(CodecError::Unsupported { format: CODING, what });
        let (bytes, frames) = (Packing::Wav49.block_bytes(), 2 * FRAME as u64);
        if wave.channels != 1 {
            return refuse(format!("{} channels: only 1 is read", wave.channels));
        }
        if wave.rate_hz != RATE_HZ {
            return refuse(format!("{} Hz: only {RATE_HZ} is read", wave.rate_hz));
        }
        if u64::from(wave.block_bytes) != bytes {
            return refuse(format!("blocks of {} bytes: only {bytes} are read", wave.block_bytes));
        }
        match wave.extra.first_chunk().map(|two| u16::from_le_bytes(*two)) {
            Some(declared) if u64::from(declared) == frames => {}
            Some(declared) => return refuse(format!("{declared} samples a block declared: blocks of {bytes} bytes hold {frames}")),
            None => wave.notes.push(format!("`fmt ` does not tell the samples of a block: taken as {frames}")),
        }
        // The first frame of a block ends within byte 33.
        let (blocks, total) = wave.blocks(frames, |bytes| Some(if bytes >= 33 { FRAME as u64 } else { 0 }))?;
        Self::parsed(RIFF, total, wave.notes, blocks, Packing::Wav49, file)
    }

    /// Decodes the file once, for the states that later looks begin with.
    fn parsed(
        container: &'static str,
        frames: u64,
        notes: Vec<String>,
        blocks: Blocks,
        packing: Packing,
        file: &mut dyn ReadSeek,
    ) -> Result<Self, CodecError> {
        let form = Form { container, coding: CODING, rate_hz: RATE_HZ, channels: 1, frames, notes };
        let mut marks = Marks::default();
        let mut state = Synthesis::default();
        let mut reader = BlockReader::new(&blocks, file, 0)?;
        let mut block_number = 0;
        while let Some(block) = reader.next()? {
            marks.pass(block_number, &state);
            for place in 0..packing.frames_in(block) {
                state.decode(&Parameters::read(block, place, packing));
            }
            block_number += 1;
        }
        Ok(Self { form, blocks, packing, marks })
    }

    /// Frames of the file.
    fn count(&self) -> u64 {
        self.form.frames / FRAME as u64
    }

    fn runs(&self, spans: &[Vec<Range<u64>>]) -> Vec<Range<u64>> {
        runs(spans.get(..1).unwrap_or_default(), FRAME as u64, self.count(), CODER_MEMORY)
    }
}

impl Coded for Gsm {
    fn form(&self) -> &Form {
        &self.form
    }

    fn decoder<'a>(&'a self, file: Box<dyn ReadSeek + Send + 'a>, from: u64) -> Result<Box<dyn Decoder + 'a>, CodecError> {
        let from = from.min(self.form.frames);
        let (block, state) = self.marks.before(from / self.blocks.frames);
        let reader = BlockReader::new(&self.blocks, file, block)?;
        let skip = from - block * self.blocks.frames;
        Ok(Box::new(Samples { packing: self.packing, reader, state, skip, left: self.form.frames - from, pcm: Vec::new() }))
    }

    fn reach(&self, _channel: u8, span: Range<u64>) -> Range<u64> {
        let frames = units_of(&span, FRAME as u64, self.count(), CODER_MEMORY);
        if frames.is_empty() {
            return 0..0;
        }
        let end = (frames.end * FRAME as u64).saturating_add(DECODER_MEMORY);
        (frames.start * FRAME as u64).min(self.form.frames)..end.min(self.form.frames)
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
        let spans = spans.get(..1).unwrap_or_default();
        let own = spans.first().map(Vec::as_slice).unwrap_or_default();
        let blocks = runs(spans, self.blocks.frames, self.blocks.count(), CODER_MEMORY);
        let mut levels = Levels::new(level);
        self.blocks.rewrite(file, &blocks, to, |block, bytes| {
            for place in 0..self.packing.frames_in(bytes) {
                let first = block * self.blocks.frames + place * FRAME as u64;
                let touched = meeting(own, first.saturating_sub(CODER_MEMORY)..first + FRAME as u64).next();
                if let Some(span) = touched {
                    fill::frame(first / FRAME as u64, levels.of(0, span.start)).write(bytes, place, self.packing);
                }
            }
        })
    }

    fn changed(&self, spans: &[Vec<Range<u64>>]) -> Vec<Change> {
        let bits = self.packing.frame_bits();
        let byte = |at: u64| self.blocks.data.start + at;
        let bytes = self
            .runs(spans)
            .into_iter()
            .map(|run| byte(run.start * bits / 8)..byte((run.end * bits).div_ceil(8)).min(self.blocks.data.end));
        let mut joined: Vec<Range<u64>> = Vec::new();
        for run in bytes {
            match joined.last_mut() {
                Some(last) if run.start <= last.end => last.end = run.end,
                _ => joined.push(run),
            }
        }
        joined.into_iter().map(|bytes| Change { before: bytes.clone(), after: bytes }).collect()
    }
}

/// Decodes block by block.
struct Samples<'a> {
    packing: Packing,
    reader: BlockReader<Box<dyn ReadSeek + Send + 'a>>,
    state: Synthesis,
    /// Samples to decode and leave out.
    skip: u64,
    /// Samples to come.
    left: u64,
    pcm: Vec<i16>,
}

impl Decoder for Samples<'_> {
    fn next(&mut self) -> Result<&[i16], CodecError> {
        self.pcm.clear();
        while self.left > 0 && self.pcm.is_empty() {
            let block = self.reader.next()?.ok_or(CodecError::Changed)?;
            if self.packing == Packing::Raw && !bits::is_signed(block) {
                return Err(CodecError::Changed);
            }
            for place in 0..self.packing.frames_in(block) {
                let frame = self.state.decode(&Parameters::read(block, place, self.packing));
                let skipped = self.skip.min(FRAME as u64);
                self.skip -= skipped;
                let kept = frame.iter().skip(skipped as usize).take(usize::try_from(self.left).unwrap_or(usize::MAX));
                let before = self.pcm.len();
                self.pcm.extend(kept);
                self.left -= (self.pcm.len() - before) as u64;
            }
        }
        Ok(&self.pcm)
    }
}
