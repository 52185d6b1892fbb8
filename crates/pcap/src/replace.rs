//! Replacing bytes of a payload in place, with the checksum mended by as much as they change.
//!
//! The checksum is not computed anew but moved by the difference of old and new bytes (RFC 1624, equation 3). So it is right afterwards where it was
//! right before, and as wrong as it was where it was wrong, as on the sender's own machine where the network card computes it; it is mended without
//! the bytes that the snap length cut off; and a checksum of 0, which says that there is none, stays 0. Lengths stay, so an edited packet goes
//! where it came from: see [`Datagram::span`].

use std::ops::Range;

use crate::datagram::Datagram;
use crate::error::PcapError;

/// Where the checksum is in a UDP header.
const UDP_CHECKSUM: usize = 6;
/// Where the checksum is in an ICMP header.
const ICMP_CHECKSUM: usize = 2;

impl Datagram {
    /// Puts `new` in place of the bytes `range` of the payload, as many as there are, and mends the checksum; for a quote in an ICMP error also that
    /// of the error. `packet` are the bytes of the packet that this is the datagram of. May be called as often as need be.
    ///
    /// # Errors
    /// [`PcapError::Range`] where the payload has no such bytes or `new` has another length: nothing was changed then.
    pub fn replace(&self, packet: &mut [u8], range: Range<usize>, new: &[u8]) -> Result<(), PcapError> {
        let len = self.payload(packet).len();
        let Range { start, end } = range;
        if start > end || end > len || end - start != new.len() {
            return Err(PcapError::Range { start, end, new: new.len(), len });
        }
        let at = self.payload.start + start;
        let mut change = Change::default();
        for (at, (old, new)) in (at..).zip(packet.iter_mut().skip(at).zip(new)) {
            // Both headers start at a multiple of 4 bytes from each other: one parity will do.
            change.byte(at.abs_diff(self.udp_at), *old, *new);
            *old = *new;
        }
        let Some(field) = checksum(packet, self.udp_at + UDP_CHECKSUM) else {
            return Ok(());
        };
        let before = *field;
        if before != [0, 0] {
            // A sum of 0 is written as its other form, since 0 itself says that there is none.
            *field = match change.mend(before) {
                [0, 0] => [0xFF, 0xFF],
                mended => mended,
            };
        }
        let after = *field;
        change.word(before, after);
        if let Some(field) = self.icmp_at.and_then(|icmp_at| checksum(packet, icmp_at + ICMP_CHECKSUM)) {
            *field = change.mend(*field);
        }
        Ok(())
    }

    /// All bytes of the packet that [`replace`](Self::replace) may change: checksum and payload. To scrub a copy of a capture, write
    /// `packet[span]` at [`Packet::offset`](crate::Packet::offset)` + span.start`.
    #[must_use]
    pub const fn span(&self) -> Range<usize> {
        let start = match self.icmp_at {
            Some(icmp_at) => icmp_at + ICMP_CHECKSUM,
            None => self.udp_at + UDP_CHECKSUM,
        };
        start..self.payload.end
    }
}

fn checksum(packet: &mut [u8], at: usize) -> Option<&mut [u8; 2]> {
    packet.get_mut(at..).and_then(<[u8]>::first_chunk_mut)
}

/// What an edit adds to the sum of the 16-bit words that a checksum is the complement of.
#[derive(Default)]
struct Change {
    /// At most two words for each of 2^18 bytes: no overflow.
    sum: u64,
}

impl Change {
    /// A byte so far from the start of the header became another. Its neighbour in the word did not change, so it may be taken for 0.
    fn byte(&mut self, at: usize, old: u8, new: u8) {
        let word = |byte| if at.is_multiple_of(2) { [byte, 0] } else { [0, byte] };
        self.word(word(old), word(new));
    }

    fn word(&mut self, old: [u8; 2], new: [u8; 2]) {
        self.sum += u64::from(!u16::from_be_bytes(old)) + u64::from(u16::from_be_bytes(new));
    }

    /// HC' = ~(~HC + ~m + m'), in ones' complement.
    fn mend(&self, checksum: [u8; 2]) -> [u8; 2] {
        let mut sum = self.sum + u64::from(!u16::from_be_bytes(checksum));
        while sum > 0xFFFF {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }
        (!(sum as u16)).to_be_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_1624() {
        // Section 4: HC = 0xDD2F, m = 0x5555, m' = 0x3285 gives 0x0000.
        let mut change = Change::default();
        change.word([0x55, 0x55], [0x32, 0x85]);
        assert_eq!(change.mend([0xDD, 0x2F]), [0, 0]);
    }
}
