//! Claim: a packet capture is scrubbed in its packets: of keys nothing is left in audio, telephone-events and SIP messages, checksums hold, and every other byte is the
//! capture's; one with something in it that cannot be read is refused by name, and nothing is written.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's helpers may panic too")]

use cardhush_core::{Coding, Ulaw};
use cardhush_pcap::{Datagram, Reader};
use cardhush_scrub::{Error, Settings, Target, is_capture, stage_capture};
use cardhush_testkit::rng::Rng;
use cardhush_testkit::tone::{Tone, dial};
use std::fs;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

const NUMBER: &str = "4539148803436467";
const CUSTOMER: ([u8; 4], u16) = ([192, 0, 2, 1], 4_000);
const AGENT: ([u8; 4], u16) = ([192, 0, 2, 2], 5_000);

/// A capture of Ethernet frames, in the making.
struct Capture {
    bytes: Vec<u8>,
}

impl Capture {
    fn new() -> Self {
        Self { bytes: [&0xa1b2_c3d4_u32.to_le_bytes()[..], &[2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0]].concat() }
    }

    fn udp(&mut self, at_us: u64, from: ([u8; 4], u16), to: ([u8; 4], u16), payload: &[u8]) {
        let len = (8 + payload.len()) as u16;
        let mut udp = [&from.1.to_be_bytes()[..], &to.1.to_be_bytes(), &len.to_be_bytes(), &[0, 0], payload].concat();
        let pseudo = [&from.0[..], &to.0, &[0, 17], &len.to_be_bytes(), &udp].concat();
        udp[6..8].copy_from_slice(&checksum(&pseudo).to_be_bytes());
        let mut ip = [&[0x45, 0][..], &(20 + len).to_be_bytes(), &[0, 1, 0, 0, 64, 17, 0, 0], &from.0, &to.0].concat();
        let sum = checksum(&ip);
        ip[10..12].copy_from_slice(&sum.to_be_bytes());
        let frame = [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0][..], &ip, &udp].concat();
        for field in [(at_us / 1_000_000) as u32, (at_us % 1_000_000) as u32, frame.len() as u32, frame.len() as u32] {
            self.bytes.extend(field.to_le_bytes());
        }
        self.bytes.extend(frame);
    }
}

impl Capture {
    /// An ICMP error (port unreachable) that quotes the start of a packet of `from`.
    fn icmp(&mut self, at_us: u64, from: ([u8; 4], u16), to: ([u8; 4], u16), payload: &[u8]) {
        let len = (8 + payload.len()) as u16 + 40;
        let udp = [&from.1.to_be_bytes()[..], &to.1.to_be_bytes(), &len.to_be_bytes(), &[0, 0], payload].concat();
        let mut ip = [&[0x45, 0][..], &(20 + len).to_be_bytes(), &[0, 1, 0, 0, 64, 17, 0, 0], &from.0, &to.0].concat();
        let sum = checksum(&ip);
        ip[10..12].copy_from_slice(&sum.to_be_bytes());
        let mut icmp = [&[3, 3, 0, 0, 0, 0, 0, 0][..], &ip, &udp].concat();
        let sum = checksum(&icmp);
        icmp[2..4].copy_from_slice(&sum.to_be_bytes());
        let mut outer = [&[0x45, 0][..], &(20 + icmp.len() as u16).to_be_bytes(), &[0, 1, 0, 0, 64, 1, 0, 0], &to.0, &from.0].concat();
        let sum = checksum(&outer);
        outer[10..12].copy_from_slice(&sum.to_be_bytes());
        let frame = [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0][..], &outer, &icmp].concat();
        for field in [(at_us / 1_000_000) as u32, (at_us % 1_000_000) as u32, frame.len() as u32, frame.len() as u32] {
            self.bytes.extend(field.to_le_bytes());
        }
        self.bytes.extend(frame);
    }
}

/// The Internet checksum (RFC 1071) of bytes whose own is 0.
fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|two| u32::from(two[0]) << 8 | two.get(1).map_or(0, |low| u32::from(*low)));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

fn rtp(payload_type: u8, sequence: u16, timestamp: u32, ssrc: u8, payload: &[u8]) -> Vec<u8> {
    [&[0x80, payload_type][..], &sequence.to_be_bytes(), &timestamp.to_be_bytes(), &[0, 0, 0, ssrc], payload].concat()
}

/// A call of both directions: keys in the audio of one, faint in the other's; beside them events of the same keys and SIP messages, as each of `extra` asks.
fn call(events: bool, sip: bool, payload_type: u8) -> Capture {
    let (mut capture, mut rng) = (Capture::new(), Rng::new(3));
    let dialled = dial(NUMBER, &Tone { level_dbm0: -9.0, on_ms: 80.0, off_ms: 100.0, ..Tone::default() }, 8_000, 1_000.0, &mut rng);
    let mut samples = dialled.samples.clone();
    samples.resize(samples.len() + 16_000, 0.0);
    samples.iter_mut().for_each(|x| *x += 0.002 * rng.normal());
    let encode = |x: &[f64], gain: f64| x.iter().map(|x| Ulaw::encode((x * gain) as f32)).collect::<Vec<u8>>();
    if sip {
        let sdp = "v=0\r\nc=IN IP4 192.0.2.2\r\nm=audio 5000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";
        let invite =
            format!("INVITE sip:a SIP/2.0\r\nCall-ID: x1\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}", sdp.len());
        capture.udp(1, (AGENT.0, 5_060), (CUSTOMER.0, 5_060), invite.as_bytes());
    }
    let mut told = 0;
    for (i, chunk) in samples.chunks_exact(160).enumerate() {
        let at_us = 1_000_000 + i as u64 * 20_000;
        capture.udp(at_us, CUSTOMER, AGENT, &rtp(payload_type, i as u16, i as u32 * 160, 1, &encode(chunk, 1.0)));
        capture.udp(at_us + 900, AGENT, CUSTOMER, &rtp(0, 900 + i as u16, 7 + i as u32 * 160, 2, &encode(chunk, 0.02)));
        let middle = i * 160 + 80;
        if let Some(key) = dialled.spans.iter().position(|span| span.start <= middle && middle < span.end) {
            let digit = NUMBER.as_bytes()[key] - b'0';
            if events {
                let so_far = (i * 160 + 160 - dialled.spans[key].start) as u16;
                let event = [digit, 10, (so_far >> 8) as u8, so_far as u8];
                capture.udp(at_us + 100, CUSTOMER, AGENT, &rtp(101, told, dialled.spans[key].start as u32, 9, &event));
                told += 1;
            }
            if sip && dialled.spans[key].start + 160 > middle {
                let info = format!(
                    "INFO sip:a SIP/2.0\r\nCall-ID: x1\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal={digit}\r\nDuration=80\r\n"
                );
                capture.udp(at_us + 200, (CUSTOMER.0, 5_060), (AGENT.0, 5_060), info.as_bytes());
            }
        }
    }
    capture
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

fn scrub(input: &Path, output: &Path, settings: &Settings) -> Result<cardhush_scrub::StagedCapture, Error> {
    stage_capture(input, Target::File { path: output, replace: false }, settings, &mut |_| ControlFlow::Continue(()))
}

/// Packets of a capture: its payload, and whether its checksum holds.
fn packets(file: &[u8]) -> Vec<(Vec<u8>, bool)> {
    let mut reader = Reader::new(Cursor::new(file)).unwrap();
    let mut out = Vec::new();
    while let Some(packet) = reader.next_packet().unwrap() {
        let datagram = Datagram::of(&packet).unwrap();
        let udp = &packet.bytes[34..];
        let pseudo = [&packet.bytes[26..34], &[0, 17], &udp[4..6], udp].concat();
        out.push((datagram.payload(packet.bytes).to_vec(), matches!(checksum(&pseudo), 0 | 0xffff)));
    }
    out
}

#[test]
fn of_keys_nothing_is_left_and_all_else_stays() {
    let folder = Folder::new();
    for (events, sip) in [(false, false), (true, false), (true, true)] {
        let before = call(events, sip, 0).bytes;
        let (input, output) = (folder.path(&format!("{events}{sip}.pcap")), folder.path(&format!("{events}{sip}.out")));
        fs::write(&input, &before).unwrap();
        assert!(is_capture(&input).unwrap());
        let staged = scrub(&input, &output, &Settings::default()).unwrap();
        assert!(!output.exists(), "it has no name yet");
        assert_eq!((staged.streams.len(), staged.streams[0].call, staged.streams[1].call), (2, 0, 0));
        assert_eq!(staged.signalled, if sip { 16 } else { 0 });
        let replaced = staged.replaced.clone();
        staged.publish().unwrap();
        let after = fs::read(&output).unwrap();
        assert_eq!(after.len(), before.len());
        let stream = |number: usize| replaced.iter().filter(move |one| one.stream == number);
        assert!((16..20).contains(&stream(0).count()) && (16..20).contains(&stream(1).count()), "{replaced:?}");
        let (mut kept, mut changed) = (0, 0);
        for ((out, holds), (sent, held)) in packets(&after).iter().zip(packets(&before)) {
            assert!(*holds && held, "the checksum holds");
            if sent[0] != 0x80 {
                let text = String::from_utf8(out.clone()).unwrap();
                assert!(!sip || text.starts_with("INVITE") || text.contains("Signal=*\r\nDuration=80"), "{text}");
            } else if sent[1] == 101 {
                assert!(out[12] == 10 && out[13..] == sent[13..] && out[..12] == sent[..12]);
            } else {
                assert_eq!(out[..12], sent[..12]);
                let same = out == &sent;
                (kept, changed) = (kept + usize::from(same), changed + usize::from(!same));
            }
        }
        assert!(kept > 200 && changed > 2 * 16 * 4, "{kept} packets kept, {changed} changed");
        // Once more: of the keys nothing is found.
        let again = scrub(&output, &folder.path("again"), &Settings::default()).unwrap();
        assert!(again.replaced.iter().all(|one| one.cause == "event" || one.cause == "linked"), "{:?}", again.replaced);
    }
}

#[test]
fn what_cannot_be_read_is_refused_by_name_and_nothing_is_written() {
    let folder = Folder::new();
    let refused = |name: &str, bytes: Vec<u8>| {
        let (input, output) = (folder.path(name), folder.path("out"));
        fs::write(&input, bytes).unwrap();
        let error = scrub(&input, &output, &Settings::default()).expect_err(name).to_string();
        assert!(!output.exists() && error.contains(name), "{error}");
        error
    };
    assert!(
        refused("g729.pcap", call(false, false, 18).bytes)
            .contains("RTP from 192.0.2.1:4000 to 192.0.2.2:5000: payload type 18 cannot be read")
    );
    let mut fragment = call(false, false, 0).bytes;
    fragment[24 + 16 + 14 + 6] = 0x20;
    assert!(refused("fragment.pcap", fragment).contains("1 of IP fragment"));
    let whole = call(false, false, 0).bytes;
    assert!(refused("cut.pcap", whole[..whole.len() - 50].to_vec()).contains("cut.pcap"));
    let mut noise = Capture::new();
    let mut rng = Rng::new(8);
    for i in 0..200_u16 {
        let payload: Vec<u8> = (0..170).map(|_| rng.bits() as u8).collect();
        noise.udp(u64::from(i) * 20_000, CUSTOMER, AGENT, &rtp(0, i, u32::from(i) * 160, 1, &payload));
    }
    // Half of every packet is there.
    assert!(refused("snap.pcap", snapped(&call(false, false, 0).bytes, 14 + 28 + 12 + 80)).contains("are cut by the snap length"));
    assert!(refused("srtp.pcap", noise.bytes).contains("SRTP must be decrypted first"));
}

/// A capture with every packet cut to `len` bytes.
fn snapped(file: &[u8], len: usize) -> Vec<u8> {
    let (mut out, mut at) = (file[..24].to_vec(), 24);
    while at < file.len() {
        let whole = u32::from_le_bytes(file[at + 8..at + 12].try_into().unwrap()) as usize;
        let kept = whole.min(len);
        out.extend(&file[at..at + 8]);
        out.extend((kept as u32).to_le_bytes());
        out.extend(&file[at + 12..at + 16]);
        out.extend(&file[at + 16..at + 16 + kept]);
        at += 16 + whole;
    }
    out
}

/// Every packet three times, as a bridge's interfaces have it; and a second source among the packets of the first.
#[test]
fn copies_and_other_sources_hide_no_stream() {
    let folder = Folder::new();
    let mut thrice = Capture::new();
    let mut turns = Capture::new();
    for (i, (payload, _)) in packets(&call(false, false, 0).bytes).iter().enumerate().filter(|(i, _)| i % 2 == 0) {
        let at_us = 1_000_000 + i as u64 * 10_000;
        (0..3).for_each(|copy| thrice.udp(at_us + copy * 50, CUSTOMER, AGENT, payload));
        turns.udp(at_us, CUSTOMER, AGENT, payload);
        let other = rtp(0, (i as u16).wrapping_mul(7), i as u32 * 80, 77, &[0xff; 160]);
        turns.udp(at_us + 50, CUSTOMER, AGENT, &other);
    }
    for (name, capture) in [("thrice.pcap", thrice), ("turns.pcap", turns)] {
        let (input, output) = (folder.path(name), folder.path(&format!("{name}.out")));
        fs::write(&input, &capture.bytes).unwrap();
        let staged = scrub(&input, &output, &Settings::default()).unwrap();
        assert_eq!(staged.streams.len(), 1, "{name}");
        // Two sources at one time are one too many for a channel: what the second says is replaced whole.
        let keyed = staged.replaced.iter().filter(|one| one.cause == "keyed").count();
        assert!(keyed >= 14 || (name.starts_with("turns") && staged.replaced.len() > 100), "{name}: {:?}", staged.replaced);
        staged.publish().unwrap();
        let again = scrub(&output, &folder.path("again"), &Settings::default()).unwrap();
        assert!(again.replaced.iter().all(|one| one.cause != "keyed"), "{name}: {:?}", again.replaced);
        // Of copies each is masked as the first is.
        if name.starts_with("thrice") {
            let (before, after) = (packets(&capture.bytes), packets(&fs::read(&output).unwrap()));
            let changed = |i: usize| before[i].0 != after[i].0;
            assert!((0..before.len() / 3).all(|i| changed(3 * i) == changed(3 * i + 1) && changed(3 * i) == changed(3 * i + 2)));
        }
    }
}

/// A call a year behind the first, and a packet that is dated a year ahead: neither costs more than it should.
#[test]
fn years_between_packets_pass_in_no_time() {
    let folder = Folder::new();
    let mut capture = call(false, false, 0);
    let year_us = 365 * 86_400 * 1_000_000;
    capture.udp(year_us, CUSTOMER, AGENT, &rtp(0, 9_000, 5, 1, &[0xff; 160]));
    capture.udp(2_000_000, AGENT, CUSTOMER, &rtp(0, 9_001, 165, 1, &[0xff; 160]));
    fs::write(folder.path("years.pcap"), &capture.bytes).unwrap();
    let staged = scrub(&folder.path("years.pcap"), &folder.path("out"), &Settings::default()).unwrap();
    assert!(staged.replaced.len() >= 32);
}

/// ICMP errors quote what was sent, or a part of it, also where nothing else of it was captured: that is blanked.
#[test]
fn what_icmp_errors_quote_is_blanked() {
    let folder = Folder::new();
    for (name, payload_type) in [("events", 101), ("audio", 0)] {
        let mut capture = Capture::new();
        for i in 0..20_u16 {
            let payload: Vec<u8> =
                if payload_type == 0 { (0..120).map(|k| 0x80 | (k as u8 + i as u8)).collect() } else { vec![(i % 10) as u8, 10, 0, 160] };
            let mut rtp = rtp(payload_type, i, u32::from(i) * 160, 1, &payload);
            // With the bit of padding, whose end was cut off.
            rtp[0] |= 0x20;
            capture.icmp(u64::from(i) * 20_000, CUSTOMER, AGENT, &rtp);
        }
        let (input, output) = (folder.path(name), folder.path(&format!("{name}.out")));
        fs::write(&input, &capture.bytes).unwrap();
        let staged = scrub(&input, &output, &Settings::default()).unwrap();
        assert_eq!(staged.quoted, 20, "{name}");
        staged.publish().unwrap();
        let after = fs::read(&output).unwrap();
        let mut reader = Reader::new(Cursor::new(&after)).unwrap();
        while let Some(packet) = reader.next_packet().unwrap() {
            let datagram = Datagram::of(&packet).unwrap();
            let blank = if payload_type == 0 { 0xff } else { 10 };
            assert!(datagram.quoted && datagram.payload(packet.bytes)[12..].iter().all(|byte| *byte == blank), "{name}");
        }
    }
}
