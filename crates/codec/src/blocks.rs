//! Blocks of one length, one behind the other: where each lies and which samples it gives is calculated, never stored.
//!
//! For codecs whose block of so many bytes always holds so many samples (GSM 6.10, ADPCM in WAVE). Reads them in order with one buffer, and
//! copies a file with some of them patched.

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;

use crate::source::{copy, read_at, same_length};
use crate::{CodecError, ReadSeek, WriteSeek};

/// Bytes that are read at once.
const BUFFER: usize = 1 << 16;

/// Where the blocks of a file lie.
#[derive(Clone, Debug)]
pub(crate) struct Blocks {
    /// Bytes of all blocks; the last one may be shorter than the others.
    pub data: Range<u64>,
    /// Bytes of a block, at least 1.
    pub bytes: u64,
    /// Samples a channel of a block, at least 1.
    pub frames: u64,
    /// Length of the file.
    pub file_len: u64,
}

impl Blocks {
    /// How many there are.
    pub fn count(&self) -> u64 {
        (self.data.end - self.data.start).div_ceil(self.bytes)
    }

    /// The bytes of these blocks.
    pub fn bytes_of(&self, blocks: &Range<u64>) -> Range<u64> {
        let byte = |block: u64| self.data.start.saturating_add(block.saturating_mul(self.bytes)).min(self.data.end);
        byte(blocks.start)..byte(blocks.end)
    }

    /// Copies the file, and lets `patch` write in the bytes of each of these blocks, of which it is told the number.
    pub fn rewrite(
        &self,
        file: &mut dyn ReadSeek,
        runs: &[Range<u64>],
        to: &mut dyn WriteSeek,
        mut patch: impl FnMut(u64, &mut [u8]),
    ) -> Result<(), CodecError> {
        same_length(file, self.file_len)?;
        to.rewind()?;
        let mut at = 0;
        let mut block = vec![0; usize::try_from(self.bytes).unwrap_or_default()];
        for run in runs {
            let bytes = self.bytes_of(run);
            copy(file, at..bytes.start, to)?;
            for number in run.clone() {
                let place = self.bytes_of(&(number..number + 1));
                let len = usize::try_from(place.end - place.start).unwrap_or_default();
                let part = block.get_mut(..len).unwrap_or_default();
                read_at(file, place.start, part)?;
                patch(number, part);
                to.write_all(part)?;
            }
            at = bytes.end;
        }
        copy(file, at..self.file_len, to)?;
        Ok(to.flush()?)
    }
}

/// Which units of `unit` samples each, of `count`, have samples in common with `spans` of any channel, or begin less than `tail` samples behind
/// one: sorted, disjoint, with neighbours joined.
pub(crate) fn runs(spans: &[Vec<Range<u64>>], unit: u64, count: u64, tail: u64) -> Vec<Range<u64>> {
    let mut all: Vec<Range<u64>> =
        spans.iter().flatten().map(|span| units_of(span, unit, count, tail)).filter(|run| run.start < run.end).collect();
    all.sort_unstable_by_key(|run| run.start);
    let mut joined: Vec<Range<u64>> = Vec::new();
    for run in all {
        match joined.last_mut() {
            Some(last) if run.start <= last.end => last.end = last.end.max(run.end),
            _ => joined.push(run),
        }
    }
    joined
}

/// The units of one span: see [`runs`].
pub(crate) fn units_of(span: &Range<u64>, unit: u64, count: u64, tail: u64) -> Range<u64> {
    if span.start >= span.end {
        return 0..0;
    }
    (span.start / unit).min(count)..span.end.saturating_add(tail).div_ceil(unit).min(count)
}

/// Reads blocks in order.
pub(crate) struct BlockReader<R> {
    file: BufReader<R>,
    left: u64,
    block: Vec<u8>,
}

impl<R: Read + Seek> BlockReader<R> {
    /// From block `first` on.
    pub fn new(blocks: &Blocks, mut file: R, first: u64) -> Result<Self, CodecError> {
        same_length(&mut file, blocks.file_len)?;
        let bytes = blocks.bytes_of(&(first..blocks.count()));
        file.seek(SeekFrom::Start(bytes.start))?;
        let block = vec![0; usize::try_from(blocks.bytes).unwrap_or_default()];
        Ok(Self { file: BufReader::with_capacity(BUFFER, file), left: bytes.end - bytes.start, block })
    }

    /// The next block; `None` behind the last one.
    pub fn next(&mut self) -> Result<Option<&[u8]>, CodecError> {
        let len = usize::try_from(self.left).unwrap_or(usize::MAX).min(self.block.len());
        if len == 0 {
            return Ok(None);
        }
        let block = self.block.get_mut(..len).unwrap_or_default();
        self.file
            .read_exact(block)
            .map_err(|e| if e.kind() == std::io::ErrorKind::UnexpectedEof { CodecError::Changed } else { e.into() })?;
        self.left -= len as u64;
        Ok(Some(block))
    }
}

/// What `level` said for each channel's latest span, so that it is asked once a span.
pub(crate) struct Levels<'a> {
    ask: &'a mut dyn FnMut(u8, u64) -> f32,
    known: [Option<(u64, f32)>; 8],
}

impl<'a> Levels<'a> {
    pub fn new(ask: &'a mut dyn FnMut(u8, u64) -> f32) -> Self {
        Self { ask, known: [None; 8] }
    }

    /// RMS level of the fill of the span of `channel` that begins at `start`, 0 to 1.
    pub fn of(&mut self, channel: u8, start: u64) -> f32 {
        let Some(known) = self.known.get_mut(usize::from(channel)) else { return 0.0 };
        match *known {
            Some((span, level)) if span == start => level,
            _ => {
                let level = (self.ask)(channel, start);
                // Also where it is no number.
                let level = if level > 0.0 { level.min(1.0) } else { 0.0 };
                *known = Some((start, level));
                level
            }
        }
    }
}
