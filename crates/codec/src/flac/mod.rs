//! FLAC files: a frame that a span meets is decoded, its samples in the span are replaced, and it is written anew; all others stay as they are.
//!
//! FLAC loses nothing, so what is replaced is the span to the sample, on its own channel: the other channels and the rest of the frame decode to the same samples as before, in the file's
//! own width, also where the frame coded two channels by their difference. [`Coded::reach`] is the span itself.
//!
//! Beside the frames, these bytes change, and only when frames do: STREAMINFO's least and greatest frame length, where they were known; its MD5, which is that of the new samples, or 0 (not known) where the file's was
//! 0 or did not fit its samples, since a new one would vouch for a file that was wrong before (and the old one is a digest of what must not be told); and the offsets of the seek table. All other metadata is kept.
//!
//! Read are native FLAC files of 8 to 24 bits and 1 to 8 channels, with an ID3v2 tag before and ID3 or APE tags behind them or without, to the last byte, where the samples are as many as STREAMINFO says or it does not
//! say. FLAC in Ogg is refused. Source: RFC 9639.

mod bits;
mod decode;
mod encode;
mod frame;
mod header;
mod rewrite;
mod scan;
mod subframe;

use std::io::SeekFrom;
use std::ops::Range;

use crate::{Change, CodecError, Coded, Decoder, Form, ReadSeek, WriteSeek};

use header::Header;
use scan::Frames;

/// A FLAC file that was parsed.
#[derive(Clone, Debug)]
pub struct Flac {
    form: Form,
    header: Header,
    frames: Frames,
    file_len: u64,
}

impl Flac {
    /// Parses a file that may be FLAC; `start` is what it begins with, 10 bytes at least where it has them. `None` where it is not FLAC.
    ///
    /// # Errors
    /// It is, and breaks the format, is of a kind that is not read, or ends within its audio.
    pub fn parse(file: &mut dyn ReadSeek, start: &[u8]) -> Result<Option<Self>, CodecError> {
        let Some(magic) = header::magic_at(file, start)? else { return Ok(None) };
        let file_len = file.seek(SeekFrom::End(0))?;
        let header = Header::read(file, magic)?;
        let frames = scan::scan(file, &header, file_len)?;
        let mut notes = Vec::new();
        if header.tagged {
            notes.push("an ID3v2 tag stands before the FLAC signature; it was kept".into());
        }
        if header.samples == 0 {
            notes.push("STREAMINFO does not say how many samples there are; the file was read to its end".into());
        }
        if frames.end() < file_len {
            notes.push(format!("{} bytes of tags stand behind the audio; they were kept", file_len - frames.end()));
        }
        let form =
            Form { container: "FLAC", coding: "FLAC", rate_hz: header.rate_hz, channels: header.channels, frames: frames.samples(), notes };
        Ok(Some(Self { form, header, frames, file_len }))
    }
}

impl Coded for Flac {
    fn form(&self) -> &Form {
        &self.form
    }

    fn decoder<'a>(&'a self, file: Box<dyn ReadSeek + Send + 'a>, from: u64) -> Result<Box<dyn Decoder + 'a>, CodecError> {
        Ok(Box::new(decode::FlacReader::new(self, &self.frames, file, from)))
    }

    fn reach(&self, _channel: u8, span: Range<u64>) -> Range<u64> {
        let end = span.end.min(self.form.frames);
        span.start.min(end)..end
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
        rewrite::rewrite(self, file, spans, level, to)
    }

    fn changed(&self, spans: &[Vec<Range<u64>>]) -> Vec<Change> {
        rewrite::changed(self, spans)
    }
}
