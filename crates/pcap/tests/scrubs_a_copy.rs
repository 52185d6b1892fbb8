//! Claim: a copy of a capture, with payloads written over, differs in those bytes and their checksums alone, and reads as the same packets.
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

use std::io::Cursor;

use capture::{File, Frame, ethernet, ipv4, ipv6};
use cardhush_pcap::{Datagram, Reader, Unread};

mod capture;

fn captures() -> Vec<File> {
    let (v4, v6) = (ipv4(b"audio of a call"), ipv6(b"audio of a call"));
    let mut fragment = v4.clone();
    fragment[6] = 0x20;
    let mut frames: Vec<_> =
        [(0x0800, v4), (0x86DD, v6), (0x0800, fragment)].iter().map(|(kind, ip)| Frame::whole(1_000, ethernet(&[], *kind, ip))).collect();
    let mut cut = frames[0].clone();
    cut.bytes.truncate(50);
    frames.push(cut);
    let mut file = File::pcapng(true);
    file.interface(1, 0, None);
    file.block(0x0BAD, |file| file.bytes.extend(b"a vendor's own"));
    for frame in &frames {
        file.enhanced(0, 1, frame);
        file.obsolete(0, 1, frame);
    }
    vec![File::pcap(false, false, 1, &frames), File::pcap(true, true, 1, &frames), file]
}

#[test]
fn nothing_else_changes() {
    for file in captures() {
        let mut copy = file.bytes.clone();
        let mut expected = vec![];
        let mut spans = vec![];
        let mut reader = Reader::new(Cursor::new(&file.bytes)).unwrap();
        while let Some(packet) = reader.next_packet().unwrap() {
            let datagram = Datagram::of(&packet);
            expected.push((packet.number, packet.time_ns, packet.offset, packet.original_len, datagram.clone()));
            let Ok(datagram) = datagram else {
                assert_eq!(datagram, Err(Unread::Fragment));
                continue;
            };
            let mut bytes = packet.bytes.to_vec();
            let len = datagram.payload.len();
            datagram.replace(&mut bytes, 0..len, &vec![0; len]).unwrap();
            let span = datagram.span();
            let at = packet.offset as usize;
            spans.push(at + span.start..at + span.end);
            copy[at + span.start..at + span.end].copy_from_slice(&bytes[span]);
        }
        for (at, (old, new)) in file.bytes.iter().zip(&copy).enumerate() {
            assert!(old == new || spans.iter().any(|span| span.contains(&at)), "byte {at} has changed");
        }
        for span in spans {
            assert!(copy[span.start + 2..span.end].iter().all(|byte| *byte == 0), "a payload was left");
        }
        let mut reader = Reader::new(Cursor::new(&copy)).unwrap();
        for (number, time_ns, offset, original_len, datagram) in expected {
            let packet = reader.next_packet().unwrap().unwrap();
            assert_eq!((packet.number, packet.time_ns, packet.offset, packet.original_len), (number, time_ns, offset, original_len));
            assert_eq!(Datagram::of(&packet), datagram);
        }
        assert!(reader.next_packet().unwrap().is_none());
    }
}
