//! MP3 files (MPEG-1, MPEG-2 and MPEG-2.5, layer III): a frame that a span meets is emptied, and the main data that was its own is overwritten with zeros wherever it lies; all others stay as they are.
//!
//! An emptied frame keeps its header, its length and where its main data begins, so that the slots go on to hold the main data of the frames behind it; its lengths and gains are 0, which every decoder makes silence of.
//! There is no noise in a frame of no bits, so the fill is silence at every level. Channels are coded together.
//!
//! **Reach.** A granule of 576 samples sounds in its own time, through the overlap of the inverse MDCT in the next granule's, and through the synthesis filter bank in 480 samples after that (15 blocks of 32 that its window
//! looks back on). So all frames are emptied that lie in a span or up to 1056 samples before it, and decoding may differ from the first sample of the first of them to 1056 samples behind the last.
//!
//! Beside the frames, LAME's check of the music and that of its tag are made anew, where the former fitted before. What the tag says of the loudest sample and of loudness stays, and so do bits of
//! ancillary data that belong to no frame.
//!
//! Samples that an encoder's tag says are delay and padding are left out, as ffmpeg and mpg123 do it. A file that ends with a whole frame cannot be told from one that was cut there, but for a tag that says how many there are. Refused are: layers I
//! and II, free-format bit rates, a stream that changes its rate or channels, main data that overlaps (decoders differ in what they make of it), and what is neither frame nor tag.
//! Sources: ISO/IEC 11172-3, ISO/IEC 13818-3; for tags, `info.rs`.

mod decode;
mod header;
mod info;
mod rewrite;
mod scan;

use std::io::SeekFrom;
use std::ops::Range;

use crate::source::read_at;
use crate::tag::id3v2_len;
use crate::{Change, CodecError, Coded, Decoder, Form, ReadSeek, WriteSeek};

use scan::{Frame, Frames};

/// Samples behind its own that a granule sounds in: the overlap of one granule, and 15 blocks of 32 of the filter bank.
const SOUNDS_ON: u64 = 576 + 15 * 32;

/// An MP3 file that was parsed.
#[derive(Clone, Debug)]
pub struct Mp3 {
    form: Form,
    frames: Frames,
    /// Samples that are decoded before the first of the form.
    skip: u64,
    file_len: u64,
}

impl Mp3 {
    /// Parses a file that may be MP3; `start` is what it begins with, 10 bytes at least where it has them. `None` where it is not.
    ///
    /// # Errors
    /// It is, and breaks the format, is of a kind that is not read, or ends within its audio.
    pub fn parse(file: &mut dyn ReadSeek, start: &[u8]) -> Result<Option<Self>, CodecError> {
        let file_len = file.seek(SeekFrom::End(0))?;
        let mut at = 0;
        let mut tag = start.to_vec();
        // Some programs put a second tag before the first.
        while let Some(len) = id3v2_len(&tag) {
            at += len;
            tag = vec![0; 10];
            if file_len < at + 10 {
                return Ok(None);
            }
            read_at(file, at, &mut tag)?;
        }
        let Some(frames) = scan::scan(file, at, file_len)? else { return Ok(None) };
        let mut notes = Vec::new();
        let all = frames.len() as u64;
        if let Some((info, _)) = &frames.info {
            match info.frames.map(u64::from) {
                // Some encoders count the tag's own frame.
                Some(said) if said == all + 1 => notes.push(format!("the {} tag counts itself among the frames", info.name)),
                Some(said) if said > all => return Err(CodecError::Truncated { format: "MP3", at: file_len }),
                Some(said) if said < all => {
                    return Err(malformed(frames.end, format!("{all} frames, where the {} tag says {said}", info.name)));
                }
                _ => {}
            }
            if info.skip > 0 {
                notes.push(format!(
                    "{} samples of delay and {} of padding are left out, as the {} tag says",
                    info.skip, info.trim, info.name
                ));
            }
        }
        if frames.get(0).is_some_and(|first| first.begin > 0 && first.used > 0) {
            notes
                .push("the file was cut out of a longer one: its first frame needs data that lay before it, and decodes to silence".into());
        }
        if frames.end < file_len {
            notes.push(format!("{} bytes of tags stand behind the audio; they were kept", file_len - frames.end));
        }
        let (skip, trim) = frames.info.as_ref().map_or((0, 0), |(info, _)| (u64::from(info.skip), u64::from(info.trim)));
        let samples = (all * frames.samples()).saturating_sub(skip + trim);
        let form = Form {
            container: "MP3",
            coding: "MP3",
            rate_hz: frames.header.rate_hz,
            channels: frames.header.channels,
            frames: samples,
            notes,
        };
        Ok(Some(Self { form, frames, skip, file_len }))
    }

    /// First byte of the first frame of audio.
    fn audio_at(&self) -> u64 {
        self.frames.get(0).map_or(self.frames.end, |first| first.bytes.start)
    }

    /// Where LAME's check of the music stands.
    fn checks_at(&self) -> Option<u64> {
        let (info, frame) = self.frames.info.as_ref()?;
        Some(frame.start + info.music_check? as u64)
    }

    /// The frames, by number, from which a sample of `span` is decoded.
    fn frames_of(&self, span: &Range<u64>) -> Range<usize> {
        let (start, end) = (span.start.min(self.form.frames) + self.skip, span.end.min(self.form.frames) + self.skip);
        if start >= end {
            return 0..0;
        }
        let samples = self.frames.samples();
        (start.saturating_sub(SOUNDS_ON) / samples) as usize..end.div_ceil(samples) as usize
    }

    /// All frames that are emptied, in order.
    fn replaced(&self, spans: &[Vec<Range<u64>>]) -> impl Iterator<Item = Frame> + '_ {
        let mut numbers: Vec<_> = spans.iter().flatten().map(|span| self.frames_of(span)).filter(|numbers| !numbers.is_empty()).collect();
        numbers.sort_by_key(|numbers| numbers.start);
        let mut next = 0;
        numbers
            .into_iter()
            .flat_map(move |numbers| {
                let numbers = numbers.start.max(next)..numbers.end;
                next = next.max(numbers.end);
                numbers
            })
            .map_while(|number| self.frames.get(number))
    }
}

impl Coded for Mp3 {
    fn form(&self) -> &Form {
        &self.form
    }

    fn decoder<'a>(&'a self, file: Box<dyn ReadSeek + Send + 'a>, from: u64) -> Result<Box<dyn Decoder + 'a>, CodecError> {
        Ok(Box::new(decode::Mp3Reader::new(self, file, from)?))
    }

    fn reach(&self, _channel: u8, span: Range<u64>) -> Range<u64> {
        let numbers = self.frames_of(&span);
        if numbers.is_empty() {
            return span.start..span.start;
        }
        let samples = self.frames.samples();
        let start = (numbers.start as u64 * samples).saturating_sub(self.skip);
        let end = (numbers.end as u64 * samples + SOUNDS_ON).saturating_sub(self.skip);
        start..end.min(self.form.frames)
    }

    fn joint(&self) -> bool {
        true
    }

    fn rewrite(
        &self,
        file: &mut dyn ReadSeek,
        spans: &[Vec<Range<u64>>],
        _level: &mut dyn FnMut(u8, u64) -> f32,
        to: &mut dyn WriteSeek,
    ) -> Result<(), CodecError> {
        rewrite::rewrite(self, file, spans, to)
    }

    fn changed(&self, spans: &[Vec<Range<u64>>]) -> Vec<Change> {
        rewrite::changed(self, spans)
    }
}

fn malformed(at: u64, what: String) -> CodecError {
    CodecError::Malformed { format: "MP3", what, at }
}

fn unsupported(what: String) -> CodecError {
    CodecError::Unsupported { format: "MP3", what }
}
