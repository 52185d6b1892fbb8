//! Ogg Opus files: a packet that a span meets is replaced by a packet of silence that lasts as long, and its page is written anew; all other packets stay as they are.
//!
//! **What stands in a span** is CELT frames at full bandwidth with the silence flag (RFC 6716, 4.3): they empty the CELT layer's overlap, band energies and post-filter, and make the SILK layer begin anew when it comes back. They are no function of what they
//! replace, not by their length either. Never a packet without data: a decoder would go on with what was before it. Silence at every level, since noise of a level would be the encoder's to shape.
//!
//! **Which packets.** All that lie in a span or end up to 10 ms before it: a packet sounds on through an overlap of 2.5 ms, and where SILK gives way to CELT the decoder goes on with what was before for 5 ms (RFC 6716, 4.5). And one more
//! behind the span, since a packet may hold the one before once more, at a lower rate, for decoders that lost it (in-band FEC, RFC 6716, 2.1.7). Deep redundancy of newer encoders reaches further back; it lies in padding, and files whose padding is not empty are refused.
//!
//! **Reach.** Opus never quite forgets: CELT predicts energies from those before, SILK excites its filters with what came out of them. Behind the last silence a decoder fades in, over some 100 ms. Measured with libopus on tones, which are the worst case,
//! CELT's difference to the original is 55 dB below it after 240 ms and none at all after 500 ms; SILK's stays between 30 and 55 dB below it, where tones go on, for seconds. Reach ends 500 ms behind the last replaced packet. [`Coded::decoder`]
//! decodes 2 s before its first sample, for the same reason: what it gives is then the tail of what it gives from the start, exactly for CELT, and with a difference as low for SILK.
//!
//! Pages keep their times, flags, numbers and serial; segment table, body and check are made anew. A replaced packet that lay on several pages lies on the last of them, and the page's mark of a continued packet goes with it.
//! Read is a file of one stream, mapping family 0 (mono or stereo), to the page that is marked as its last, with nothing behind it. Rate is 48 kHz; pre-skip and what the last page's time cuts off are left out, and the header's gain is applied.
//! Source: RFC 3533 (Ogg), RFC 7845 (Ogg Opus), RFC 6716 (Opus). Of other codecs in Ogg the name is told.

mod decode;
mod packet;
mod page;
mod rewrite;
mod scan;

use std::io::SeekFrom;
use std::ops::Range;

use crate::{Change, CodecError, Coded, Decoder, Form, ReadSeek, WriteSeek};

use scan::Stream;

/// Samples behind a packet in which it may still sound, with room.
const RINGS_ON: u64 = 480;
/// Samples until a decoder has forgotten, see the module.
const FORGETS: u64 = 24_000;
/// Samples that are decoded before the first that is wanted; RFC 7845, 4.6, asks for 3840 at least.
const PRE_ROLL: u64 = 96_000;

/// An Ogg Opus file that was parsed.
#[derive(Clone, Debug)]
pub struct Opus {
    form: Form,
    stream: Stream,
    file_len: u64,
}

impl Opus {
    /// Parses a file that may be Ogg; `start` is what it begins with. `None` where it is not.
    ///
    /// # Errors
    /// It is, and breaks the format, is of a kind that is not read, or ends within its audio.
    pub fn parse(file: &mut dyn ReadSeek, start: &[u8]) -> Result<Option<Self>, CodecError> {
        if !start.starts_with(b"OggS") {
            return Ok(None);
        }
        match page::codec(file)? {
            Some("Opus") => {}
            other => return Err(unsupported(format!("{} in Ogg; Opus is read", other.unwrap_or("a codec that is not known")))),
        }
        let file_len = file.seek(SeekFrom::End(0))?;
        let stream = scan::scan(file, file_len)?;
        let mut notes = Vec::new();
        if stream.odd_pages > 0 {
            notes.push(format!(
                "the times of {} pages do not follow from what lies on them; samples are counted as they are decoded",
                stream.odd_pages
            ));
        }
        let frames = stream.samples.saturating_sub(stream.trim).saturating_sub(stream.head.pre_skip.into());
        let form = Form { container: "Ogg", coding: "Opus", rate_hz: 48_000, channels: stream.head.channels, frames, notes };
        Ok(Some(Self { form, stream, file_len }))
    }

    /// The packets, by number, that are replaced for a span.
    fn packets_of(&self, span: &Range<u64>) -> Range<usize> {
        let pre_skip = u64::from(self.stream.head.pre_skip);
        let (start, end) = (span.start.min(self.form.frames) + pre_skip, span.end.min(self.form.frames) + pre_skip);
        if start >= end {
            return 0..0;
        }
        self.stream.holding(start.saturating_sub(RINGS_ON))..(self.stream.holding(end - 1) + 2).min(self.stream.packets())
    }

    /// All of them, sorted and disjoint.
    fn replaced(&self, spans: &[Vec<Range<u64>>]) -> Vec<Range<usize>> {
        let mut all: Vec<_> = spans.iter().flatten().map(|span| self.packets_of(span)).filter(|packets| !packets.is_empty()).collect();
        all.sort_by_key(|packets| packets.start);
        let mut joined: Vec<Range<usize>> = Vec::new();
        for packets in all {
            match joined.last_mut() {
                Some(last) if packets.start <= last.end => last.end = last.end.max(packets.end),
                _ => joined.push(packets),
            }
        }
        joined
    }
}

impl Coded for Opus {
    fn form(&self) -> &Form {
        &self.form
    }

    fn decoder<'a>(&'a self, file: Box<dyn ReadSeek + Send + 'a>, from: u64) -> Result<Box<dyn Decoder + 'a>, CodecError> {
        Ok(Box::new(decode::OpusReader::new(self, file, from)?))
    }

    fn reach(&self, _channel: u8, span: Range<u64>) -> Range<u64> {
        let packets = self.packets_of(&span);
        if packets.is_empty() {
            return span.start..span.start;
        }
        let pre_skip = u64::from(self.stream.head.pre_skip);
        let start = self.stream.start(packets.start).saturating_sub(pre_skip);
        let end = (self.stream.start(packets.end) + FORGETS).saturating_sub(pre_skip);
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
    CodecError::Malformed { format: "Ogg", what, at }
}

fn unsupported(what: String) -> CodecError {
    CodecError::Unsupported { format: "Ogg", what }
}
