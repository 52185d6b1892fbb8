//! Tunnels that are UDP themselves, as captures of mirrored ports and of mobile networks are full of: told by port and first bytes together.
//!
//! None of them can be taken for RTP or RTCP, which start with two bits `10`, nor for SIP.
//!
//! Source: RFC 7348 (VXLAN), RFC 8926 (Geneve), 3GPP TS 29.281 (GTP-U), RFC 2661 (L2TP), the TZSP of MikroTik, HEP version 3.

/// Whether a datagram between these ports carries packets, or copies of messages.
pub(crate) fn is_tunnel(ports: [u16; 2], payload: &[u8]) -> bool {
    let Some(&[a, b, c, d, ..]) = payload.first_chunk::<8>() else {
        return false;
    };
    ports.iter().any(|port| match port {
        // The flag that an identifier is there, and the rest of the word empty; 8472 is what Linux took before there was a number.
        4_789 | 8_472 => [a, b, c, d] == [0x08, 0, 0, 0],
        // Version 0, Ethernet or IP.
        6_081 => a & 0xC0 == 0 && matches!([c, d], [0x65, 0x58] | [0x08, 0x00] | [0x86, 0xDD]),
        // Version 1, a packet of a user.
        2_152 => a & 0xF0 == 0x30 && b == 0xFF,
        // Data, version 2.
        1_701 => a & 0x80 == 0 && b & 0x0F == 2,
        // Version 1, Ethernet.
        37_008 => a == 1 && [c, d] == [0, 1],
        _ => false,
    }) || [a, b, c, d] == *b"HEP3"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_port_and_first_bytes() {
        let of = |port, start: [u8; 4]| is_tunnel([40_000, port], &[start, [0; 4]].concat());
        let tunnels = [
            (4_789, [0x08, 0, 0, 0]),
            (8_472, [0x08, 0, 0, 0]),
            (6_081, [0x00, 0, 0x65, 0x58]),
            (2_152, [0x34, 0xFF, 0, 40]),
            (1_701, [0x40, 0x02, 0, 40]),
            (37_008, [1, 0, 0, 1]),
            (9_060, *b"HEP3"),
        ];
        for (port, start) in tunnels {
            assert!(of(port, start), "{port}");
            assert!(of(40_002, start) == (start == *b"HEP3"), "{port}");
            for first in 0x80..=0xBF {
                assert!(!of(port, [first, 0xFF, start[2], start[3]]), "RTP on {port}");
            }
            assert!(!of(port, *b"INFO"), "SIP on {port}");
        }
        assert!(!is_tunnel([1, 4_789], &[8, 0, 0]));
    }
}
