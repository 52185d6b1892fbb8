//! Claim: the same packets come out of every form of capture, with the offsets at which a writer has put them.
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

use std::io::Cursor;

use capture::{File, Frame};
use cardhush_pcap::{Format, LinkType, Reader};

mod capture;

/// What is told of a packet: number, time, offset, link type, interface, and itself.
type Told = (u64, Option<u64>, u64, u16, u32, Frame);

fn read(file: &File) -> (Format, Vec<Told>) {
    let mut reader = Reader::new(Cursor::new(&file.bytes)).unwrap();
    let mut told = Vec::new();
    while let Some(packet) = reader.next_packet().unwrap() {
        let start = packet.offset as usize;
        assert_eq!(file.bytes[start..start + packet.bytes.len()], *packet.bytes, "the bytes are not at the offset");
        let frame = Frame { time_ns: packet.time_ns.unwrap_or(0), original_len: packet.original_len, bytes: packet.bytes.to_vec() };
        told.push((packet.number, packet.time_ns, packet.offset, packet.link.0, packet.interface, frame));
    }
    assert!(reader.next_packet().unwrap().is_none(), "something behind the end");
    assert_eq!(reader.file_len(), file.bytes.len() as u64);
    (reader.format(), told)
}

/// Packets of every length modulo 4, some of them cut, at times of whole microseconds.
fn frames() -> Vec<Frame> {
    (0..9)
        .map(|index: u32| Frame {
            time_ns: 1_700_000_000_123_456_000 + u64::from(index) * 20_000_000,
            original_len: 60 + index * 100,
            bytes: (0..60 + index).map(|byte| (byte ^ index) as u8).collect(),
        })
        .collect()
}

fn expected(file: &File, frames: &[Frame]) -> Vec<Told> {
    (1..)
        .zip(frames)
        .zip(&file.offsets)
        .map(|((number, frame), &offset)| (number, Some(frame.time_ns), offset, 1, 0, frame.clone()))
        .collect()
}

#[test]
fn classic() {
    for big in [false, true] {
        for nanoseconds in [false, true] {
            // In the upper half: four bytes of frame check sequence.
            for link in [1, 0x4400_0001] {
                let mut frames = frames();
                frames[1].time_ns += u64::from(nanoseconds) * 789;
                let file = File::pcap(big, nanoseconds, link, &frames);
                assert_eq!(read(&file), (Format::Pcap, expected(&file, &frames)));
            }
        }
    }
}

#[test]
fn pcapng() {
    for big in [false, true] {
        for (resolution, unit_ns) in [(None, 1_000), (Some(9), 1), (Some(3), 1_000_000)] {
            for obsolete in [false, true] {
                let mut frames = frames();
                frames.iter_mut().for_each(|frame| frame.time_ns -= frame.time_ns % unit_ns);
                let mut file = File::pcapng(big);
                file.interface(1, 65_535, resolution);
                for frame in &frames {
                    let units = frame.time_ns / unit_ns;
                    if obsolete { file.obsolete(0, units, frame) } else { file.enhanced(0, units, frame) }
                }
                assert_eq!(read(&file), (Format::PcapNg, expected(&file, &frames)));
            }
        }
    }
}

#[test]
fn simple_packets_have_no_time_and_end_at_the_snap_length() {
    let mut file = File::pcapng(false);
    file.interface(101, 16, None);
    let frames = [3_u32, 16, 40].map(|len| Frame { time_ns: 0, original_len: len, bytes: vec![0xA5; len.min(16) as usize] });
    frames.iter().for_each(|frame| file.simple(frame));
    let expected: Vec<Told> =
        (1..).zip(&frames).zip(&file.offsets).map(|((number, frame), &offset)| (number, None, offset, 101, 0, frame.clone())).collect();
    assert_eq!(read(&file).1, expected);
}

#[test]
fn several_sections_and_interfaces() {
    let frame = Frame::whole(0, vec![1, 2, 3]);
    let mut file = File::pcapng(false);
    file.interface(1, 0, None);
    file.enhanced(0, 1, &frame);
    // Interfaces may come between packets; names, statistics, secrets and blocks of vendors are passed over.
    file.interface(276, 0, Some(9));
    file.enhanced(1, 2, &frame);
    // Wireshark numbers the last three of these.
    for kind in [4, 5, 10, 0x8000_0001, 9, 0x0BAD, 0x4000_0BAD] {
        file.block(kind, |file| file.bytes.extend(b"anything"));
    }
    file.section(true);
    file.interface(113, 0, Some(0x80 | 10));
    file.enhanced(0, 3 << 10, &frame);
    let short: Vec<_> =
        read(&file).1.into_iter().map(|(number, time_ns, _, link, interface, _)| (number, time_ns, link, interface)).collect();
    assert_eq!(short, [(1, Some(1_000), 1, 0), (2, Some(2), 276, 1), (6, Some(3_000_000_000), 113, 0)]);

    let mut reader = Reader::new(Cursor::new(&file.bytes)).unwrap();
    while reader.next_packet().unwrap().is_some() {}
    assert_eq!(reader.unknown_blocks(), 3);
}

#[test]
fn without_packets() {
    for bytes in [File::pcap(false, false, 1, &[]).bytes, File::pcapng(true).bytes] {
        assert!(Reader::new(Cursor::new(bytes)).unwrap().next_packet().unwrap().is_none());
    }
}

#[test]
fn debug_shows_no_bytes() {
    let file = File::pcap(false, false, 1, &[Frame::whole(0, vec![0xA5; 99])]);
    let mut reader = Reader::new(Cursor::new(&file.bytes)).unwrap();
    let packet = reader.next_packet().unwrap().unwrap();
    assert_eq!(packet.link, LinkType::ETHERNET);
    let text = format!("{packet:?}");
    assert!(!text.contains("165") && text.contains("captured_len: 99"), "{text}");
    assert!(!format!("{reader:?}").contains("165"));
}
