//! The bones of a RIFF file: identifiers, chunk headers, the form that encloses them, and the 64-bit lengths of RF64 and BW64.
//!
//! Reads single headers at offsets; the walk over them is `walk`. Nothing is allocated by a length that a file
//! declares. Sources: RIFF specification 1.0; EBU Tech 3306 (`ds64` comes first, 32-bit lengths of 0xFFFFFFFF are looked up there).

use std::fmt;
use std::io::{self, Read, Seek};
use std::ops::Range;

use crate::error::{Malformed, Unsupported, WavError};
use crate::source::Source;

/// Most chunks of one file; sound files have a dozen.
pub const MAX_CHUNKS: usize = 4_096;
/// Bytes of a chunk header: identifier and length.
pub(crate) const HEADER: u64 = 8;
pub(crate) const FMT: FourCc = FourCc(*b"fmt ");
pub(crate) const DATA: FourCc = FourCc(*b"data");
const DS64: FourCc = FourCc(*b"ds64");
/// The 32-bit length that says "look it up in `ds64`" in RF64 and BW64, and "not known yet" in RIFF.
const UNKNOWN_32: u32 = u32::MAX;
/// Fixed part of `ds64`: three 64-bit lengths and the number of table entries.
const DS64_BYTES: u64 = 28;
/// Bytes of one entry of the `ds64` table: identifier and length.
const DS64_ENTRY: u64 = 12;

/// A four-character code. `Display` escapes what is not printable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FourCc(pub [u8; 4]);

impl FourCc {
    /// Whether it could be a chunk's: four printable ASCII characters.
    pub(crate) fn is_printable(self) -> bool {
        self.0.iter().all(|byte| (0x20..=0x7E).contains(byte))
    }
}

impl fmt::Display for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

/// The kind of form that holds the chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// 32-bit lengths.
    Riff,
    /// EBU Tech 3306: 64-bit lengths in `ds64`.
    Rf64,
    /// ITU-R BS.2088: as RF64.
    Bw64,
}

impl Container {
    /// The name used in reports: `RIFF`, `RF64`, `BW64`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Riff => "RIFF",
            Self::Rf64 => "RF64",
            Self::Bw64 => "BW64",
        }
    }
}

/// A chunk of the file, header and pad byte apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Its identifier.
    pub id: FourCc,
    /// Where its contents start.
    pub offset: u64,
    /// Bytes of it that are in the file.
    pub len: u64,
}

impl Chunk {
    /// Its bytes in the file.
    #[must_use]
    pub const fn range(self) -> Range<u64> {
        self.offset..self.offset + self.len
    }
}

/// A chunk header as it stands: what it declares may not be true.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub id: FourCc,
    /// Where the contents start.
    pub offset: u64,
    /// Declared length; `None` where it was left open.
    pub declared: Option<u64>,
    /// Bytes of the file behind the header.
    pub room: u64,
}

impl Header {
    /// The declared length, where the file is long enough for it.
    pub fn fitting(&self) -> Option<u64> {
        self.declared.filter(|len| *len <= self.room)
    }
}

/// The form that encloses the chunks, and the lengths that it declares.
pub(crate) struct Form {
    pub container: Container,
    /// Where the form says that it ends; `None` where that was left open.
    pub end: Option<u64>,
    ds64: Option<Ds64>,
}

/// Where the first chunk of a form starts.
pub(crate) const FIRST_CHUNK: u64 = 12;

impl Form {
    pub fn read<R: Read + Seek>(source: &mut Source<'_, R>) -> Result<Self, WavError> {
        let head: [u8; FIRST_CHUNK as usize] = source.read(0)?;
        let container = match &array_at(&head, 0) {
            b"RIFF" => Container::Riff,
            b"RF64" => Container::Rf64,
            b"BW64" => Container::Bw64,
            b"RIFX" => return Err(Unsupported::Container { name: "RIFX (big-endian)" }.into()),
            b"riff" => return Err(Unsupported::Container { name: "Sony Wave64" }.into()),
            b"FORM" => return Err(Unsupported::Container { name: "AIFF" }.into()),
            b".snd" => return Err(Unsupported::Container { name: "AU" }.into()),
            b"fLaC" => return Err(Unsupported::Container { name: "FLAC" }.into()),
            b"OggS" => return Err(Unsupported::Container { name: "Ogg" }.into()),
            b"#!AM" => return Err(Unsupported::Container { name: "AMR" }.into()),
            _ => return Err(Malformed::NotWave.into()),
        };
        if source.len < FIRST_CHUNK {
            return Err(Malformed::TooShort { len: source.len }.into());
        }
        if array_at(&head, 8) != *b"WAVE" {
            return Err(Malformed::NotWave.into());
        }
        let ds64 = if container == Container::Riff { None } else { Some(Ds64::read(source)?) };
        let declared = match (u32::from_le_bytes(array_at(&head, 4)), &ds64) {
            (UNKNOWN_32, Some(ds64)) => ds64.form,
            (UNKNOWN_32 | 0, _) => None,
            (len, _) => Some(u64::from(len)),
        };
        // An end beyond 64 bits is as good as none.
        Ok(Self { container, end: declared.and_then(|len| len.checked_add(HEADER)), ds64 })
    }

    /// The chunk header at `offset`; `None` where fewer than eight bytes are left.
    pub fn header<R: Read + Seek>(&self, source: &mut Source<'_, R>, offset: u64) -> io::Result<Option<Header>> {
        let Some(room) = source.len.checked_sub(offset).and_then(|left| left.checked_sub(HEADER)) else {
            return Ok(None);
        };
        let bytes: [u8; HEADER as usize] = source.read(offset)?;
        let id = FourCc(array_at(&bytes, 0));
        let declared = match (u32::from_le_bytes(array_at(&bytes, 4)), &self.ds64) {
            (UNKNOWN_32, Some(ds64)) => ds64.len_of(id),
            (UNKNOWN_32, None) => None,
            (len, _) => Some(u64::from(len)),
        };
        Ok(Some(Header { id, offset: offset + HEADER, declared, room }))
    }
}

/// The 64-bit lengths of RF64 and BW64.
struct Ds64 {
    form: Option<u64>,
    data: Option<u64>,
    table: Vec<(FourCc, u64)>,
}

impl Ds64 {
    fn read<R: Read + Seek>(source: &mut Source<'_, R>) -> Result<Self, WavError> {
        let head: [u8; (HEADER + DS64_BYTES) as usize] = source.read(FIRST_CHUNK)?;
        if FourCc(array_at(&head, 0)) != DS64 {
            return Err(Malformed::MissingChunk { id: DS64 }.into());
        }
        let len = u64::from(u32::from_le_bytes(array_at(&head, 4)));
        let room = source.len.saturating_sub(FIRST_CHUNK + HEADER);
        if len > room {
            return Err(Malformed::ChunkPastEnd { id: DS64, offset: FIRST_CHUNK + HEADER, declared: len, room }.into());
        }
        if len < DS64_BYTES {
            return Err(Malformed::ChunkTooShort { id: DS64, len, needed: DS64_BYTES }.into());
        }
        let entries = u32::from_le_bytes(array_at(&head, 32));
        let fitting = ((len - DS64_BYTES) / DS64_ENTRY).min(MAX_CHUNKS as u64);
        if u64::from(entries) > fitting {
            return Err(Malformed::Ds64Table { declared: entries, room: fitting }.into());
        }
        let mut table = Vec::new();
        for entry in 0..u64::from(entries) {
            let bytes: [u8; DS64_ENTRY as usize] = source.read(FIRST_CHUNK + HEADER + DS64_BYTES + entry * DS64_ENTRY)?;
            table.push((FourCc(array_at(&bytes, 0)), u64::from_le_bytes(array_at(&bytes, 4))));
        }
        let length = |at| Some(u64::from_le_bytes(array_at(&head, at))).filter(|len| *len != u64::MAX);
        Ok(Self { form: length(8).filter(|len| *len != 0), data: length(16), table })
    }

    /// The 64-bit length of a chunk; `None` where it was left open.
    fn len_of(&self, id: FourCc) -> Option<u64> {
        if id == DATA { self.data } else { self.table.iter().find(|(entry, _)| *entry == id).map(|(_, len)| *len) }
    }
}

/// Whether a length that the file does not have is what writers put that cannot seek back: all ones, or about 2 GiB (SoX writes
/// 0x7FFFF000 and its header on top, alsa-utils 0x7FFFFFFF or 0x80000000), cut to whole frames of at most 64 bytes.
pub(crate) fn is_placeholder(len: u64) -> bool {
    const FRAME: u64 = 64;
    (0x7FFF_F000 - FRAME..=0x8000_0000 + FRAME).contains(&len) || (0xFFFF_FFFF - FRAME..=0xFFFF_FFFF).contains(&len)
}

/// `N` bytes of a header at an offset known to lie in it.
pub(crate) fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.iter_mut().zip(bytes.iter().skip(at)).for_each(|(to, from)| *to = *from);
    array
}
