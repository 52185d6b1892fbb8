//! A page of an Ogg stream (RFC 3533, 6), read and written.

use crate::crc::crc32;
use crate::source::read_at;
use crate::{CodecError, ReadSeek};

use super::malformed;

/// Bytes of a page's header before its segment table.
pub(super) const HEADER: usize = 27;
/// Where its check stands.
const CHECK: usize = 22;

/// A page.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// Its first 27 bytes.
    header: [u8; HEADER],
    /// Lengths of its segments: a packet ends with the first that is shorter than 255.
    pub(super) laces: Vec<u8>,
    pub(super) body: Vec<u8>,
}

impl Page {
    /// The page at byte `at`; `None` where the file ends within it or before.
    pub(super) fn read<R: std::io::Read + std::io::Seek + ?Sized>(file: &mut R, at: u64) -> Result<Option<Self>, CodecError> {
        let mut header = [0; HEADER];
        let read = |file: &mut R, at: u64, into: &mut [u8]| match read_at(file, at, into) {
            Ok(()) => Ok(true),
            Err(CodecError::Changed) => Ok(false),
            Err(e) => Err(e),
        };
        if !read(file, at, &mut header)? {
            return Ok(None);
        }
        let [b'O', b'g', b'g', b'S', 0, .., segments] = header else {
            return Err(malformed(at, "no page of version 0 where one is due".into()));
        };
        let mut laces = vec![0; usize::from(segments)];
        if !read(file, at + HEADER as u64, &mut laces)? {
            return Ok(None);
        }
        let mut body = vec![0; laces.iter().map(|&lace| usize::from(lace)).sum()];
        if !read(file, at + (HEADER + laces.len()) as u64, &mut body)? {
            return Ok(None);
        }
        let page = Self { header, laces, body };
        if page.check() != page.field(CHECK) {
            return Err(malformed(at, "a page whose check does not fit".into()));
        }
        Ok(Some(page))
    }

    /// The same page with other packets in it; `continued` whether the first began on a page before.
    pub(super) fn with(&self, continued: bool, laces: Vec<u8>, body: Vec<u8>) -> Self {
        let mut page = Self { header: self.header, laces, body };
        let count = page.laces.len() as u8;
        let [.., segments] = &mut page.header;
        *segments = count;
        if let Some(flags) = page.header.get_mut(5) {
            *flags = (*flags & !1) | u8::from(continued);
        }
        let check = page.check().to_le_bytes();
        for (to, from) in page.header.iter_mut().skip(CHECK).zip(check) {
            *to = from;
        }
        page
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        [&self.header[..], &self.laces, &self.body].concat()
    }

    pub(super) fn len(&self) -> u64 {
        (HEADER + self.laces.len() + self.body.len()) as u64
    }

    fn flags(&self) -> u8 {
        self.header.get(5).copied().unwrap_or_default()
    }

    /// Whether its first packet began on a page before.
    pub(super) fn continued(&self) -> bool {
        self.flags() & 1 != 0
    }

    /// Whether it is the first of its stream.
    pub(super) fn first(&self) -> bool {
        self.flags() & 2 != 0
    }

    /// Whether it is the last of its stream.
    pub(super) fn last(&self) -> bool {
        self.flags() & 4 != 0
    }

    /// Time at the end of the last packet that ends on it; -1 where none does.
    pub(super) fn granule(&self) -> i64 {
        i64::from(self.field(6)) | (i64::from(self.field(10) as i32) << 32)
    }

    pub(super) fn serial(&self) -> u32 {
        self.field(14)
    }

    pub(super) fn number(&self) -> u32 {
        self.field(18)
    }

    /// The packets that lie on it: what of each does, and whether it ends here.
    pub(super) fn packets(&self) -> impl Iterator<Item = (&[u8], bool)> {
        let mut laces = self.laces.iter().peekable();
        let mut at = 0;
        std::iter::from_fn(move || {
            laces.peek()?;
            let start = at;
            let mut ended = false;
            for &lace in laces.by_ref() {
                at += usize::from(lace);
                if lace < 255 {
                    ended = true;
                    break;
                }
            }
            Some((self.body.get(start..at).unwrap_or_default(), ended))
        })
    }

    fn field(&self, at: usize) -> u32 {
        self.header.iter().skip(at).take(4).rev().fold(0, |value, &byte| (value << 8) | u32::from(byte))
    }

    /// The check of header, table and body, with zeros in its own place.
    fn check(&self) -> u32 {
        let (before, behind) = (self.header.get(..CHECK).unwrap_or_default(), self.header.get(CHECK + 4..).unwrap_or_default());
        [before, &[0; 4], behind, &self.laces, &self.body].iter().fold(0, |crc, part| crc32(crc, part))
    }
}

/// The segment lengths of (the last part of) a packet of `len` bytes that ends on the page, or of a part that does not.
pub(super) fn lace(len: usize, ends: bool) -> Vec<u8> {
    let mut laces = vec![255; len / 255];
    if ends {
        laces.push((len % 255) as u8);
    }
    laces
}

/// Whether a file that begins so is an Ogg stream, and, by its first packet, of which codec.
pub(super) fn codec(file: &mut dyn ReadSeek) -> Result<Option<&'static str>, CodecError> {
    let Some(page) = Page::read(file, 0)? else { return Err(CodecError::Truncated { format: "Ogg", at: 0 }) };
    Ok([
        (b"OpusHead".as_slice(), "Opus"),
        (b"\x01vorbis", "Vorbis"),
        (b"\x7fFLAC", "FLAC"),
        (b"Speex   ", "Speex"),
        (b"\x80theora", "Theora"),
        (b"fishead\0", "Skeleton"),
    ]
    .into_iter()
    .find(|(magic, _)| page.body.starts_with(magic))
    .map(|(_, name)| name))
}
