//! Claim: a capture cut at any byte is refused as truncated, by the packets before it all the same, unless whole ones alone are left.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test's helpers may panic too")]

use std::io::Cursor;

use capture::{File, Frame};
use cardhush_pcap::{Malformed, PcapError, Reader};

mod capture;

fn check(file: &File) {
    for end in 0..=file.bytes.len() {
        let mut reader = match Reader::new(Cursor::new(&file.bytes[..end])) {
            Ok(reader) => reader,
            Err(PcapError::Malformed(Malformed::NotCapture)) if end < 4 => continue,
            Err(PcapError::Truncated { offset: 0, needed: 24, left }) if end < 24 => {
                assert_eq!(left, end as u64);
                continue;
            }
            Err(error) => panic!("cut at {end}: {error}"),
        };
        let mut packets = 0;
        let outcome = loop {
            match reader.next_packet() {
                Ok(Some(_)) => packets += 1,
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        let whole = file.ends.contains(&end);
        let last_end = file.ends.iter().copied().filter(|&whole| whole <= end).max().unwrap_or(0) as u64;
        // A packet counts where the record or block that holds it is whole.
        let present = file.offsets.iter().filter(|&&offset| offset < last_end).count();
        assert_eq!(packets, present, "cut at {end}");
        match outcome {
            None => assert!(whole, "cut at {end}: no error"),
            Some(PcapError::Truncated { offset, needed, left }) => {
                assert!(!whole && needed > left, "cut at {end}");
                assert_eq!((offset, left), (last_end, end as u64 - last_end), "cut at {end}");
                assert!(matches!(reader.next_packet(), Err(PcapError::Stopped { .. })), "cut at {end}: goes on behind the error");
            }
            Some(error) => panic!("cut at {end}: {error}"),
        }
    }
}

#[test]
fn classic() {
    for big in [false, true] {
        let frames: Vec<_> = [1, 2, 30, 61].map(|len| Frame::whole(5_000, vec![0xA5; len])).into();
        check(&File::pcap(big, false, 1, &frames));
    }
}

#[test]
fn pcapng() {
    for big in [false, true] {
        let mut file = File::pcapng(big);
        file.interface(1, 0, Some(6));
        [0, 1, 30].into_iter().for_each(|len| file.enhanced(0, 1, &Frame::whole(0, vec![0xA5; len])));
        file.block(5, |file| file.bytes.extend([0; 24]));
        file.obsolete(0, 1, &Frame::whole(0, vec![0xA5; 17]));
        file.block(77, |_| {});
        file.section(!big);
        file.interface(1, 0, None);
        file.simple(&Frame::whole(0, vec![0xA5; 5]));
        check(&file);
    }
}
