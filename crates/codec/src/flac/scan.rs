//! Where the frames lie: each from its header to where its check fits and the next one's header stands, or the audio ends.
//!
//! A frame does not say how long it is, so its end is where three things meet: the 16 bits of its check come to 0, what follows is a header whose own check fits, and that header bears
//! the number that is due. Chance makes all three meet inside of a frame once in some 2^40 bytes of audio of the same block size, and then the frame is not decoded and the file refused.

use crate::crc::crc16;
use crate::walk::Walk;
use crate::{CodecError, ReadSeek, tag};

use super::frame::{FrameHeader, LONGEST};
use super::header::{Header, malformed, unsupported};

/// The frames of a file: 12 bytes each.
#[derive(Clone, Debug, Default)]
pub(super) struct Frames {
    /// First byte times 16, and the length of the header less 1.
    places: Vec<u64>,
    /// First sample.
    starts: Vec<u32>,
    /// Byte and sample after the last.
    end: u64,
    samples: u64,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) bytes: std::ops::Range<u64>,
    pub(super) header_len: usize,
    pub(super) samples: std::ops::Range<u64>,
}

impl Frames {
    pub(super) fn samples(&self) -> u64 {
        self.samples
    }

    /// Byte after the last frame.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    pub(super) fn get(&self, index: usize) -> Option<Frame> {
        let place = *self.places.get(index)?;
        let start = u64::from(*self.starts.get(index)?);
        let end = self.places.get(index + 1).map_or(self.end, |place| place >> 4);
        let samples = start..self.starts.get(index + 1).map_or(self.samples, |&start| u64::from(start));
        Some(Frame { bytes: place >> 4..end, header_len: (place & 15) as usize + 1, samples })
    }

    /// All from the one that holds `sample` on.
    pub(super) fn from(&self, sample: u64) -> impl Iterator<Item = Frame> + '_ {
        let first = self.starts.partition_point(|&start| u64::from(start) <= sample).saturating_sub(1);
        (first..self.places.len()).map_while(|index| self.get(index))
    }

    fn push(&mut self, at: u64, header: &FrameHeader) -> Result<(), CodecError> {
        let start = u32::try_from(self.samples)
            .map_err(|_| unsupported(format!("more than {} samples a channel; up to {0} are read", u32::MAX)))?;
        self.places.push(at << 4 | u64::from(header.len.saturating_sub(1)));
        self.starts.push(start);
        self.samples += u64::from(header.block);
        Ok(())
    }
}

/// Bytes of the longest frame that is read: twice what it takes to write its samples as they are, which no encoder exceeds.
pub(super) fn longest(header: &Header) -> usize {
    (usize::from(header.max_block) * (header.bits as usize + 1) / 8 + 8) * usize::from(header.channels) * 2 + 64
}

/// Finds them all.
pub(super) fn scan(file: &mut dyn ReadSeek, header: &Header, file_len: u64) -> Result<Frames, CodecError> {
    let mut frames = Frames { end: header.audio_at, ..Frames::default() };
    let mut walk = Walk::new(file, header.audio_at)?;
    let limit = longest(header);
    let mut variable = None;
    while let Some(found) = {
        let at = walk.at();
        let bytes = walk.peek(LONGEST)?;
        if at >= file_len || tag::begins(bytes) { None } else { Some(FrameHeader::parse(bytes)) }
    } {
        let at = walk.at();
        let Some(frame) = found else {
            return Err(if header.samples > 0 && frames.samples >= header.samples {
                malformed(at, format!("{} bytes follow the last frame, which are no tag that is known", file_len - at))
            } else if file_len - at < LONGEST as u64 {
                CodecError::Truncated { format: "FLAC", at: file_len }
            } else {
                malformed(at, "no frame header where one is due".into())
            });
        };
        let strategy = *variable.get_or_insert(frame.variable);
        check(&frame, header, &frames, strategy, at)?;
        frames.push(at, &frame)?;
        frames.end = at + end_of_frame(&mut walk, &frame, header, &frames, strategy, limit, file_len)?;
    }
    if !tag::only_tags(file, frames.end, file_len)? {
        return Err(malformed(frames.end, "a tag behind the last frame that is not whole, or with something behind it".into()));
    }
    if header.samples > frames.samples {
        return Err(CodecError::Truncated { format: "FLAC", at: file_len });
    }
    if header.samples > 0 && header.samples < frames.samples {
        return Err(malformed(frames.end, format!("{} samples a channel, where STREAMINFO says {}", frames.samples, header.samples)));
    }
    Ok(frames)
}

/// That a frame is as STREAMINFO and those before it say.
fn check(frame: &FrameHeader, header: &Header, frames: &Frames, variable: bool, at: u64) -> Result<(), CodecError> {
    if (frame.rate_hz.unwrap_or(header.rate_hz), frame.channels, frame.bits.unwrap_or(header.bits))
        != (header.rate_hz, header.channels, header.bits)
    {
        return Err(unsupported(format!("the frame at byte {at} has another rate, channels or width than STREAMINFO")));
    }
    let due = number(frames, variable);
    if frame.variable != variable || frame.number != due {
        return Err(malformed(at, format!("the frame says that it is number {}, where {due} is due", frame.number)));
    }
    if frame.block > header.max_block {
        return Err(malformed(at, format!("a block of {} samples, where STREAMINFO allows {}", frame.block, header.max_block)));
    }
    // Of fixed blocks, the last alone may be shorter (RFC 9639, 9.1.6); one that is not the last shows by what follows it.
    if !variable && frames.samples != due * u64::from(header.max_block) {
        return Err(malformed(at, "a frame follows one with a shorter block, which is the last of its kind".into()));
    }
    Ok(())
}

/// The number that the next frame must bear.
fn number(frames: &Frames, variable: bool) -> u64 {
    if variable { frames.samples } else { frames.places.len() as u64 }
}

/// Passes over a frame, and gives its bytes.
fn end_of_frame(
    walk: &mut Walk<'_>,
    frame: &FrameHeader,
    header: &Header,
    frames: &Frames,
    variable: bool,
    limit: usize,
    file_len: u64,
) -> Result<u64, CodecError> {
    let start = walk.at();
    let due = number(frames, variable);
    let mut crc = 0;
    // Places in a row where the check fits: zeros behind a frame leave it so. A check that is itself 0 makes three.
    let mut fits = 0;
    // A header, a byte for each channel, a check.
    let mut skip = usize::from(frame.len) + usize::from(header.channels) + 2;
    loop {
        let at = walk.at();
        let bytes = walk.peek(LONGEST + 1)?;
        let last = at + bytes.len() as u64 >= file_len;
        let mut passed = 0;
        let mut ended = false;
        // While a header may still stand past what is in the window, only so far.
        let until = if last { bytes.len() } else { bytes.len().saturating_sub(LONGEST) };
        while passed < until && !ended {
            crc = crc16(crc, bytes.get(passed..passed + 1).unwrap_or_default());
            passed += 1;
            skip = skip.saturating_sub(1);
            fits = if crc == 0 { fits + 1 } else { 0 };
            if crc == 0 && skip == 0 {
                let rest = bytes.get(passed..).unwrap_or_default();
                let next = FrameHeader::parse(rest).is_some_and(|next| next.variable == variable && next.number == due);
                ended = next
                    || (last && rest.is_empty() && fits <= 3)
                    || (tag::begins(rest) && (header.samples == 0 || header.samples == frames.samples));
            }
        }
        walk.pass(passed);
        let len = walk.at() - start;
        if ended {
            return Ok(len);
        }
        if last && fits > 3 {
            return Err(malformed(walk.at(), format!("{} bytes of zeros follow the last frame", fits - 1)));
        }
        if last {
            return Err(CodecError::Truncated { format: "FLAC", at: file_len });
        }
        if len > limit as u64 {
            return Err(malformed(start, format!("a frame whose check fits nowhere within {limit} bytes")));
        }
    }
}
