//! RIFF WAVE as far as block codecs need it: `fmt ` with its extension, `fact`, and where `data` lies; the file is walked to its true end or refused.
//!
//! `cardhush-wav` reads codings of single samples and refuses these by name; its rules are kept where they fit, and stricter where a block
//! codec leaves more open: data that are longer than the file are not a recording to be read as far as it goes, but one that ends within a
//! block, and bytes that no chunk claims are never taken for data that go on. So:
//!
//! - *Before `fmt `* nothing is known of the codec: whatever is wrong there is left to others to refuse.
//! - *Data longer than the file*, or a form that is longer: [`CodecError::Truncated`]. A length that was left open (all ones, about 2 GiB, or 0
//!   with no chunk behind it), as by writers that cannot seek: the data go on to the end of the file, with a note.
//! - *Behind the data* chunks are followed. Fewer than eight bytes, or zeros alone, are noted; anything else is refused.
//! - *A second `fmt `, `fact`, `data` or form, and `LIST` of type `wavl`* (data in pieces): refused.
//! - *`fact`* is not believed where it says less than the blocks hold: SoX, libsndfile and FFmpeg play all of the last block whatever it says, so
//!   all of it is read. It tells a last block that was written short from one that was cut. Where it says something that the last block
//!   cannot mean (libsndfile puts half the samples for two channels of IMA ADPCM), there is a note.
//!
//! Sources: RIFF specification 1.0 and "New multimedia data types and data techniques" (Microsoft, 1994), `fact` and WAVEFORMATEX.

use std::io::SeekFrom;
use std::ops::Range;

use crate::blocks::Blocks;
use crate::source::read_at;
use crate::{CodecError, Coded, ReadSeek, adpcm, gsm};

/// Name of the container, in reports and errors.
pub(crate) const RIFF: &str = "RIFF";
/// Most chunks of one file, as in `cardhush-wav`; sound files have a dozen.
const MAX_CHUNKS: usize = 4_096;
/// Bytes of `fmt ` that are read: WAVEFORMATEX, and the longest extension that is understood (MS ADPCM with 256 pairs of coefficients).
const FMT_BYTES: u64 = 18 + 4 + 256 * 4;

const IMA_ADPCM: u16 = 0x0011;
const MS_ADPCM: u16 = 0x0002;
const GSM_610: u16 = 0x0031;

/// A WAVE form of a block codec.
pub(crate) struct Wave {
    /// Channels, as declared.
    pub channels: u16,
    /// Samples a second.
    pub rate_hz: u32,
    /// Bytes of a block.
    pub block_bytes: u16,
    /// Bits of a coded sample.
    pub bits: u16,
    /// The extension of `fmt `, behind its length.
    pub extra: Vec<u8>,
    /// Bytes of the data that are in the file.
    pub data: Range<u64>,
    /// Samples a channel that `fact` declares.
    pub fact: Option<u64>,
    /// Whether the length of the data was left open.
    pub streamed: bool,
    /// What was accepted against the header.
    pub notes: Vec<String>,
    /// Length of the file.
    pub file_len: u64,
}

/// Opens a WAVE file of one of the block codecs; `None` where it is none of them.
pub(crate) fn open(file: &mut dyn ReadSeek) -> Result<Option<Box<dyn Coded>>, CodecError> {
    let Some((tag, wave)) = parse(file)? else { return Ok(None) };
    Ok(Some(match tag {
        GSM_610 => Box::new(gsm::Gsm::from_wave(wave, file)?),
        IMA_ADPCM => Box::new(adpcm::Adpcm::ima(wave, file)?),
        _ => Box::new(adpcm::Adpcm::ms(wave, file)?),
    }))
}

impl Wave {
    /// Where its blocks lie, and how many samples a channel they hold. `partial` gives the samples of a last block that is only so many bytes
    /// long, 0 where there are none, and `None` where no block ends there.
    pub fn blocks(&mut self, frames: u64, partial: impl Fn(u64) -> Option<u64>) -> Result<(Blocks, u64), CodecError> {
        let bytes = u64::from(self.block_bytes).max(1);
        let len = self.data.end - self.data.start;
        let rest = len % bytes;
        let whole = (len / bytes).saturating_mul(frames);
        let truncated = CodecError::Truncated { format: RIFF, at: self.data.end };
        let last = if rest == 0 { Some(0) } else { partial(rest) };
        let capacity = match last {
            Some(0) if rest > 0 && !self.streamed => {
                // SoX counts the pad byte of an odd length of WAV49.
                self.notes.push(format!("behind the last block the data go on, too short for a sample, for {rest} of {bytes} bytes"));
                self.data.end -= rest;
                whole
            }
            Some(0) if rest == 0 => whole,
            // Only `fact` tells a last block that was written short from one that was cut.
            Some(last) if self.fact.is_some_and(|fact| fact > whole && fact <= whole.saturating_add(last)) => whole.saturating_add(last),
            _ => return Err(truncated),
        };
        match self.fact {
            Some(fact) if fact > capacity && self.streamed => return Err(truncated),
            Some(fact) if fact > capacity || (capacity - fact >= frames && fact != capacity) => {
                self.notes.push(format!("`fact` declares {fact} samples, the blocks hold {capacity}: all of them were read"));
            }
            _ => {}
        }
        Ok((Blocks { data: self.data.clone(), bytes, frames, file_len: self.file_len }, capacity))
    }
}

/// Walks the file; `None` where it is no WAVE of a block codec.
fn parse(file: &mut dyn ReadSeek) -> Result<Option<(u16, Wave)>, CodecError> {
    let len = file.seek(SeekFrom::End(0))?;
    let Some([form, kind]) = pair(file, 0, len)? else { return Ok(None) };
    let mut wave_id = [0; 4];
    if &form != b"RIFF" || len < 12 {
        return Ok(None);
    }
    read_at(file, 8, &mut wave_id)?;
    if &wave_id != b"WAVE" {
        return Ok(None);
    }
    let form_end = match u32::from_le_bytes(kind) {
        0 => None,
        declared => Some(u64::from(declared) + 8).filter(|end| *end <= len || !is_placeholder(end - 8)),
    };
    let Some((tag, wave, at)) = find_format(file, len)? else { return Ok(None) };
    let mut walk = Walk { wave, len, at, form_end, data: false, odd_end: false };
    for _ in 0..MAX_CHUNKS {
        if walk.at >= len || !walk.step(file)? {
            return walk.finish().map(|wave| Some((tag, wave)));
        }
    }
    Err(malformed(format!("more than {MAX_CHUNKS} chunks"), walk.at))
}

/// The first `fmt `, and where the chunk behind it starts; `None` where there is none or it is of another codec.
fn find_format(file: &mut dyn ReadSeek, len: u64) -> Result<Option<(u16, Wave, u64)>, CodecError> {
    let mut at = 12;
    for _ in 0..MAX_CHUNKS {
        let Some([id, size]) = pair(file, at, len)? else { return Ok(None) };
        let (start, size) = (at + 8, u64::from(u32::from_le_bytes(size)));
        if !is_printable(id) || size > len - start || &id == b"data" {
            return Ok(None);
        }
        at = start + size + size % 2;
        if &id != b"fmt " {
            continue;
        }
        let mut fmt = vec![0; usize::try_from(size.min(FMT_BYTES)).unwrap_or_default()];
        read_at(file, start, &mut fmt)?;
        let word = |at: usize| fmt.get(at..at + 2).map_or(0, |two| two.iter().rev().fold(0, |value, byte| value << 8 | u16::from(*byte)));
        let tag = word(0);
        if fmt.len() < 16 || ![GSM_610, IMA_ADPCM, MS_ADPCM].contains(&tag) {
            return Ok(None);
        }
        let extra = fmt.get(18..).unwrap_or_default().iter().take(word(16).into()).copied().collect();
        let rate_hz = u32::from(word(4)) | u32::from(word(6)) << 16;
        let (channels, block_bytes, bits) = (word(2), word(12), word(14));
        let wave =
            Wave { channels, rate_hz, block_bytes, bits, extra, data: 0..0, fact: None, streamed: false, notes: Vec::new(), file_len: len };
        return Ok(Some((tag, wave, at)));
    }
    Ok(None)
}

/// The walk over the chunks behind `fmt `.
struct Walk {
    wave: Wave,
    len: u64,
    at: u64,
    form_end: Option<u64>,
    data: bool,
    /// Whether the last chunk ends with the file, without the pad byte that it needs.
    odd_end: bool,
}

impl Walk {
    /// Takes one chunk, or says what stands in its place; false where nothing can follow.
    fn step(&mut self, file: &mut dyn ReadSeek) -> Result<bool, CodecError> {
        let at = self.at;
        let header = pair(file, at, self.len)?.filter(|[id, _]| is_printable(*id));
        let Some([id, size]) = header else { return self.tail(file) };
        let (start, size) = (at + 8, u64::from(u32::from_le_bytes(size)));
        let room = self.len - start;
        let second = match &id {
            b"RIFF" | b"RIFX" | b"RF64" | b"BW64" | b"fmt " => true,
            b"data" => self.data,
            b"fact" => self.wave.fact.is_some(),
            _ => false,
        };
        if second {
            return Err(malformed(format!("a second `{}`: only one may be there", id.escape_ascii()), at));
        }
        if &id == b"data" {
            self.data = true;
            let open = (size > room && is_placeholder(size)) || (size == 0 && room > 0 && !starts_chunk(file, start, self.len)?);
            if open {
                self.wave.streamed = true;
                self.wave.notes.push(
                    "streamed header: the length of the data was never filled in, so they were read to the end of the file".to_owned(),
                );
                self.wave.data = start..self.len;
                self.at = self.len;
                return Ok(false);
            }
            if size > room {
                return Err(CodecError::Truncated { format: RIFF, at: self.len });
            }
            self.wave.data = start..start + size;
        } else if size > room {
            return Err(malformed(format!("chunk `{}` declares {size} bytes: the file has {room} left", id.escape_ascii()), at));
        }
        let mut four = [0; 4];
        match &id {
            b"fact" if size >= 4 => {
                read_at(file, start, &mut four)?;
                self.wave.fact = Some(u32::from_le_bytes(four).into());
            }
            b"LIST" if size >= 4 => {
                read_at(file, start, &mut four)?;
                if &four == b"wavl" {
                    return Err(CodecError::Unsupported {
                        format: RIFF,
                        what: "`LIST` of type `wavl`: data in pieces are not read".to_owned(),
                    });
                }
            }
            _ => {}
        }
        self.at = start + size;
        if size % 2 == 1 {
            let padded = self.at + 1;
            self.odd_end = self.at == self.len;
            if self.odd_end || (!starts_chunk(file, padded, self.len)? && starts_chunk(file, self.at, self.len)?) {
                self.wave.notes.push(format!("chunk `{}` has an odd length and no pad byte", id.escape_ascii()));
            } else {
                self.at = padded;
            }
        }
        Ok(true)
    }

    /// Decides what the bytes from here to the end are: no chunk.
    fn tail(&mut self, file: &mut dyn ReadSeek) -> Result<bool, CodecError> {
        let (at, bytes) = (self.at, self.len - self.at);
        if !self.data {
            return Err(malformed("no chunk starts here, and no `data` came before".to_owned(), at));
        }
        if bytes >= 8 && !is_zero(file, at..self.len)? {
            return Err(malformed(format!("{bytes} bytes to the end belong to no chunk: they may hold audio"), at));
        }
        self.wave.notes.push(format!("{bytes} bytes from byte {at} to the end belong to no chunk"));
        Ok(false)
    }

    /// Compares the whole with what the form declares.
    fn finish(mut self) -> Result<Wave, CodecError> {
        let len = self.len;
        match self.form_end {
            Some(end) if end > len && !(self.odd_end && end == len + 1) => {
                return Err(CodecError::Truncated { format: RIFF, at: len });
            }
            _ if !self.data => return Err(malformed("no `data` chunk".to_owned(), len)),
            Some(end) if end < len && end != self.at && !self.wave.streamed => {
                self.wave.notes.push(format!("the form declares {} bytes, its chunks have {}", end - 8, self.at.saturating_sub(8)));
            }
            _ => {}
        }
        Ok(self.wave)
    }
}

/// Identifier and length of the chunk at `at`; `None` where fewer than eight bytes are left.
fn pair(file: &mut dyn ReadSeek, at: u64, len: u64) -> Result<Option<[[u8; 4]; 2]>, CodecError> {
    if len.saturating_sub(at) < 8 {
        return Ok(None);
    }
    let (mut id, mut size) = ([0; 4], [0; 4]);
    read_at(file, at, &mut id)?;
    read_at(file, at + 4, &mut size)?;
    Ok(Some([id, size]))
}

/// Whether a chunk can be believed to start at `at`; the end of the file is as good as one.
fn starts_chunk(file: &mut dyn ReadSeek, at: u64, len: u64) -> Result<bool, CodecError> {
    if at == len {
        return Ok(true);
    }
    Ok(pair(file, at, len)?
        .is_some_and(|[id, size]| is_printable(id) && (&id == b"data" || u64::from(u32::from_le_bytes(size)) <= len - at - 8)))
}

fn is_zero(file: &mut dyn ReadSeek, range: Range<u64>) -> Result<bool, CodecError> {
    let mut at = range.start;
    let mut block = [0; 4_096];
    while at < range.end {
        let part = usize::try_from(range.end - at).unwrap_or(usize::MAX).min(block.len());
        let part = block.get_mut(..part).unwrap_or_default();
        read_at(file, at, part)?;
        if part.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        at += part.len() as u64;
    }
    Ok(true)
}

fn is_printable(id: [u8; 4]) -> bool {
    id.iter().all(|byte| (0x20..=0x7E).contains(byte))
}

/// Whether a length that the file does not have is what writers put that cannot seek back, as in `cardhush-wav`: all ones, or about 2 GiB (SoX
/// writes 0x7FFFF000 and its header on top, alsa-utils 0x7FFFFFFF or 0x80000000), cut to whole blocks.
fn is_placeholder(len: u64) -> bool {
    const BLOCK: u64 = 4_096;
    (0x7FFF_F000 - BLOCK..=0x8000_0000 + BLOCK).contains(&len) || (0xFFFF_FFFF - BLOCK..=0xFFFF_FFFF).contains(&len)
}

fn malformed(what: String, at: u64) -> CodecError {
    CodecError::Malformed { format: RIFF, what, at }
}
