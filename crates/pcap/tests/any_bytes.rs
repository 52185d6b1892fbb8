//! Claim: no bytes whatever make a reader panic, loop, or find what is not there. The bodies are those that a fuzzer may run.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's helpers may panic too")]

use bodies::{any_packet, any_payload, pcap_walk};
use capture::{File, Frame, ethernet, ipv4, ipv6};
use cardhush_pcap::{LinkType, Packet};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

#[path = "../../../fuzz/bodies/pcap_walk.rs"]
mod bodies;
mod capture;

/// Every capture that a fuzzer ever tripped over, and every seed.
#[test]
fn corpus() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/pcap_walk");
    let mut count = 0;
    for entry in std::fs::read_dir(&corpus).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        pcap_walk(&bytes);
        any_payload(&bytes);
        count += 1;
    }
    assert!(count > 0, "{} is empty", corpus.display());
}

/// Captures in order, to be spoiled.
fn captures() -> Vec<Vec<u8>> {
    let message = b"INFO sip:a SIP/2.0\r\nc:multipart/mixed;boundary=x\r\n\r\n--x\r\nc:application/dtmf-relay\r\n\r\nSignal=5\r\n--x--\r\n";
    let frames: Vec<_> =
        [ipv4(message), ipv6(b"audio")].into_iter().map(|ip| Frame::whole(1_000, ethernet(&[0x8100], 0x0800, &ip))).collect();
    let mut file = File::pcapng(true);
    file.interface(1, 0, Some(9));
    frames.iter().for_each(|frame| file.enhanced(0, 5, frame));
    file.section(false);
    file.interface(1, 40, None);
    file.obsolete(0, 5, &frames[0]);
    vec![File::pcap(false, false, 1, &frames).bytes, File::pcap(true, true, 1, &frames).bytes, file.bytes]
}

/// Lines that messages are made of, whole and broken.
const LINES: [&str; 32] = [
    "INFO sip:a@b SIP/2.0",
    "SIP/2.0 200 OK",
    "Content-Type: multipart/mixed; boundary=x",
    "c: application/dtmf-relay",
    "Content-Type: application/dtmf",
    "c:application/sdp",
    "c: audio/telephone-event",
    "c: application/kpml-response+xml",
    "Call-ID: 1",
    "i",
    " folded",
    "\tfolded",
    "",
    "",
    "",
    "--x",
    "--x--",
    "Signal=5",
    "Signal = ",
    "d=#",
    "5",
    "digits=\"12",
    "digits='1'",
    "v=0",
    "c=IN IP4 192.0.2.1/127",
    "m=audio 4000/2 RTP/AVP 0 101",
    "m=video 1 RTP/AVP 9",
    "a=rtpmap:101 telephone-event/8000/1",
    "a=crypto:1 x",
    "a=ptime:20",
    "0x05",
    "Content-Encoding: gzip",
];

proptest! {
    #[test]
    fn spoiled_captures(file in select(captures()), spoils in vec((any::<Index>(), any::<u8>()), 0..6), end in any::<Index>()) {
        let mut file = file;
        for (at, byte) in spoils {
            let at = at.index(file.len());
            file[at] = byte;
        }
        pcap_walk(&file);
        file.truncate(end.index(file.len()));
        pcap_walk(&file);
    }

    #[test]
    fn any_bytes_behind_a_magic(magic in select(captures()), len in 0..60_usize, bytes in vec(any::<u8>(), 0..300)) {
        pcap_walk(&[&magic[..len], &bytes].concat());
    }

    #[test]
    fn any_packets(
        link in select(vec![0, 1, 12, 101, 108, 113, 228, 276, 9]),
        start in select(vec![vec![], vec![0x45, 0, 0, 60, 0, 0, 0, 0, 9, 17], vec![0x45, 0, 0, 60, 0, 0, 0, 0, 9, 1], vec![0x60, 0, 0, 0, 0, 60, 0], vec![0x60, 0, 0, 0, 0, 60, 58]]),
        bytes in vec(any::<u8>(), 0..120),
        more in 0..3_u32,
    ) {
        let bytes = [start, bytes].concat();
        let original_len = bytes.len() as u32 + more;
        any_packet(&Packet { number: 1, time_ns: None, offset: 0, original_len, link: LinkType(link), interface: 0, bytes: &bytes });
    }

    #[test]
    fn any_messages(start in 0..2_usize, lines in vec((select(&LINES[..]), select(vec!["\r\n", "\n", "\r", ""])), 0..30), bytes in vec(any::<u8>(), 0..20)) {
        let mut payload = format!("{}\r\n", LINES[start]).into_bytes();
        lines.iter().for_each(|(line, end)| payload.extend([line.as_bytes(), end.as_bytes()].concat()));
        payload.extend(bytes);
        any_payload(&payload);
    }
}
