//! [`Reader`]: the packets of a file, one after the other, in the memory of one.

use std::fmt;
use std::io::{Read, Seek};

use crate::classic::Classic;
use crate::error::{Malformed, PcapError, Unsupported};
use crate::link::LinkType;
use crate::ng::{Ng, SECTION};
use crate::packet::Packet;
use crate::source::Source;

/// Most bytes of a packet that are read: what libpcap and Wireshark write at most.
pub const MAX_PACKET_BYTES: u32 = 262_144;

/// The two formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Classic pcap.
    Pcap,
    /// Pcapng.
    PcapNg,
}

impl Format {
    /// The name used in reports: `pcap`, `pcapng`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcap => "pcap",
            Self::PcapNg => "pcapng",
        }
    }
}

/// What a record says of a packet beside its bytes.
pub(crate) struct Record {
    pub time_ns: Option<u64>,
    pub offset: u64,
    pub original_len: u32,
    pub link: LinkType,
    pub interface: u32,
}

enum Walk {
    Classic(Classic),
    Ng(Ng),
}

/// Reads the packets of a capture from its first to its last. Holds one packet and a buffer, whatever the length of the file.
pub struct Reader<R> {
    source: Source<R>,
    walk: Walk,
    bytes: Vec<u8>,
    packets: u64,
    failed: bool,
}

impl<R: Read + Seek> Reader<R> {
    /// Starts at the first byte of a file, whose format its first bytes tell. `&mut file` will do for a `reader` that is wanted again.
    ///
    /// # Errors
    /// [`PcapError::Malformed`] where no capture starts here, [`PcapError::Unsupported`] for other kinds of captures and for archives of them,
    /// [`PcapError::Truncated`] where the header is not whole, [`PcapError::Io`] where reading fails.
    pub fn new(reader: R) -> Result<Self, PcapError> {
        let mut source = Source::new(reader)?;
        if source.len < 4 {
            return Err(Malformed::NotCapture.into());
        }
        let magic: [u8; 4] = source.array()?;
        let walk = if let Some(classic) = Classic::open(&mut source, magic)? {
            Walk::Classic(classic)
        } else if u32::from_be_bytes(magic) == SECTION {
            source.rewind()?;
            Walk::Ng(Ng::new())
        } else if let Some(name) = other_container(magic) {
            return Err(Unsupported::Container { name }.into());
        } else {
            return Err(Malformed::NotCapture.into());
        };
        Ok(Self { source, walk, bytes: Vec::new(), packets: 0, failed: false })
    }

    /// The next packet; `None` when all were read, to the last byte of the file.
    ///
    /// # Errors
    /// [`PcapError::Truncated`] where the file ends within a packet or a block, [`PcapError::Malformed`] where it stays open where the next
    /// one starts, [`PcapError::Unsupported`] for a section of another version, [`PcapError::Io`] where reading fails; and from then on
    /// [`PcapError::Stopped`], so that no error is followed by what looks like the end.
    pub fn next_packet(&mut self) -> Result<Option<Packet<'_>>, PcapError> {
        if self.failed {
            return Err(PcapError::Stopped { offset: self.source.at });
        }
        let record = match &mut self.walk {
            Walk::Classic(classic) => classic.next(&mut self.source, &mut self.bytes),
            Walk::Ng(ng) => ng.next(&mut self.source, &mut self.bytes),
        };
        self.failed = record.is_err();
        let Some(Record { time_ns, offset, original_len, link, interface }) = record? else {
            return Ok(None);
        };
        self.packets += 1;
        let number = match &self.walk {
            Walk::Classic(_) => self.packets,
            Walk::Ng(ng) => self.packets + ng.numbered_blocks,
        };
        Ok(Some(Packet { number, time_ns, offset, original_len, link, interface, bytes: &self.bytes }))
    }

    /// The format of the file.
    #[must_use]
    pub const fn format(&self) -> Format {
        match self.walk {
            Walk::Classic(_) => Format::Pcap,
            Walk::Ng(_) => Format::PcapNg,
        }
    }

    /// Bytes of the whole file when it was opened: where it has others now, it is still being written, and its end is not read.
    #[must_use]
    pub const fn file_len(&self) -> u64 {
        self.source.len
    }

    /// Blocks of a pcapng file passed over so far whose types nobody here knows: whether they hold packets is not known.
    #[must_use]
    pub const fn unknown_blocks(&self) -> u64 {
        match &self.walk {
            Walk::Classic(_) => 0,
            Walk::Ng(ng) => ng.unknown_blocks,
        }
    }
}

impl<R> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("at", &self.source.at).field("packets", &self.packets).finish_non_exhaustive()
    }
}

/// The name of what else is taken for a capture, or holds one.
fn other_container(magic: [u8; 4]) -> Option<&'static str> {
    Some(match magic {
        [0x1F, 0x8B, ..] => "gzip",
        [0x28, 0xB5, 0x2F, 0xFD] => "zstd",
        [0x04, 0x22, 0x4D, 0x18] => "LZ4",
        [0x42, 0x5A, 0x68, _] => "bzip2",
        [0xFD, b'7', b'z', b'X'] => "xz",
        [b'P', b'K', 3, 4] => "ZIP",
        [b's', b'n', b'o', b'o'] => "snoop",
        [b'G', b'M', b'B', b'U'] => "Microsoft Network Monitor",
        [b'X', b'C', b'P', 0] => "NetXRay",
        [0xA1, 0xB2, 0xCD, 0x34] | [0x34, 0xCD, 0xB2, 0xA1] => "modified pcap",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn refused_by_name() {
        let refusal = |bytes: &[u8]| Reader::new(Cursor::new(bytes)).unwrap_err().to_string();
        for (bytes, message) in [
            (&b""[..], "malformed capture: no pcap or pcapng file starts here"),
            (b"RIFF\0\0\0\0WAVE", "malformed capture: no pcap or pcapng file starts here"),
            (&[0x1F, 0x8B, 8, 0, 0], "unsupported capture: gzip files are not read"),
            (b"snoop\0\0\0", "unsupported capture: snoop files are not read"),
            (&[0x34, 0xCD, 0xB2, 0xA1, 2, 0, 4, 0], "unsupported capture: modified pcap files are not read"),
            (&[0xD4, 0xC3, 0xB2, 0xA1, 2, 0], "truncated capture: what starts at byte 0 needs 24 bytes, the file has 6 left"),
        ] {
            assert_eq!(refusal(bytes), message);
        }
        let mut old = [0; 24];
        old[..8].copy_from_slice(&[0xA1, 0xB2, 0xC3, 0xD4, 0, 2, 0, 3]);
        assert_eq!(refusal(&old), "unsupported capture: pcap version 2.3 at byte 0 is not read");
    }
}
