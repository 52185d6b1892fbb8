//! The RTP header, as far as a recorder needs it. Source: RFC 3550, 5.1 and 5.3.1.
//!
//! In: the bytes of one UDP payload. Out: the header's fields and where the payload lies, padding and extension left out.

use crate::error::PacketError;
use std::ops::Range;

/// Bytes of a header without contributing sources and extension.
const FIXED: usize = 12;

/// The header of one RTP packet. Holds nothing that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// How the payload is written.
    pub payload_type: u8,
    /// Set on the first packet of a talkspurt or of an event (RFC 3551, 4.1; RFC 4733, 2.5.1.1).
    pub marker: bool,
    /// Sequence number; wraps.
    pub sequence: u16,
    /// Instant of the first sample of the payload, in its clock; wraps.
    pub timestamp: u32,
    /// The source that sent it.
    pub ssrc: u32,
    /// Bytes of the packet that are its payload.
    pub payload: Range<usize>,
}

impl Header {
    /// Whether it is that of RTCP on the same port, whose packet types fall on these payload types (RFC 5761, 4).
    #[must_use]
    pub fn is_rtcp(&self) -> bool {
        (64..=95).contains(&self.payload_type)
    }

    /// Reads the header of a packet.
    ///
    /// # Errors
    /// [`PacketError::Rtp`]: no RTP of version 2, or header, extension or padding reach beyond the packet.
    pub fn read(packet: &[u8]) -> Result<Self, PacketError> {
        let bad = |why| PacketError::Rtp { why, len: packet.len() };
        let Some(fixed) = packet.first_chunk::<FIXED>() else { return Err(bad("shorter than the header of 12 bytes")) };
        let [flags, kind, s0, s1, t0, t1, t2, t3, r0, r1, r2, r3] = *fixed;
        if flags >> 6 != 2 {
            return Err(bad("not of version 2"));
        }
        let mut start = FIXED + 4 * usize::from(flags & 15);
        if flags & 0x10 != 0 {
            let words = packet.get(start + 2..start + 4).and_then(|two| two.first_chunk::<2>());
            let words = words.ok_or_else(|| bad("its extension reaches beyond it"))?;
            start += 4 + 4 * usize::from(u16::from_be_bytes(*words));
        }
        let padding = if flags & 0x20 != 0 { packet.last().copied().map_or(0, usize::from) } else { 0 };
        let end = packet.len().saturating_sub(padding);
        if start > end || (flags & 0x20 != 0 && padding == 0) {
            return Err(bad("header and padding are longer than it"));
        }
        Ok(Self {
            payload_type: kind & 0x7f,
            marker: kind & 0x80 != 0,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([r0, r1, r2, r3]),
            payload: start..end,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(flags: u8, rest: &[u8]) -> Vec<u8> {
        let mut packet = vec![flags, 0x80, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
        packet.extend_from_slice(rest);
        packet
    }

    #[test]
    fn the_payload_is_what_header_extension_and_padding_leave() {
        let plain = Header::read(&packet(0x80, &[1, 2, 3])).unwrap();
        assert_eq!((plain.sequence, plain.timestamp, plain.ssrc), (0x102, 0x0304_0506, 0x0708_090a));
        assert_eq!((plain.payload_type, plain.marker, plain.payload), (0, true, 12..15));
        let sources = Header::read(&packet(0x82, &[0; 9])).unwrap();
        assert_eq!(sources.payload, 20..21);
        let extension = Header::read(&packet(0x90, &[0xbe, 0xde, 0, 1, 9, 9, 9, 9, 7])).unwrap();
        assert_eq!(extension.payload, 20..21);
        let padded = Header::read(&packet(0xa0, &[1, 2, 0, 0, 3])).unwrap();
        assert_eq!(padded.payload, 12..14);
    }

    #[test]
    fn what_is_no_rtp_is_refused() {
        let long_padding = packet(0xa0, &[1, 200]);
        let no_padding = packet(0xa0, &[1, 0]);
        let long_extension = packet(0x90, &[0xbe, 0xde, 0xff, 0xff]);
        for packet in [&[][..], &[0x80; 11], &packet(0x00, &[]), &packet(0x8f, &[1]), &long_padding, &no_padding, &long_extension] {
            assert!(matches!(Header::read(packet), Err(PacketError::Rtp { len, .. }) if len == packet.len()));
        }
    }
}
