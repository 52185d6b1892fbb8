//! Frames emptied, and their main data overwritten wherever it lies.

use std::io::{self, Write};
use std::ops::Range;

use crate::source::{copy, read_at, same_length};
use crate::{Change, CodecError, ReadSeek, WriteSeek};

use super::Mp3;
use super::decode::same_frame;
use super::info::music_crc;
use super::scan::Frame;

/// Bytes of the file that are replaced.
struct Edit {
    range: Range<u64>,
    what: What,
}

enum What {
    /// A frame's header, check and side information.
    Start(Frame),
    /// Main data.
    Zeros,
}

/// See [`crate::Coded::rewrite`].
pub(super) fn rewrite(mp3: &Mp3, file: &mut dyn ReadSeek, spans: &[Vec<Range<u64>>], to: &mut dyn WriteSeek) -> Result<(), CodecError> {
    same_length(file, mp3.file_len)?;
    to.rewind()?;
    let mut edits = edits(mp3, spans);
    edits.sort_by_key(|edit| edit.range.start);
    let audio = mp3.audio_at()..mp3.frames.end;
    copy(file, 0..audio.start, to)?;
    let mut to = Checked { to: &mut *to, crc: 0 };
    let mut at = audio.start;
    for edit in &edits {
        copy(file, at..edit.range.start, &mut to)?;
        match &edit.what {
            What::Start(frame) => {
                let mut start = vec![0; (frame.slot - frame.bytes.start) as usize];
                read_at(file, frame.bytes.start, &mut start)?;
                to.write_all(&same_frame(frame, &start)?.silent(&start))?;
            }
            // Within one slot, so short.
            What::Zeros => to.write_all(&vec![0; (edit.range.end - edit.range.start) as usize])?,
        }
        at = edit.range.end;
    }
    copy(file, at..audio.end, &mut to)?;
    let Checked { to, crc } = to;
    copy(file, audio.end..mp3.file_len, to)?;
    if edits.is_empty() { Ok(()) } else { write_checks(mp3, file, audio, crc, to) }
}

/// See [`crate::Coded::changed`].
pub(super) fn changed(mp3: &Mp3, spans: &[Vec<Range<u64>>]) -> Vec<Change> {
    let mut ranges: Vec<_> = edits(mp3, spans).into_iter().map(|edit| edit.range).collect();
    if let Some(checks) = mp3.checks_at().filter(|_| !ranges.is_empty()) {
        ranges.push(checks..checks + 4);
    }
    ranges.sort_by_key(|range| range.start);
    ranges.into_iter().map(|range| Change { before: range.clone(), after: range }).collect()
}

/// All that is replaced, in no order. Frames' main data does not overlap, which was seen to when the file was parsed.
fn edits(mp3: &Mp3, spans: &[Vec<Range<u64>>]) -> Vec<Edit> {
    let mut edits = Vec::new();
    for frame in mp3.replaced(spans) {
        edits.extend(mp3.frames.main_data(&frame).into_iter().map(|range| Edit { range, what: What::Zeros }));
        edits.push(Edit { range: frame.bytes.start..frame.slot, what: What::Start(frame) });
    }
    edits
}

/// LAME's check of all frames, and that of its tag with it; where the file's own did not fit its frames, both stay.
fn write_checks(mp3: &Mp3, file: &mut dyn ReadSeek, audio: Range<u64>, crc: u16, to: &mut dyn WriteSeek) -> Result<(), CodecError> {
    let (Some(checks), Some((_, frame))) = (mp3.checks_at(), &mp3.frames.info) else { return Ok(()) };
    let mut tag = vec![0; (checks - frame.start) as usize + 2];
    read_at(file, frame.start, &mut tag)?;
    let mut was = Checked { to: io::sink(), crc: 0 };
    copy(file, audio, &mut was)?;
    if !tag.ends_with(&was.crc.to_be_bytes()) {
        return Ok(());
    }
    let end = to.stream_position()?;
    tag.truncate(tag.len() - 2);
    tag.extend_from_slice(&crc.to_be_bytes());
    let tag_crc = music_crc(0, &tag);
    to.seek(io::SeekFrom::Start(checks))?;
    to.write_all(&crc.to_be_bytes())?;
    to.write_all(&tag_crc.to_be_bytes())?;
    to.seek(io::SeekFrom::Start(end))?;
    Ok(())
}

/// Passes bytes on and checks them as LAME does.
struct Checked<W> {
    to: W,
    crc: u16,
}

impl<W: Write> Write for Checked<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = self.to.write(bytes)?;
        self.crc = music_crc(self.crc, bytes.get(..len).unwrap_or(bytes));
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
