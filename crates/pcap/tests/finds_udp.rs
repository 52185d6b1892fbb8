//! Claim: the payload is found behind every link layer, option and extension header that is read, and what is not read says why.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test's helpers may panic too")]

use capture::{DESTINATION, DESTINATION_6, SOURCE, SOURCE_6, ethernet, ipv4, ipv6};
use cardhush_pcap::{Datagram, LinkType, Packet, Unread};
use etherparse::{IpNumber, Ipv6FragmentHeader, Ipv6RawExtHeader, PacketBuilder, VlanId, ip_number};

mod capture;

const PAYLOAD: &[u8] = b"some audio";

fn packet(link: LinkType, bytes: &[u8]) -> Packet<'_> {
    Packet { number: 1, time_ns: None, offset: 0, original_len: bytes.len() as u32, link, interface: 0, bytes }
}

fn read(link: LinkType, bytes: &[u8]) -> Result<Datagram, Unread> {
    Datagram::of(&packet(link, bytes))
}

fn refusal(link: LinkType, bytes: &[u8]) -> Unread {
    read(link, bytes).unwrap_err()
}

/// Checks that the datagram is that of [`ipv4`] or [`ipv6`], whole, at the end of the bytes but for `behind`.
fn check(link: LinkType, bytes: &[u8], behind: usize, name: &str) {
    let datagram = read(link, bytes).unwrap_or_else(|unread| panic!("{name}: {unread}"));
    let (source, destination) = if datagram.source.is_ipv4() { (SOURCE, DESTINATION) } else { (SOURCE_6, DESTINATION_6) };
    assert_eq!((datagram.source, datagram.destination), (source.parse().unwrap(), destination.parse().unwrap()), "{name}");
    assert_eq!(datagram.payload(bytes), PAYLOAD, "{name}");
    assert_eq!(datagram.payload.end, bytes.len() - behind, "{name}");
    assert!(!datagram.cut && !datagram.quoted, "{name}");
}

#[test]
fn behind_every_link_layer() {
    for (version, ip, ether_type) in [("IPv4", ipv4(PAYLOAD), 0x0800_u16), ("IPv6", ipv6(PAYLOAD), 0x86DD)] {
        let name = |link| format!("{version} in {link}");
        for link in [LinkType::RAW, LinkType::IPV4, LinkType::IPV6, LinkType(12), LinkType(14)] {
            check(link, &ip, 0, &name("raw"));
        }
        for tags in [&[][..], &[0x8100], &[0x88A8, 0x8100], &[0x9100, 0x8100, 0x8100]] {
            check(LinkType::ETHERNET, &ethernet(tags, ether_type, &ip), 0, &name("Ethernet"));
        }
        let mut sll = vec![0; 14];
        sll.extend(ether_type.to_be_bytes());
        check(LinkType::LINUX_SLL, &[&sll[..], &ip].concat(), 0, &name("cooked v1"));
        sll[14..].copy_from_slice(&[0x81, 0x00]);
        sll.extend([0, 5]);
        sll.extend(ether_type.to_be_bytes());
        check(LinkType::LINUX_SLL, &[&sll[..], &ip].concat(), 0, &name("cooked v1 with a tag"));
        let mut sll2 = ether_type.to_be_bytes().to_vec();
        sll2.resize(20, 0);
        check(LinkType::LINUX_SLL2, &[&sll2[..], &ip].concat(), 0, &name("cooked v2"));
        let family = if version == "IPv4" { 2_u32 } else { 30 };
        check(LinkType::NULL, &[&family.to_le_bytes()[..], &ip].concat(), 0, &name("null"));
        check(LinkType::LOOP, &[&family.to_be_bytes()[..], &ip].concat(), 0, &name("loopback"));
    }
}

/// The same frames as `etherparse` writes and slices them, in another way than that of the crate.
#[test]
fn where_etherparse_puts_it() {
    let start = || PacketBuilder::ethernet2([2; 6], [4; 6]);
    let vlan = |id| VlanId::try_new(id).unwrap();
    let (ip, to) = ([192, 0, 2, 1], [198, 51, 100, 2]);
    let frames = [
        capture::written(start().ipv4(ip, to, 9).udp(5004, 40_000), PAYLOAD),
        capture::written(start().single_vlan(vlan(7)).ipv4(ip, to, 9).udp(5004, 40_000), PAYLOAD),
        capture::written(start().double_vlan(vlan(7), vlan(9)).ipv4(ip, to, 9).udp(5004, 40_000), PAYLOAD),
    ];
    for frame in frames {
        check(LinkType::ETHERNET, &frame, 0, "a frame of etherparse");
        let sliced = etherparse::SlicedPacket::from_ethernet(&frame).unwrap();
        let Some(etherparse::TransportSlice::Udp(udp)) = sliced.transport else { panic!("no UDP") };
        assert_eq!(read(LinkType::ETHERNET, &frame).unwrap().payload(&frame), udp.payload());
        // Short frames are padded to 60 bytes: none of that is payload.
        check(LinkType::ETHERNET, &[&frame[..], &[0xEE; 9]].concat(), 9, "a padded frame");
    }
}

#[test]
fn behind_options_and_extension_headers() {
    let mut bytes = ipv4(PAYLOAD);
    // Eight bytes of options: two words more of header.
    bytes.splice(20..20, [1; 8]);
    bytes[0] += 2;
    bytes[3] += 8;
    check(LinkType::RAW, &bytes, 0, "options");

    let plain = ipv6(PAYLOAD);
    let with = |headers: &[u8], first: u8| {
        let mut bytes = plain.clone();
        bytes.splice(40..40, headers.iter().copied());
        bytes[5] += headers.len() as u8;
        bytes[6] = first;
        bytes
    };
    let raw = |next: IpNumber| Ipv6RawExtHeader::new_raw(next, &[0; 6]).unwrap().to_bytes().to_vec();
    let fragment = |offset: u16, more, next| Ipv6FragmentHeader::new(next, offset.try_into().unwrap(), more, 5).to_bytes().to_vec();
    check(LinkType::RAW, &with(&raw(ip_number::UDP), 0), 0, "hop by hop");
    let chain = [raw(ip_number::IPV6_ROUTE), raw(ip_number::IPV6_DEST_OPTIONS), raw(ip_number::UDP)].concat();
    check(LinkType::RAW, &with(&chain, 0), 0, "hop by hop, routing, destination options");
    check(LinkType::RAW, &with(&fragment(0, false, ip_number::UDP), 44), 0, "the only fragment");

    for bytes in [with(&fragment(0, true, ip_number::UDP), 44), with(&fragment(9, false, ip_number::UDP), 44)] {
        assert_eq!(refusal(LinkType::RAW, &bytes), Unread::Fragment);
    }
    assert_eq!(refusal(LinkType::RAW, &with(&raw(IpNumber(50)), 0)), Unread::NotUdp);
}

#[test]
fn what_is_not_read_says_why() {
    let ip = ipv4(PAYLOAD);
    let edited = |edits: &[(usize, u8)]| {
        let mut bytes = ip.clone();
        edits.iter().for_each(|&(at, byte)| bytes[at] = byte);
        bytes
    };
    let tcp = |source, destination| {
        let mut bytes = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [198, 51, 100, 2], 64).tcp(source, destination, 1, 1).write(&mut bytes, b"INFO").unwrap();
        bytes
    };
    for (bytes, unread) in [
        (tcp(5060, 40_000), Unread::SipOverTcp),
        (tcp(40_000, 5061), Unread::SipOverTcp),
        (tcp(443, 40_000), Unread::NotUdp),
        (edited(&[(6, 0x20)]), Unread::Fragment),
        (edited(&[(6, 0), (7, 1)]), Unread::Fragment),
        (edited(&[(6, 0x20), (9, 6)]), Unread::Fragment),
        (edited(&[(6, 0x20), (9, 1)]), Unread::NotUdp),
        (edited(&[(9, 132)]), Unread::NotUdp),
        (edited(&[(9, 47)]), Unread::Encapsulated),
        (edited(&[(9, 4)]), Unread::Encapsulated),
        (edited(&[(9, 41)]), Unread::Encapsulated),
        (edited(&[(0, 0x55)]), Unread::Malformed),
        (edited(&[(0, 0x44)]), Unread::Malformed),
        // UDP lengths: less than its header, and one more than IP has.
        (edited(&[(25, 7)]), Unread::Malformed),
        (edited(&[(25, PAYLOAD.len() as u8 + 9)]), Unread::Malformed),
        // IP ends within the UDP header.
        (edited(&[(3, 27)]), Unread::Malformed),
        (vec![], Unread::Malformed),
        (ip[..19].to_vec(), Unread::Malformed),
    ] {
        assert_eq!(refusal(LinkType::RAW, &bytes), unread, "{bytes:02x?}");
    }
    assert_eq!(refusal(LinkType::ETHERNET, &ethernet(&[], 0x0806, &[0; 28])), Unread::NotIp);
    assert_eq!(refusal(LinkType::ETHERNET, &ethernet(&[0x8100], 0x8864, &ip)), Unread::Encapsulated);
    assert_eq!(refusal(LinkType(127), &ip), Unread::LinkType);
}

#[test]
fn a_udp_length_of_0_or_behind_an_open_end_goes_on_to_the_end() {
    let mut bytes = ipv4(PAYLOAD);
    (bytes[24], bytes[25]) = (0, 0);
    check(LinkType::RAW, &bytes, 0, "a UDP length of 0");
    // As captured on a machine whose network card fills in the lengths.
    (bytes[2], bytes[3]) = (0, 0);
    check(LinkType::RAW, &bytes, 0, "an IP length of 0");
}

#[test]
fn what_is_behind_the_udp_length_is_no_payload() {
    let mut bytes = ipv4(b"some audio and four");
    (bytes[24], bytes[25]) = (0, 8 + PAYLOAD.len() as u8);
    check(LinkType::RAW, &bytes, 9, "a UDP length less than that of IP");
}

#[test]
fn tunnels_in_udp() {
    let vxlan = [&[8, 0, 0, 0, 0, 0, 7, 0][..], &ethernet(&[], 0x0800, &ipv4(PAYLOAD))].concat();
    let builder = |port| PacketBuilder::ipv4([1; 4], [2; 4], 9).udp(40_000, port);
    assert_eq!(refusal(LinkType::RAW, &capture::written(builder(4_789), &vxlan)), Unread::Encapsulated);
    assert!(read(LinkType::RAW, &capture::written(builder(4_790), &vxlan)).is_ok());
}

#[test]
fn cut_by_the_snap_length_anywhere() {
    for ip in [ipv4(PAYLOAD), ipv6(PAYLOAD)] {
        let frame = ethernet(&[0x8100], if ip[0] >> 4 == 4 { 0x0800 } else { 0x86DD }, &ip);
        let start = frame.len() - PAYLOAD.len();
        for len in 0..frame.len() {
            let outcome = Datagram::of(&Packet { original_len: frame.len() as u32, ..packet(LinkType::ETHERNET, &frame[..len]) });
            if len < start {
                assert_eq!(outcome, Err(Unread::HeaderCut), "{len} bytes");
            } else {
                let datagram = outcome.unwrap();
                assert!(datagram.cut, "{len} bytes");
                assert_eq!(datagram.payload, start..len);
            }
        }
    }
}

#[test]
fn quotes_in_icmp_errors() {
    let v4 = ipv4(PAYLOAD);
    let error = |kind, code, second: [u8; 4], quoted: &[u8]| {
        let mut bytes = Vec::new();
        let builder = PacketBuilder::ipv4([198, 51, 100, 2], [192, 0, 2, 1], 64);
        builder.icmpv4_raw(kind, code, second).write(&mut bytes, quoted).unwrap();
        bytes
    };
    for kind in [3, 4, 5, 11, 12] {
        let bytes = error(kind, 3, [0; 4], &v4);
        let datagram = read(LinkType::RAW, &bytes).unwrap();
        assert_eq!((datagram.source, datagram.payload(&bytes)), (SOURCE.parse().unwrap(), PAYLOAD));
        assert!(datagram.quoted && !datagram.cut);
    }
    // As much as RFC 792 asks for; one byte more; less; and something else behind a quote of eleven words.
    let datagram = read(LinkType::RAW, &error(3, 3, [0; 4], &v4[..28])).unwrap();
    assert!(datagram.cut && datagram.payload.is_empty());
    let bytes = error(3, 3, [0; 4], &v4[..29]);
    assert_eq!(read(LinkType::RAW, &bytes).unwrap().payload(&bytes), &PAYLOAD[..1]);
    assert_eq!(refusal(LinkType::RAW, &error(3, 3, [0; 4], &v4[..27])), Unread::NotUdp);
    let bytes = error(11, 0, [0, 8, 0, 0], &v4);
    assert_eq!(read(LinkType::RAW, &bytes).unwrap().payload(&bytes), &PAYLOAD[..4]);
    // An echo quotes nothing, and a quote within a quote is not followed.
    assert_eq!(refusal(LinkType::RAW, &error(8, 0, [0; 4], &v4)), Unread::NotUdp);
    assert_eq!(refusal(LinkType::RAW, &error(3, 3, [0; 4], &error(3, 3, [0; 4], &v4))), Unread::NotUdp);

    let mut bytes = Vec::new();
    PacketBuilder::ipv6([7; 16], [8; 16], 64).icmpv6_raw(1, 4, [0; 4]).write(&mut bytes, &ipv6(PAYLOAD)).unwrap();
    let datagram = read(LinkType::RAW, &bytes).unwrap();
    assert_eq!((datagram.source, datagram.payload(&bytes), datagram.quoted), (SOURCE_6.parse().unwrap(), PAYLOAD, true));
}
