//! Claim: a packet capture goes through the command as a call does: scrubbed or scanned with a line for each stream, refused with exit status 2 and no output where it cannot be
//! read; no line holds a digit.
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

mod kit;

use kit::{Folder, lines, there};

/// A capture of raw IPv4 in which a key is pressed: its event four times, as RFC 4733 sends it, in payload type `payload_type`.
fn capture(payload_type: u8) -> Vec<u8> {
    let mut file = b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x65\0\0\0".to_vec();
    for i in 0..4_u8 {
        let rtp = [0x80, payload_type, 0, i, 0, 0, 1, 0, 0, 0, 0, 9, 7, if i > 1 { 0x8a } else { 10 }, 0, 160];
        let len = 28 + rtp.len() as u8;
        let ip = [0x45, 0, 0, len, 0, 1, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2];
        let udp = [0x0f, 0xa0, 0x13, 0x88, 0, len - 20, 0, 0];
        file.extend([1, 0, 0, 0, i, 0, 0, 0, len, 0, 0, 0, len, 0, 0, 0]);
        file.extend(ip.iter().chain(&udp).chain(&rtp));
    }
    file
}

#[test]
fn a_capture_is_scrubbed_as_a_call_is() {
    let folder = Folder::new();
    folder.write("call.pcap", capture(101));
    let ran = folder.run("scan call.pcap").exits(1);
    assert!(ran.text().contains("call.pcap: channel 0 is RTP from 192.0.2.1:4000 to 192.0.2.2:5000 (telephone-event)"), "{}", ran.text());
    let ran = folder.run("scrub call.pcap -o out.pcap --report r.jsonl").exits(0);
    assert!(ran.words().contains("in 1 RTP streams"), "{}", ran.words());
    let report = lines(&folder.read("r.jsonl"));
    let kinds: Vec<&str> = report.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["stream", "redaction", "file", "summary"]);
    assert_eq!((&report[1]["cause"], &report[1]["channel"]), (&"event".into(), &0.into()));
    assert_eq!((&report[2]["container"], &report[2]["packets"], &report[2]["outcome"]), (&"pcap".into(), &4.into(), &"scrubbed".into()));
    let (before, after) = (capture(101), folder.read("out.pcap"));
    let changed: Vec<usize> = (0..before.len()).filter(|at| before[*at] != after[*at]).collect();
    assert!(changed.len() == 4 && changed.iter().all(|at| after[*at] == 10), "the digits of four packets, and nothing else: {changed:?}");
    folder.run("scan out.pcap").exits(1);
}

#[test]
fn what_cannot_be_read_has_no_output() {
    let folder = Folder::new();
    folder.write("g729.pcap", capture(18));
    let ran = folder.run("scrub g729.pcap -o out.pcap").exits(2);
    assert!(
        ran.words().contains("g729.pcap: RTP from 192.0.2.1:4000 to 192.0.2.2:5000: payload type 18 cannot be read"),
        "{}",
        ran.words()
    );
    let whole = capture(101);
    folder.write("cut.pcap", &whole[..whole.len() - 3]);
    folder.run("scrub cut.pcap -o out.pcap").exits(2);
    folder.run("verify cut.pcap cut.pcap").exits(2);
    assert!(!there(&folder.path("out.pcap")));
}
