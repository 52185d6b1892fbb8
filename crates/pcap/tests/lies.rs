//! Claim: a capture whose lengths, magics or interfaces lie is refused in plain words that tell where.
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

use std::io::Cursor;

use capture::{File, Frame};
use cardhush_pcap::Reader;

mod capture;

fn refusal(bytes: &[u8]) -> String {
    let mut reader = Reader::new(Cursor::new(bytes)).unwrap();
    loop {
        match reader.next_packet() {
            Ok(packet) => assert!(packet.is_some(), "no error"),
            Err(error) => return error.to_string(),
        }
    }
}

/// A section header of 28 bytes, then an interface of 36.
fn file() -> File {
    let mut file = File::pcapng(false);
    file.interface(1, 0, None);
    file
}

/// A file in which the four bytes at an offset are another number.
fn with(file: &File, at: usize, number: u32) -> Vec<u8> {
    let mut bytes = file.bytes.clone();
    bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
    bytes
}

#[test]
fn classic() {
    let file = File::pcap(false, false, 1, &[Frame::whole(0, vec![0; 8])]);
    assert_eq!(
        refusal(&with(&file, 32, 262_145)),
        "malformed capture: the packet at byte 24 declares 262145 captured bytes: at most 262144 are read"
    );
    assert_eq!(refusal(&with(&file, 32, 9)), "truncated capture: what starts at byte 24 needs 25 bytes, the file has 24 left");
}

#[test]
fn blocks() {
    let at = file().bytes.len();
    assert_eq!(at, 28 + 32);
    let mut file = file();
    file.enhanced(0, 0, &Frame::whole(0, vec![0; 8]));
    let len = (file.bytes.len() - at) as u32;
    for (bytes, message) in [
        (with(&file, 8, 7), "section at byte 0 has byte-order magic 0x07000000".to_owned()),
        (with(&file, 4, 24), "block of type 0x0a0d0d0a at byte 0 declares 24 bytes: it needs a multiple of 4, at least 28".into()),
        (with(&file, at + 4, 0), format!("block of type 0x00000006 at byte {at} declares 0 bytes: it needs a multiple of 4, at least 32")),
        (
            with(&file, at + 4, 33),
            format!("block of type 0x00000006 at byte {at} declares 33 bytes: it needs a multiple of 4, at least 32"),
        ),
        (
            with(&file, file.bytes.len() - 4, len + 4),
            format!("block at byte {at} declares {len} bytes at its start and {} at its end", len + 4),
        ),
        (with(&file, at + 8, 1), format!("the packet at byte {at} is of interface 1: its section has described 1")),
        (with(&file, at + 20, 100), format!("the packet at byte {at} declares 100 captured bytes: its block has room for {}", len - 32)),
        (with(&file, at + 20, u32::MAX), format!("the packet at byte {at} declares 4294967295 captured bytes: at most 262144 are read")),
        // The length of the first option of the interface.
        (with(&file, 44, 0x0050_0002), "an option at byte 44 declares 80 bytes: its block has 8 left".into()),
    ] {
        assert_eq!(refusal(&bytes), format!("malformed capture: {message}"));
    }
    assert_eq!(refusal(&with(&file, 12, 2)), "unsupported capture: pcapng version 2.0 at byte 0 is not read");
}

#[test]
fn a_section_has_forgotten_the_interfaces_before() {
    let mut file = file();
    file.section(false);
    let at = file.bytes.len();
    file.simple(&Frame::whole(0, vec![0; 8]));
    assert_eq!(refusal(&file.bytes), format!("malformed capture: the packet at byte {at} is of interface 0: its section has described 0"));
}
