//! The file with some frames written anew, and what else must say so.

use std::io::SeekFrom;
use std::ops::Range;

use md5::{Digest, Md5};

use crate::noise;
use crate::source::{copy, read_at, same_length};
use crate::spans::meeting;
use crate::{Change, CodecError, ReadSeek, WriteSeek};

use super::Flac;
use super::decode::FrameDecoder;
use super::encode::{encode, encoded_len};
use super::scan::Frame;

/// Bytes of a seek point, and where its offset stands in it.
const SEEK_POINT: u64 = 18;

/// See [`crate::Coded::rewrite`].
pub(super) fn rewrite(
    flac: &Flac,
    file: &mut dyn ReadSeek,
    spans: &[Vec<Range<u64>>],
    level: &mut dyn FnMut(u8, u64) -> f32,
    to: &mut dyn WriteSeek,
) -> Result<(), CodecError> {
    same_length(file, flac.file_len)?;
    to.rewind()?;
    if !flac.frames.from(0).any(|frame| replaced(spans, &frame)) {
        return copy(file, 0..flac.file_len, to);
    }
    copy(file, 0..flac.header.audio_at, to)?;
    let mut decoder = FrameDecoder::new(&flac.header);
    let mut fill = Fill { bits: flac.header.bits, levels: vec![None; spans.len()] };
    let (mut before, mut after) = (Md5::new(), Md5::new());
    let mut shifts = Shifts::default();
    let (mut least, mut greatest) = (u64::MAX, 0);
    for frame in flac.frames.from(0) {
        let planes = decoder.read(file, &frame)?;
        digest(&mut before, planes, flac.header.bits);
        let old = frame.bytes.end - frame.bytes.start;
        let mut len = old;
        if replaced(spans, &frame) {
            fill.mask(planes, &frame, spans, level);
            digest(&mut after, planes, flac.header.bits);
            let planes = planes.to_vec();
            let header = decoder.bytes().get(..frame.header_len).unwrap_or_default();
            let bytes = encode(header, &planes, flac.header.bits);
            to.write_all(&bytes)?;
            len = bytes.len() as u64;
            shifts.push(frame.bytes.start, len as i64 - old as i64);
        } else {
            digest(&mut after, planes, flac.header.bits);
            to.write_all(decoder.bytes())?;
        }
        (least, greatest) = (least.min(len), greatest.max(len));
    }
    copy(file, flac.frames.end()..flac.file_len, to)?;
    let end = to.stream_position()?;
    let md5 = if before.finalize().as_slice() == flac.header.md5 { after.finalize().into() } else { [0; 16] };
    write_info(flac, least, greatest, md5, to)?;
    write_seek_points(flac, file, &shifts, to)?;
    to.seek(SeekFrom::Start(end))?;
    Ok(())
}

/// See [`crate::Coded::changed`].
pub(super) fn changed(flac: &Flac, spans: &[Vec<Range<u64>>]) -> Vec<Change> {
    let header = &flac.header;
    let mut frames = Vec::new();
    let mut shift = 0;
    for frame in flac.frames.from(0).filter(|frame| replaced(spans, frame)) {
        let start = frame.bytes.start.saturating_add_signed(shift);
        let len = encoded_len(frame.header_len, frame.samples.end - frame.samples.start, header.channels, header.bits);
        shift += len as i64 - (frame.bytes.end - frame.bytes.start) as i64;
        frames.push(Change { before: frame.bytes, after: start..start + len });
    }
    if frames.is_empty() {
        return frames;
    }
    let mut still: Vec<_> = [header.info_at + 4..header.info_at + 10, header.info_at + 18..header.info_at + 34].into();
    if let Some((at, count)) = header.seek_points.filter(|&(_, count)| count > 0) {
        still.push(at..at + count * SEEK_POINT);
    }
    still.into_iter().map(|range| Change { before: range.clone(), after: range }).chain(frames).collect()
}

/// Whether a span of any channel meets it.
fn replaced(spans: &[Vec<Range<u64>>], frame: &Frame) -> bool {
    spans.iter().any(|spans| meeting(spans, frame.samples.clone()).next().is_some())
}

/// What stands in place of masked samples: noise that depends on where it stands, and on its level.
struct Fill {
    bits: u32,
    /// Of each channel, the span that was filled last, by its start, and its level.
    levels: Vec<Option<(u64, f32)>>,
}

impl Fill {
    fn mask(&mut self, planes: &mut [Vec<i32>], frame: &Frame, spans: &[Vec<Range<u64>>], level: &mut dyn FnMut(u8, u64) -> f32) {
        let at = |sample: u64| sample.saturating_sub(frame.samples.start) as usize;
        for (channel, ((plane, spans), last)) in (0u8..).zip(planes.iter_mut().zip(spans).zip(&mut self.levels)) {
            for span in meeting(spans, frame.samples.clone()) {
                let rms = match *last {
                    Some((start, rms)) if start == span.start => rms,
                    _ => level(channel, span.start),
                };
                *last = Some((span.start, rms));
                let masked = span.start.max(frame.samples.start)..span.end.min(frame.samples.end);
                for (to, index) in plane.get_mut(at(masked.start)..at(masked.end)).unwrap_or_default().iter_mut().zip(masked) {
                    *to = widened(noise::sample(channel, index, rms), self.bits);
                }
            }
        }
    }
}

/// A sample of 16 bits in another width; a narrower one is the nearest.
fn widened(sample: i16, bits: u32) -> i32 {
    let sample = i32::from(sample);
    match bits {
        16.. => sample << (bits - 16),
        _ => ((sample + (1 << (15 - bits))) >> (16 - bits)).min((1 << (bits - 1)) - 1),
    }
}

/// The samples as MD5 goes over them: interleaved, signed, least significant byte first, in as many bytes as it takes (RFC 9639, 8.2).
fn digest(md5: &mut Md5, planes: &[Vec<i32>], bits: u32) {
    let width = bits.div_ceil(8) as usize;
    let mut bytes = Vec::with_capacity(planes.len() * width * planes.first().map_or(0, Vec::len));
    for sample in 0..planes.first().map_or(0, Vec::len) {
        for plane in planes {
            bytes.extend(plane.get(sample).copied().unwrap_or_default().to_le_bytes().into_iter().take(width));
        }
    }
    md5.update(&bytes);
}

/// STREAMINFO's frame lengths and digest.
fn write_info(flac: &Flac, least: u64, greatest: u64, md5: [u8; 16], to: &mut dyn WriteSeek) -> Result<(), CodecError> {
    // What 24 bits do not hold, or was not known, stays not known.
    let length = |known: u32, len: u64| if known == 0 { 0 } else { u32::try_from(len).ok().filter(|&len| len < 1 << 24).unwrap_or(0) };
    let [_, a, b, c] = length(flac.header.min_frame, least).to_be_bytes();
    let [_, d, e, f] = length(flac.header.max_frame, greatest).to_be_bytes();
    to.seek(SeekFrom::Start(flac.header.info_at + 4))?;
    to.write_all(&[a, b, c, d, e, f])?;
    to.seek(SeekFrom::Start(flac.header.info_at + 18))?;
    Ok(to.write_all(&md5)?)
}

/// How far bytes move that stand behind a replaced frame, in order.
#[derive(Default)]
struct Shifts(Vec<(u64, i64)>);

impl Shifts {
    /// The frame at byte `at` of the file grew by `by`.
    fn push(&mut self, at: u64, by: i64) {
        let so_far = self.0.last().map_or(0, |&(_, by)| by);
        self.0.push((at, so_far + by));
    }

    /// Where byte `at` of the file, a frame's first, went.
    fn moved(&self, at: u64) -> u64 {
        let behind = self.0.partition_point(|&(frame, _)| frame < at);
        let by = behind.checked_sub(1).and_then(|last| self.0.get(last)).map_or(0, |&(_, by)| by);
        at.saturating_add_signed(by)
    }
}

/// The seek points with their offsets moved; placeholders stay.
fn write_seek_points(flac: &Flac, file: &mut dyn ReadSeek, shifts: &Shifts, to: &mut dyn WriteSeek) -> Result<(), CodecError> {
    let Some((at, count)) = flac.header.seek_points else { return Ok(()) };
    let audio_at = flac.header.audio_at;
    for point in 0..count {
        let at = at + point * SEEK_POINT;
        let mut sample = [0; 8];
        let mut offset = [0; 8];
        read_at(file, at, &mut sample)?;
        read_at(file, at + 8, &mut offset)?;
        if sample == [0xff; 8] {
            continue;
        }
        let moved = shifts.moved(audio_at.saturating_add(u64::from_be_bytes(offset))).saturating_sub(audio_at);
        to.seek(SeekFrom::Start(at + 8))?;
        to.write_all(&moved.to_be_bytes())?;
    }
    Ok(())
}
