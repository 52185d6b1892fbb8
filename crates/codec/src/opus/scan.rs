//! The pages and packets of a file (RFC 7845): headers on pages of their own, then audio.

use std::ops::Range;

use crate::{CodecError, ReadSeek};

use super::packet::{duration, extended};
use super::page::Page;
use super::{malformed, unsupported};

/// Packets between two samples that are remembered.
const STRIDE: usize = 64;
/// Bytes of a packet at most: 48 frames of 1275, with their lengths.
const LONGEST: usize = 65_535;

/// What the first packet says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) channels: u8,
    /// Samples at 48 kHz to leave out at the start.
    pub(super) pre_skip: u16,
    /// In dB times 256.
    pub(super) gain: i16,
}

/// Where the audio lies: 4 bytes a packet, 12 a page.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) head: Head,
    /// Length and duration of each packet, in bytes and samples at 48 kHz.
    packets: Vec<(u16, u16)>,
    /// First sample of every [`STRIDE`]th packet.
    starts: Vec<u64>,
    /// First byte of each page of audio.
    pages: Vec<u64>,
    /// The first packet that has a part on each page.
    firsts: Vec<u32>,
    /// Of pages whose first packet began before, their number and how many of its bytes lie before.
    carried: Vec<(usize, usize)>,
    /// Byte after the last page.
    pub(super) end: u64,
    /// Samples of all packets, and of those, left out at the end.
    pub(super) samples: u64,
    pub(super) trim: u64,
    /// Pages whose time does not follow from what lies on them.
    pub(super) odd_pages: usize,
}

/// A part of a packet on a page.
pub(super) struct Part {
    pub(super) packet: usize,
    pub(super) len: usize,
    /// Whether the packet began on a page before, and whether it ends on this.
    pub(super) continued: bool,
    pub(super) ends: bool,
}

impl Stream {
    pub(super) fn packet(&self, index: usize) -> Option<(u16, u16)> {
        self.packets.get(index).copied()
    }

    pub(super) fn packets(&self) -> usize {
        self.packets.len()
    }

    /// First sample of a packet; of none, their end.
    pub(super) fn start(&self, index: usize) -> u64 {
        let from = index.min(self.packets.len());
        let near = (from / STRIDE).min(self.starts.len().saturating_sub(1));
        let start = self.starts.get(near).copied().unwrap_or_default();
        start + self.packets.get(near * STRIDE..from).unwrap_or_default().iter().map(|&(_, duration)| u64::from(duration)).sum::<u64>()
    }

    /// The packet that holds a sample.
    pub(super) fn holding(&self, sample: u64) -> usize {
        let mut index = self.starts.partition_point(|&start| start <= sample).saturating_sub(1) * STRIDE;
        let mut end = self.start(index);
        while let Some(&(_, duration)) = self.packets.get(index) {
            end += u64::from(duration);
            if end > sample {
                break;
            }
            index += 1;
        }
        index
    }

    pub(super) fn pages(&self) -> usize {
        self.pages.len()
    }

    /// Bytes of a page.
    pub(super) fn page(&self, number: usize) -> Option<Range<u64>> {
        Some(*self.pages.get(number)?..self.pages.get(number + 1).copied().unwrap_or(self.end))
    }

    /// The page on which a packet begins.
    pub(super) fn page_of(&self, packet: usize) -> usize {
        let mut page = self.firsts.partition_point(|&first| (first as usize) <= packet).saturating_sub(1);
        // Pages that go on with the packet name it too, and it began before the first of them that does.
        while page > 0 && self.firsts.get(page).is_some_and(|&first| first as usize == packet) && self.carried(page) > 0 {
            page -= 1;
        }
        page
    }

    /// Bytes of a page's first packet that lie before it.
    fn carried(&self, page: usize) -> usize {
        self.carried.binary_search_by_key(&page, |&(page, _)| page).ok().and_then(|at| self.carried.get(at)).map_or(0, |&(_, len)| len)
    }

    /// What lies on a page.
    pub(super) fn parts(&self, page: usize) -> Vec<Part> {
        let first = self.firsts.get(page).map_or(0, |&first| first as usize);
        let (next, on_next) = (self.firsts.get(page + 1).map_or(self.packets.len(), |&first| first as usize), self.carried(page + 1));
        // A packet that goes on behind the page has its bytes before the next page counted there.
        let until = if on_next > 0 { next + 1 } else { next };
        let mut parts = Vec::new();
        for packet in first..until {
            let before = if packet == first { self.carried(page) } else { 0 };
            let all = self.packet(packet).map_or(0, |(len, _)| usize::from(len));
            let ends = packet < next;
            parts.push(Part { packet, len: (if ends { all } else { on_next }).saturating_sub(before), continued: before > 0, ends });
        }
        parts
    }
}

/// Reads them all.
pub(super) fn scan(file: &mut dyn ReadSeek, file_len: u64) -> Result<Stream, CodecError> {
    let truncated = CodecError::Truncated { format: "Ogg", at: file_len };
    let Some(page) = Page::read(file, 0)? else { return Err(truncated) };
    let head = head(&page)?;
    let serial = page.serial();
    let mut at = page.len();
    let mut number = page.number();
    let mut stream = Stream {
        head,
        packets: Vec::new(),
        starts: Vec::new(),
        pages: Vec::new(),
        firsts: Vec::new(),
        carried: Vec::new(),
        end: 0,
        samples: 0,
        trim: 0,
        odd_pages: 0,
    };
    let mut comments = Comments::Due;
    let mut partial = Vec::new();
    let mut time = None;
    loop {
        let Some(page) = Page::read(file, at)? else { return Err(truncated) };
        number = number.wrapping_add(1);
        if page.first() || page.serial() != serial {
            return Err(unsupported(format!("another stream begins at byte {at}; files of one are read")));
        }
        if page.number() != number {
            return Err(malformed(at, format!("a page of number {}, where {number} is due", page.number())));
        }
        if comments != Comments::Over {
            comments.page(&page, at)?;
        } else {
            audio(&mut stream, &page, at, &mut partial, &mut time)?;
        }
        at += page.len();
        if page.last() {
            break;
        }
    }
    if at != file_len {
        return Err(malformed(at, format!("{} bytes follow the last page of the stream", file_len - at)));
    }
    if comments != Comments::Over || !partial.is_empty() {
        return Err(truncated);
    }
    stream.end = at;
    Ok(stream)
}

/// The identification header (RFC 7845, 5.1).
fn head(page: &Page) -> Result<Head, CodecError> {
    let &[_, _, _, _, _, _, _, _, version, channels, skip_low, skip_high, _, _, _, _, gain_low, gain_high, family, ..] = &*page.body else {
        return Err(malformed(0, format!("an identification header of {} bytes; it has 19 at least", page.body.len())));
    };
    if !page.first() || version >= 16 || page.packets().count() != 1 {
        return Err(malformed(0, format!("no identification header of version 1 on a page of its own, but version {version}")));
    }
    if family != 0 || !(1..=2).contains(&channels) {
        return Err(unsupported(format!("Opus of mapping family {family} and {channels} channels; family 0, mono and stereo, is read")));
    }
    Ok(Head { channels, pre_skip: u16::from_le_bytes([skip_low, skip_high]), gain: i16::from_le_bytes([gain_low, gain_high]) })
}

/// How far the comment header is read; what it says is kept and not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comments {
    Due,
    Begun,
    Over,
}

impl Comments {
    fn page(&mut self, page: &Page, at: u64) -> Result<(), CodecError> {
        let parts: Vec<_> = page.packets().collect();
        let &[(part, ends)] = &*parts else {
            return Err(malformed(at, format!("{} packets on a page of the comment header, which stands alone", parts.len())));
        };
        if *self == Self::Due && !part.starts_with(b"OpusTags") || page.continued() != (*self == Self::Begun) {
            return Err(malformed(at, "no comment header where it is due".into()));
        }
        *self = if ends { Self::Over } else { Self::Begun };
        Ok(())
    }
}

/// Takes a page of audio in.
fn audio(stream: &mut Stream, page: &Page, at: u64, partial: &mut Vec<u8>, time: &mut Option<i64>) -> Result<(), CodecError> {
    if page.continued() == partial.is_empty() {
        return Err(malformed(at, "a page that goes on with a packet that did not begin, or does not where one did".into()));
    }
    let number = stream.pages.len();
    let first = u32::try_from(stream.packets.len()).map_err(|_| unsupported(format!("more than {} packets", u32::MAX)))?;
    stream.pages.push(at);
    stream.firsts.push(first);
    if !partial.is_empty() {
        stream.carried.push((number, partial.len()));
    }
    let (mut lasts, mut ended) = (0, false);
    for (part, ends) in page.packets() {
        partial.extend_from_slice(part);
        if partial.len() > LONGEST {
            return Err(malformed(at, format!("a packet of more than {LONGEST} bytes")));
        }
        if !ends {
            break;
        }
        let samples = duration(partial).map_err(|what| malformed(at, what.into()))?;
        if extended(partial) {
            return Err(unsupported(format!(
                "the page at byte {at} has a packet with extensions in its padding, which may repeat what was before"
            )));
        }
        if stream.packets.len().is_multiple_of(STRIDE) {
            stream.starts.push(stream.samples);
        }
        stream.packets.push((partial.len() as u16, samples));
        stream.samples += u64::from(samples);
        lasts += i64::from(samples);
        ended = true;
        partial.clear();
    }
    if (page.granule() == -1) == ended {
        return Err(malformed(at, "a page with a time and no packet that ends on it, or without one and with such a packet".into()));
    }
    if ended {
        // A stream may begin later than at 0 (RFC 7845, 4.3); the last page may end before its packets do (4.4).
        let granule = page.granule();
        let before = time.unwrap_or(if page.last() { 0 } else { granule.saturating_sub(lasts).max(0) });
        let due = before.saturating_add(lasts);
        if page.last() && (before..due).contains(&granule) {
            stream.trim = due.abs_diff(granule);
        } else if granule != due {
            stream.odd_pages += 1;
        }
        *time = Some(granule);
    }
    Ok(())
}
