//! Where the frames lie, and where the main data of each lies in the slots of those before it and its own.
//!
//! Main data of all frames forms one stream, cut into the slots that are left behind each frame's side information: it may begin up to 511 bytes before its frame's own slot, which is called the bit reservoir
//! (ISO/IEC 11172-3, 2.4.3.4.2). A position in that stream is called a *stream byte* here.

use std::ops::Range;

use crate::source::read_at;
use crate::walk::Walk;
use crate::{CodecError, ReadSeek, tag};

use super::header::{FrameHeader, LONGEST_START};
use super::info::Info;
use super::{malformed, unsupported};

/// The frames of a file: 8 bytes each.
#[derive(Clone, Debug)]
pub(super) struct Frames {
    /// Of the first frame of audio, for what all have in common.
    pub(super) header: FrameHeader,
    /// What an encoder says, and which bytes that frame has.
    pub(super) info: Option<(Info, Range<u64>)>,
    /// From its least significant bit: 9 bits of where main data begins, 14 bits of how many bits it has, whether there is a check, 40 bits of the frame's first byte.
    entries: Vec<u64>,
    /// Byte after the last.
    pub(super) end: u64,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) index: usize,
    pub(super) bytes: Range<u64>,
    /// First byte of its slot.
    pub(super) slot: u64,
    /// How many bytes before its slot its main data begins, and how many bits it has.
    pub(super) begin: u16,
    pub(super) used: u16,
}

impl Frame {
    /// Bytes of its main data, some of them before its slot.
    pub(super) fn data_len(&self) -> u64 {
        u64::from(self.used).div_ceil(8)
    }
}

impl Frames {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Samples a channel of each.
    pub(super) fn samples(&self) -> u64 {
        u64::from(self.header.granules()) * 576
    }

    pub(super) fn get(&self, index: usize) -> Option<Frame> {
        let entry = *self.entries.get(index)?;
        let at = entry >> 24;
        let end = self.entries.get(index + 1).map_or(self.end, |next| next >> 24);
        let header = FrameHeader { checked: entry >> 23 & 1 != 0, ..self.header };
        Some(Frame {
            index,
            bytes: at..end,
            slot: at + header.slot_at() as u64,
            begin: (entry & 0x1ff) as u16,
            used: (entry >> 9 & 0x3fff) as u16,
        })
    }

    /// The bytes of the file that hold a frame's main data: parts of the slots before it and of its own, in reverse. What would lie before the first slot is not there.
    pub(super) fn main_data(&self, frame: &Frame) -> Vec<Range<u64>> {
        let mut ranges = Vec::new();
        // In bytes before (positive) the end of the slot that is looked at.
        let mut slot = frame.slot..frame.bytes.end;
        let mut from = i64::from(frame.begin);
        let mut index = frame.index;
        // `from` bytes before the slot's first byte the data begins, and `to` before it (or behind it) ends.
        let mut to = from - frame.data_len() as i64;
        loop {
            let len = (slot.end - slot.start) as i64;
            let (first, last) = (len.min((-from).max(0)), len.min((-to).max(0)));
            if first < last {
                ranges.push(slot.start.saturating_add_signed(first)..slot.start.saturating_add_signed(last));
            }
            if from <= 0 {
                break;
            }
            let Some(before) = index.checked_sub(1).and_then(|index| self.get(index)) else { break };
            index = before.index;
            slot = before.slot..before.bytes.end;
            let len = (slot.end - slot.start) as i64;
            from -= len;
            to -= len;
        }
        ranges
    }
}

/// Finds them all from byte `at` on; `None` where two frames in a row do not stand there.
pub(super) fn scan(file: &mut dyn ReadSeek, at: u64, file_len: u64) -> Result<Option<Frames>, CodecError> {
    let Some(first) = first(file, at, file_len)? else { return Ok(None) };
    if first.layer != 3 {
        return Err(unsupported(format!("MPEG audio of layer {}; layer III is read", if first.layer == 1 { "I" } else { "II" })));
    }
    let mut at = at;
    let mut frame = vec![0; usize::from(first.len)];
    read_at(file, at, &mut frame).map_err(|e| cut(e, file_len))?;
    let info = Info::parse(&frame, &first).map(|info| (info, at..at + u64::from(first.len)));
    if info.is_some() {
        at += u64::from(first.len);
    }
    let mut frames = Frames { header: first, info, entries: Vec::new(), end: at };
    let mut walk = Walk::new(file, at)?;
    // How many bytes of the stream of main data lie behind what was used of it.
    let mut spare: Option<u64> = None;
    loop {
        let at = walk.at();
        let bytes = walk.peek(LONGEST_START)?;
        let Some(header) = FrameHeader::parse(bytes) else {
            if at < file_len && !tag::begins(bytes) {
                return Err(malformed(at, "neither a frame nor a tag".into()));
            }
            break;
        };
        let len = usize::from(header.len);
        if !header.goes_with(&first) || len < header.slot_at() {
            return Err(malformed(
                at,
                "a frame of another version, layer, rate or number of channels than those before it, or of free length".into(),
            ));
        }
        let (begin, used) = header.main_data(bytes).ok_or(CodecError::Truncated { format: "MP3", at: file_len })?;
        if file_len - at < len as u64 {
            return Err(CodecError::Truncated { format: "MP3", at: file_len });
        }
        spare = Some(after(spare, &header, begin, used, at)?);
        if at >> 40 != 0 {
            return Err(unsupported(format!("a file of {file_len} bytes; up to {} are read", 1u64 << 40)));
        }
        frames.entries.push(at << 24 | u64::from(header.checked) << 23 | u64::from(used) << 9 | u64::from(begin));
        frames.end = at + len as u64;
        let mut left = len;
        while left > 0 {
            let part = walk.peek(1)?.len().min(left);
            if part == 0 {
                return Err(CodecError::Truncated { format: "MP3", at: file_len });
            }
            walk.pass(part);
            left -= part;
        }
    }
    if !tag::only_tags(file, frames.end, file_len)? {
        return Err(malformed(frames.end, "a tag behind the last frame that is not whole, or with something behind it".into()));
    }
    Ok(Some(frames))
}

/// How many bytes are spare after a frame, which must not take what those before it took, nor what lies behind its end: decoders differ in what they make of that.
fn after(spare: Option<u64>, header: &FrameHeader, begin: u16, used: u16, at: u64) -> Result<u64, CodecError> {
    let slot = u64::from(header.len) - header.slot_at() as u64;
    let data = u64::from(used).div_ceil(8);
    let begin = u64::from(begin);
    // A file that was cut out of a longer one begins with frames whose data began before it; they decode to silence.
    let begin = match spare {
        Some(spare) if begin > spare && data > 0 => {
            return Err(malformed(at, format!("a frame whose main data begins {begin} bytes before it, where {spare} are left")));
        }
        Some(spare) => begin.min(spare),
        None => begin,
    };
    if data > begin + slot {
        return Err(malformed(at, format!("a frame of {data} bytes of main data, where {} are there", begin + slot)));
    }
    Ok(begin + slot - data)
}

/// The header at `at`, if one of the same kind stands behind it, or nothing at all or a tag does.
fn first(file: &mut dyn ReadSeek, at: u64, file_len: u64) -> Result<Option<FrameHeader>, CodecError> {
    let mut bytes = [0; 4];
    if file_len < at + 4 {
        return Ok(None);
    }
    read_at(file, at, &mut bytes)?;
    let Some(first) = FrameHeader::parse(&bytes) else { return Ok(None) };
    if first.layer == 3 && first.len == 0 {
        return Err(unsupported("free-format bit rate".into()));
    }
    // The lengths of other layers are not known here; what they look like is enough to refuse them where a tag stands before.
    if first.layer != 3 {
        return Ok((at > 0).then_some(first));
    }
    let next = at + u64::from(first.len);
    if next >= file_len {
        return Ok(Some(first));
    }
    let mut start = [0; 10];
    let len = usize::try_from(file_len - next).unwrap_or(start.len()).min(start.len());
    let start = start.get_mut(..len).unwrap_or_default();
    read_at(file, next, start)?;
    let fits = start.len() < 4 || tag::begins(start) || FrameHeader::parse(start).is_some_and(|next| next.goes_with(&first));
    Ok(fits.then_some(first))
}

fn cut(e: CodecError, file_len: u64) -> CodecError {
    if matches!(e, CodecError::Changed) { CodecError::Truncated { format: "MP3", at: file_len } } else { e }
}
