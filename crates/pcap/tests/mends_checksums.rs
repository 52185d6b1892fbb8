//! Claim: an edit leaves a right checksum right, a wrong one as wrong as it was, and none at all none; and changes nothing but that and the bytes it names.
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

use capture::{ipv4, ipv6};
use cardhush_pcap::{Datagram, LinkType, Packet, PcapError};
use etherparse::{IpSlice, PacketBuilder, UdpHeader, UdpSlice};
use proptest::collection::vec;
use proptest::prelude::*;

mod capture;

fn datagram(bytes: &[u8]) -> Datagram {
    cut_datagram(bytes, bytes.len())
}

fn cut_datagram(bytes: &[u8], original_len: usize) -> Datagram {
    let original_len = original_len as u32;
    Datagram::of(&Packet { number: 1, time_ns: None, offset: 0, original_len, link: LinkType::RAW, interface: 0, bytes }).unwrap()
}

/// The checksum that a packet has, and the one that `etherparse` computes over all of it.
fn checksums(bytes: &[u8]) -> (u16, u16) {
    let ip = IpSlice::from_slice(bytes).unwrap();
    let udp = UdpSlice::from_slice(ip.payload().payload).unwrap();
    let header = UdpHeader { checksum: 0, ..udp.to_header() };
    let right = match &ip {
        IpSlice::Ipv4(ip) => header.calc_checksum_ipv4(&ip.header().to_header(), udp.payload()),
        IpSlice::Ipv6(ip) => header.calc_checksum_ipv6(&ip.header().to_header(), udp.payload()),
    };
    (udp.checksum(), right.unwrap())
}

/// How far a checksum is off, in ones' complement.
fn wrong_by((found, right): (u16, u16)) -> u32 {
    (u32::from(found) + 0xFFFF - u32::from(right)) % 0xFFFF
}

/// The sum that a naive receiver forms over an ICMP message: 0xFFFF where it is right.
fn icmp_sum(message: &[u8]) -> u16 {
    let words = message.chunks(2).map(|word| u64::from(word[0]) << 8 | word.get(1).map_or(0, |low| u64::from(*low)));
    match words.sum::<u64>() % 0xFFFF {
        0 => 0xFFFF,
        sum => sum as u16,
    }
}

/// Edits that lie in a payload.
fn edits(len: usize, edits: &[(usize, usize, u8)]) -> Vec<(std::ops::Range<usize>, Vec<u8>)> {
    edits
        .iter()
        .map(|&(start, count, seed)| {
            let start = start % (len + 1);
            let range = start..start + count % (len - start + 1);
            let new = range.clone().map(|at| seed.wrapping_mul(at as u8 | 1)).collect();
            (range, new)
        })
        .collect()
}

/// Applies them, with all bytes outside of the checksum and the edits compared.
fn edit(bytes: &mut [u8], datagram: &Datagram, edits: &[(std::ops::Range<usize>, Vec<u8>)]) {
    let before = bytes.to_vec();
    let mut expected = before.clone();
    for (range, new) in edits {
        datagram.replace(bytes, range.clone(), new).unwrap();
        expected[datagram.payload.start + range.start..datagram.payload.start + range.end].copy_from_slice(new);
    }
    let span = datagram.span();
    assert_eq!(bytes[..span.start], before[..span.start]);
    assert_eq!(bytes[span.end..], before[span.end..]);
    assert_eq!(bytes[datagram.payload.clone()], expected[datagram.payload.clone()]);
}

fn any_edits() -> impl Strategy<Value = Vec<(usize, usize, u8)>> {
    vec((any::<usize>(), any::<usize>(), any::<u8>()), 1..4)
}

proptest! {
    #[test]
    fn right_stays_right(payload in vec(any::<u8>(), 0..200), six: bool, some in any_edits()) {
        let mut bytes = if six { ipv6(&payload) } else { ipv4(&payload) };
        let datagram = datagram(&bytes);
        edit(&mut bytes, &datagram, &edits(payload.len(), &some));
        let (found, right) = checksums(&bytes);
        prop_assert_eq!(found, right);
        prop_assert_ne!(found, 0);
    }

    #[test]
    fn wrong_stays_as_wrong(payload in vec(any::<u8>(), 0..60), six: bool, wrong in 1_u16.., some in any_edits()) {
        let mut bytes = if six { ipv6(&payload) } else { ipv4(&payload) };
        let datagram = datagram(&bytes);
        let at = datagram.payload.start - 2;
        bytes[at..at + 2].copy_from_slice(&wrong.to_be_bytes());
        let before = wrong_by(checksums(&bytes));
        edit(&mut bytes, &datagram, &edits(payload.len(), &some));
        prop_assert_eq!(wrong_by(checksums(&bytes)), before);
        prop_assert_ne!(checksums(&bytes).0, 0);
    }

    #[test]
    fn none_stays_none(payload in vec(any::<u8>(), 0..60), some in any_edits()) {
        let mut bytes = ipv4(&payload);
        let datagram = datagram(&bytes);
        let at = datagram.payload.start - 2;
        bytes[at..at + 2].fill(0);
        edit(&mut bytes, &datagram, &edits(payload.len(), &some));
        prop_assert_eq!(checksums(&bytes).0, 0);
    }

    /// With the bytes that were cut off put behind again, the checksum is right.
    #[test]
    fn of_a_packet_that_is_cut(payload in vec(any::<u8>(), 1..60), six: bool, len in 0..60_usize, some in any_edits()) {
        let whole = if six { ipv6(&payload) } else { ipv4(&payload) };
        let (kept, rest) = whole.split_at(whole.len() - payload.len() + len % payload.len());
        let mut bytes = kept.to_vec();
        let datagram = cut_datagram(&bytes, whole.len());
        prop_assert!(datagram.cut);
        edit(&mut bytes, &datagram, &edits(len % payload.len(), &some));
        bytes.extend(rest);
        let (found, right) = checksums(&bytes);
        prop_assert_eq!(found, right);
    }

    /// Both the quoted datagram's and the error's own.
    #[test]
    fn of_a_quote(payload in vec(any::<u8>(), 0..60), none: bool, some in any_edits()) {
        let mut quote = ipv4(&payload);
        if none {
            quote[26..28].fill(0);
        }
        let mut bytes = Vec::new();
        PacketBuilder::ipv4([1; 4], [2; 4], 9).icmpv4_raw(3, 3, [0; 4]).write(&mut bytes, &quote).unwrap();
        let datagram = datagram(&bytes);
        edit(&mut bytes, &datagram, &edits(payload.len(), &some));
        prop_assert_eq!(icmp_sum(&bytes[20..]), 0xFFFF);
        let (found, right) = checksums(&bytes[28..]);
        prop_assert_eq!(found, if none { 0 } else { right });
    }
}

/// Every sum that there is, among them that which would be written as 0.
#[test]
fn every_checksum() {
    let mut bytes = ipv4(&[0, 0, 0]);
    let datagram = datagram(&bytes);
    for word in 0..=u16::MAX {
        datagram.replace(&mut bytes, 0..2, &word.to_be_bytes()).unwrap();
        let (found, right) = checksums(&bytes);
        assert_eq!(found, right);
    }
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let mut bytes = ipv4(b"audio");
    let (before, datagram) = (bytes.clone(), datagram(&bytes));
    for (range, new, message) in [
        (0..6, &b"123456"[..], "bytes 0..6 of a payload by 6: the payload has 5 bytes, and the lengths must be the same"),
        (0..2, b"1", "bytes 0..2 of a payload by 1: the payload has 5 bytes, and the lengths must be the same"),
        (
            std::ops::Range { start: usize::MAX, end: 0 },
            b"",
            "bytes 18446744073709551615..0 of a payload by 0: the payload has 5 bytes, and the lengths must be the same",
        ),
    ] {
        let error = datagram.replace(&mut bytes, range, new).unwrap_err();
        assert!(matches!(error, PcapError::Range { .. }));
        assert_eq!(error.to_string(), message);
    }
    // Bytes of a packet that is shorter than the datagram's own.
    assert!(datagram.replace(&mut bytes[..30], 0..1, b"1").is_err());
    assert_eq!(bytes, before);
}
