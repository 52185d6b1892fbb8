//! Classic pcap: one header, then a record header of 16 bytes before each packet.
//!
//! Source: draft-ietf-opsawg-pcap. Both byte orders, micro- and nanoseconds; the files of version 2.4, which all since 1998 are.

use std::io::{Read, Seek};

use crate::error::{Malformed, PcapError, Unsupported};
use crate::link::LinkType;
use crate::order::Order;
use crate::reader::{MAX_PACKET_BYTES, Record};
use crate::source::Source;

/// Bytes of the file header.
const HEADER: u64 = 24;
/// Bytes of a record header.
const RECORD: u64 = 16;

/// What the header of a classic file says of all its packets.
pub(crate) struct Classic {
    order: Order,
    /// Nanoseconds of a unit of the second number of a time.
    unit_ns: u64,
    link: LinkType,
}

impl Classic {
    /// Reads the header, where these first four bytes of the file, read already, are those of a classic pcap.
    pub fn open<R: Read + Seek>(source: &mut Source<R>, magic: [u8; 4]) -> Result<Option<Self>, PcapError> {
        let (order, unit_ns) = match u32::from_be_bytes(magic) {
            0xA1B2_C3D4 => (Order::Big, 1_000),
            0xD4C3_B2A1 => (Order::Little, 1_000),
            0xA1B2_3C4D => (Order::Big, 1),
            0x4D3C_B2A1 => (Order::Little, 1),
            _ => return Ok(None),
        };
        if source.len < HEADER {
            return Err(PcapError::Truncated { offset: 0, needed: HEADER, left: source.len });
        }
        let [major, minor] = order.two_u16(source.array()?);
        if (major, minor) != (2, 4) {
            return Err(Unsupported::Version { format: "pcap", offset: 0, major, minor }.into());
        }
        let fields: [u8; 16] = source.array()?;
        let [_, _, _, link] = order.words(&fields);
        // The upper half tells of a frame check sequence behind each packet, which the lengths in the packet leave out anyway.
        Ok(Some(Self { order, unit_ns, link: LinkType(link as u16) }))
    }

    /// The next packet, its bytes in `bytes`; `None` at the end of the file.
    pub fn next<R: Read + Seek>(&self, source: &mut Source<R>, bytes: &mut Vec<u8>) -> Result<Option<Record>, PcapError> {
        if source.left() == 0 {
            return Ok(None);
        }
        source.need(RECORD)?;
        let record_at = source.at;
        let fields: [u8; 4 * 4] = source.array()?;
        let [seconds, units, captured_len, original_len] = self.order.words(&fields);
        if captured_len > MAX_PACKET_BYTES {
            return Err(Malformed::PacketTooLong { offset: record_at, declared: captured_len }.into());
        }
        if source.left() < u64::from(captured_len) {
            let (needed, left) = (RECORD + u64::from(captured_len), source.len - record_at);
            return Err(PcapError::Truncated { offset: record_at, needed, left });
        }
        let offset = source.at;
        source.fill(bytes, captured_len)?;
        let time_ns = Some(u64::from(seconds) * 1_000_000_000 + u64::from(units) * self.unit_ns);
        Ok(Some(Record { time_ns, offset, original_len, link: self.link, interface: 0 }))
    }
}
