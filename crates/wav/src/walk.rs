//! The walk over the chunks of a file: follows them to the true end, and decides what the bytes are that no chunk claims.
//!
//! The lengths of chunks are followed; the length of the form is only compared at the end. Rules for what does not fit:
//!
//! - *Data longer than the file*, or of unknown length (all ones): the data go on to the end of the file.
//! - *Bytes behind the data that are no chunk* (identifier not printable, or too long for the file): a recorder died before it corrected the
//!   length, or the length wrapped at 4 GiB. They are data, provided that the declared length is whole frames and no chunk lies between;
//!   otherwise nobody looks at them, and the file is refused. Data of length 0 are the same case.
//! - *A chunk behind the data* is believed if it fits, or if the file was cut within it: it has a registered name, or ends just where the
//!   form does. Where the file may have been cut but this does not tell, it is refused. Audio is not taken for a chunk by chance: it would
//!   need four printable bytes, then a length that fits and leads to the next chunk or to the end of the file.
//! - *Fewer than eight bytes* behind a closed chunk, and zeros alone where anything else would be refused, are no audio that anyone could
//!   read: noted and kept.
//! - *Odd chunks* are followed by a pad byte; where no chunk starts behind it but one starts right on it, it was forgotten.
//! - *Two formats, two data chunks, a second form, `LIST` of type `wavl`*: refused.

use std::io::{Read, Seek};

use crate::error::{Malformed, Unsupported, WavError};
use crate::format::{FMT_BYTES, Format};
use crate::note::Note;
use crate::riff::{Chunk, Container, DATA, FIRST_CHUNK, FMT, Form, FourCc, HEADER, Header, MAX_CHUNKS, is_placeholder};
use crate::source::Source;

/// Chunks behind the data whose names are proof enough that they are chunks, even where the file ends within them.
const REGISTERED: [&[u8; 4]; 24] = [
    b"LIST", b"fact", b"cue ", b"plst", b"smpl", b"inst", b"bext", b"iXML", b"axml", b"chna", b"JUNK", b"junk", b"PAD ", b"FLLR", b"id3 ",
    b"ID3 ", b"PEAK", b"cart", b"acid", b"DISP", b"levl", b"umid", b"_PMX", b"afsp",
];
const LIST: FourCc = FourCc(*b"LIST");

/// What a walk has found.
pub(crate) struct Walk {
    pub container: Container,
    pub format: Format,
    /// The `data` chunk, as far as it is in the file.
    pub data: Chunk,
    pub chunks: Vec<Chunk>,
    pub notes: Vec<Note>,
    pub file_len: u64,
}

impl Walk {
    /// Walks a file from its first byte to its last.
    pub fn run<R: Read + Seek>(source: &mut Source<'_, R>) -> Result<Self, WavError> {
        let form = Form::read(source)?;
        let mut walker = Walker { form, source, at: FIRST_CHUNK, format: None, data: None, chunks: Vec::new(), notes: Vec::new() };
        while walker.at < walker.source.len && walker.step()? {}
        walker.finish()
    }
}

/// A data chunk: which of the chunks it is, and what it declared.
#[derive(Clone, Copy)]
struct Data {
    index: usize,
    declared: u64,
}

struct Walker<'w, 's, R> {
    form: Form,
    source: &'w mut Source<'s, R>,
    /// Where the next chunk should start.
    at: u64,
    format: Option<Format>,
    data: Option<Data>,
    chunks: Vec<Chunk>,
    notes: Vec<Note>,
}

impl<R: Read + Seek> Walker<'_, '_, R> {
    /// Takes one chunk, or whatever stands in its place; false where nothing can follow.
    fn step(&mut self) -> Result<bool, WavError> {
        let header = self.form.header(self.source, self.at)?;
        let Some(header) = header.filter(|header| header.id.is_printable()) else {
            return self.tail(None);
        };
        let offset = header.offset;
        match &header.id.0 {
            b"RIFF" | b"RF64" | b"BW64" | b"RIFX" => return Err(Malformed::SecondForm { offset: self.at }.into()),
            b"fmt " if self.format.is_some() => return Err(Malformed::Repeated { id: FMT, offset }.into()),
            b"data" if self.data.is_some() => return Err(Malformed::Repeated { id: DATA, offset }.into()),
            b"data" if self.format.is_none() => return Err(Malformed::DataBeforeFmt { offset }.into()),
            b"data" => return self.data(&header),
            _ => {}
        }
        let Some(len) = header.fitting() else {
            return self.tail(Some(&header));
        };
        match header.id {
            FMT => {
                let bytes: [u8; FMT_BYTES] = self.source.read(offset)?;
                let mut fields = [0; FMT_BYTES];
                fields.iter_mut().zip(bytes).take(len.min(FMT_BYTES as u64) as usize).for_each(|(to, from)| *to = from);
                let (format, note) = Format::parse(&fields, len)?;
                self.format = Some(format);
                self.notes.extend(note);
            }
            LIST if len >= 4 && self.source.read(offset)? == *b"wavl" => return Err(Unsupported::WaveList { offset }.into()),
            _ => {}
        }
        self.take(Chunk { id: header.id, offset, len })?;
        Ok(true)
    }

    /// Takes the data chunk, as far as the file goes.
    fn data(&mut self, header: &Header) -> Result<bool, WavError> {
        let room = header.room;
        self.data = Some(Data { index: self.chunks.len(), declared: header.declared.unwrap_or(room) });
        if let Some(len) = header.fitting() {
            self.take(Chunk { id: DATA, offset: header.offset, len })?;
            return Ok(true);
        }
        self.notes.push(match header.declared {
            Some(declared) if !is_placeholder(declared) => Note::DataCutShort { declared, present: room },
            _ => Note::StreamedHeader,
        });
        self.push(Chunk { id: DATA, offset: header.offset, len: room })?;
        Ok(false)
    }

    /// Records a whole chunk and moves behind it and its pad byte.
    fn take(&mut self, chunk: Chunk) -> Result<(), WavError> {
        self.push(chunk)?;
        self.at = chunk.range().end;
        if chunk.len % 2 == 1 {
            let padded = self.at.saturating_add(1);
            if self.at == self.source.len || (!self.starts_chunk(padded)? && self.starts_chunk(self.at)?) {
                self.notes.push(Note::MissingPad { id: chunk.id });
            } else {
                self.at = padded;
            }
        }
        Ok(())
    }

    fn push(&mut self, chunk: Chunk) -> Result<(), WavError> {
        if self.chunks.len() == MAX_CHUNKS {
            return Err(Malformed::TooManyChunks.into());
        }
        self.chunks.push(chunk);
        Ok(())
    }

    /// Whether a chunk can be believed to start at `at`; the end of the file is as good as one.
    fn starts_chunk(&mut self, at: u64) -> Result<bool, WavError> {
        if at == self.source.len {
            return Ok(true);
        }
        let header = self.form.header(self.source, at)?;
        Ok(header.is_some_and(|header| {
            header.id.is_printable() && (header.fitting().is_some() || header.id == DATA || is_registered(header.id))
        }))
    }

    /// Decides what the bytes from here to the end are: they are no whole chunk. `cut` is the header of one that is too long.
    fn tail(&mut self, cut: Option<&Header>) -> Result<bool, WavError> {
        let (offset, bytes) = (self.at, self.source.len - self.at);
        let Some(data) = self.data else {
            return Err(match cut {
                Some(&Header { id, offset, declared, room }) => {
                    Malformed::ChunkPastEnd { id, offset, declared: declared.unwrap_or(u64::from(u32::MAX)), room }.into()
                }
                None if bytes < HEADER => self.missing().into(),
                None => Malformed::ChunkId { offset }.into(),
            });
        };
        let end_of_cut = cut.and_then(|header| header.declared.and_then(|len| header.offset.checked_add(len)));
        if let Some(header) = cut {
            let ends_form = end_of_cut.is_some_and(|end| self.form.end.is_some_and(|form| form == end || form == end.saturating_add(1)));
            if is_registered(header.id) || ends_form {
                let declared = header.declared.unwrap_or(u64::from(u32::MAX));
                self.notes.push(Note::ChunkCutShort { id: header.id, declared, present: header.room });
                self.push(Chunk { id: header.id, offset: header.offset, len: header.room })?;
                return Ok(false);
            }
        }
        let data_is_last = data.index + 1 == self.chunks.len();
        let open = data.declared == 0 && data_is_last;
        if bytes < HEADER && !open {
            return Ok(self.trailing(offset, bytes));
        }
        // A form that goes on past the end of the file and has room for this chunk: the file may have been cut within it.
        let form_is_cut = self.form.end.filter(|end| *end > self.source.len && !is_placeholder(*end));
        let ambiguous = form_is_cut.is_some_and(|form| end_of_cut.is_some_and(|end| end <= form));
        let whole_frames = self.format.is_some_and(|format| data.declared % u64::from(format.frame_bytes()) == 0);
        let Some(chunk) = self.chunks.get_mut(data.index).filter(|_| data_is_last && whole_frames && !ambiguous) else {
            if self.source.is_zero_from(offset)? {
                return Ok(self.trailing(offset, bytes));
            }
            return Err(Malformed::UnreadTail { offset, bytes }.into());
        };
        chunk.len = self.source.len - chunk.offset;
        self.notes.push(if open { Note::StreamedHeader } else { Note::DataGoesOn { declared: data.declared, present: chunk.len } });
        Ok(false)
    }

    /// Leaves the bytes from `offset` to the end out; nothing can follow.
    fn trailing(&mut self, offset: u64, bytes: u64) -> bool {
        self.notes.push(Note::TrailingBytes { offset, bytes });
        false
    }

    fn missing(&self) -> Malformed {
        Malformed::MissingChunk { id: if self.format.is_none() { FMT } else { DATA } }
    }

    /// Compares the whole with what the form declares.
    fn finish(mut self) -> Result<Walk, WavError> {
        let (Some(format), Some(data)) = (self.format, self.data.and_then(|data| self.chunks.get(data.index).copied())) else {
            return Err(self.missing().into());
        };
        let last = self.chunks.last().copied().unwrap_or(data);
        let end = last.range().end;
        let explained = self.notes.iter().any(|note| {
            matches!(note, Note::StreamedHeader | Note::DataCutShort { .. } | Note::DataGoesOn { .. } | Note::ChunkCutShort { .. })
        });
        match self.form.end {
            _ if explained => {}
            None => self.notes.push(Note::StreamedHeader),
            Some(declared) if [end, end.saturating_add(last.len % 2), self.source.len].contains(&declared) => {}
            Some(declared) if declared > self.source.len && is_placeholder(declared) => self.notes.push(Note::StreamedHeader),
            Some(declared) => self.notes.push(Note::FormLength { declared: declared - HEADER, present: end - HEADER }),
        }
        let partial = data.len % u64::from(format.frame_bytes());
        if partial != 0 {
            self.notes.push(Note::TrailingPartialFrame { bytes: partial });
        }
        Ok(Walk { container: self.form.container, format, data, chunks: self.chunks, notes: self.notes, file_len: self.source.len })
    }
}

fn is_registered(id: FourCc) -> bool {
    REGISTERED.contains(&&id.0)
}
