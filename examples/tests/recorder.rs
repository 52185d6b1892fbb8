//! Claim: what the example recorder stores of a live call, in its WAVs and in its capture, is what was sent, but for the spans that it reports: those hold
//! nothing of the keys. Where the call is ended by a signal nothing of it is lost.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers may panic too")]

use cardhush_core::{Coding, Ulaw, g711};
use cardhush_testkit::rng::Rng;
use cardhush_testkit::tone::{Tone, dial};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::UdpSocket;
use std::ops::Range;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const KEYS: &str = "4539148803";
/// Bytes before an RTP packet in the capture: record, IPv4, UDP.
const BEFORE: usize = 16 + 20 + 8;

/// The recorder, and where its channels listen.
fn start(out: &Path, more: &[&str]) -> (Child, BufReader<std::process::ChildStderr>, Vec<String>) {
    let listen = ["--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0", "--out"];
    let command = env!("CARGO_BIN_EXE_recorder");
    let mut child = Command::new(command).args(listen).arg(out).args(more).stderr(Stdio::piped()).spawn().unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    let at = (0..2).map(|_| {
        let mut line = String::new();
        errors.read_line(&mut line).unwrap();
        line.trim().rsplit(' ').next().unwrap().to_owned()
    });
    let at = at.collect();
    (child, errors, at)
}

fn packet(payload_type: u8, channel: u8, sequence: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, payload_type];
    packet.extend(sequence.to_be_bytes());
    packet.extend(timestamp.to_be_bytes());
    packet.extend([0, 0, 7, channel]);
    packet.extend(payload);
    packet
}

/// Keys on channel 0 in the audio and, every other one, in events; noise on channel 1. Packets by channel, and the samples of each key.
fn call() -> ([Vec<Vec<u8>>; 2], Vec<Range<usize>>) {
    let mut rng = Rng::new(11);
    let tone = Tone { level_dbm0: -9.0, on_ms: 80.0, off_ms: 90.0, ..Tone::default() };
    let dialled = dial(KEYS, &tone, 8_000, 700.0, &mut rng);
    let coded: Vec<u8> = dialled.samples.iter().map(|x| Ulaw::encode((x + 0.003 * rng.normal()) as f32)).collect();
    let other: Vec<u8> = coded.iter().map(|_| Ulaw::encode((0.003 * rng.normal()) as f32)).collect();
    let mut packets = [Vec::new(), Vec::new()];
    for (i, chunk) in coded.chunks_exact(160).enumerate() {
        let mut put = |channel: u8, payload_type, at: usize, payload: &[u8]| {
            let packets = &mut packets[usize::from(channel)];
            packets.push(packet(payload_type, channel, packets.len() as u16, at as u32, payload));
        };
        put(0, 0, i * 160, chunk);
        put(1, 0, i * 160, &other[i * 160..(i + 1) * 160]);
        if let Some(key) = dialled.spans.iter().step_by(2).position(|span| span.start / 160 == i) {
            let digit = KEYS.as_bytes()[2 * key] - b'0';
            (0..3).for_each(|_| put(0, 101, dialled.spans[2 * key].start, &[digit, 0x8a, 2, 0x80]));
        }
    }
    (packets, dialled.spans)
}

/// Sends on time.
fn send(packets: &[Vec<Vec<u8>>; 2], to: &[String]) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let begun = Instant::now();
    for (packets, to) in packets.iter().zip(to) {
        let (socket, to, packets) = (socket.try_clone().unwrap(), to.clone(), packets.clone());
        std::thread::spawn(move || {
            for packet in packets {
                let at = u64::from(u32::from_be_bytes(packet[4..8].try_into().unwrap())) / 8;
                sleep((begun + Duration::from_millis(at)).saturating_duration_since(Instant::now()));
                socket.send_to(&packet, &to).unwrap();
            }
        });
    }
    let last = packets[1].len() as u64 * 20;
    sleep(Duration::from_millis(last + 300));
}

/// Spans of a channel that were replaced.
fn spans(out: &Path, channel: u64) -> Vec<Range<usize>> {
    let text = fs::read_to_string(out.join("spans.jsonl")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let own = lines.filter(|line| line["channel"] == channel);
    own.map(|line| {
        assert!(line["type"] == "redaction" && line["cause"].is_string(), "{line}");
        line["start"].as_u64().unwrap() as usize..line["end"].as_u64().unwrap() as usize
    })
    .collect()
}

/// The RTP packets of the capture, by channel.
fn captured(out: &Path, ports: &[u16]) -> Vec<Vec<Vec<u8>>> {
    let bytes = fs::read(out.join("stored.pcap")).unwrap();
    assert_eq!(bytes[..4], 0xa1b2_c3d4_u32.to_le_bytes());
    let (mut rest, mut packets) = (&bytes[24..], vec![Vec::new(); ports.len()]);
    while !rest.is_empty() {
        let len = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        let words: u32 = rest[16..36].as_chunks::<2>().0.iter().map(|two| u32::from(u16::from_be_bytes(*two))).sum();
        assert_eq!((words & 0xffff) + (words >> 16), 0xffff, "the checksum of the IPv4 header");
        let port = u16::from_be_bytes(rest[38..40].try_into().unwrap());
        let channel = ports.iter().position(|one| *one == port).unwrap();
        packets[channel].push(rest[BEFORE..16 + len].to_vec());
        rest = &rest[16 + len..];
    }
    packets
}

fn judge(out: &Path, at: &[String], sent: &[Vec<Vec<u8>>; 2], keys: &[Range<usize>]) {
    let ports: Vec<u16> = at.iter().map(|at| at.rsplit(':').next().unwrap().parse().unwrap()).collect();
    let captured = captured(out, &ports);
    for (channel, (sent, stored)) in sent.iter().zip(&captured).enumerate() {
        let masks = spans(out, channel as u64);
        let wav: Vec<i16> =
            hound::WavReader::open(out.join(format!("channel-{channel}.wav"))).unwrap().samples().map(Result::unwrap).collect();
        let audio = |packet: &&Vec<u8>| packet[1] == 0;
        let samples: Vec<i16> =
            sent.iter().filter(audio).flat_map(|one| one[12..].iter().map(|code| g711::ulaw_to_linear(*code))).collect();
        // The call began a little before its first packet.
        let begins = wav.len() - samples.len();
        assert!(begins < 24_000, "channel {channel} begins at {begins}");
        let masked = |i: usize| masks.iter().any(|mask| mask.contains(&(i + begins)));
        let (mut same, mut count) = (0, 0);
        for (i, (stored, sent)) in wav[begins..].iter().zip(&samples).enumerate() {
            assert!(masked(i) || stored == sent, "channel {channel}, sample {i} is another and was not reported");
            (same, count) = (same + usize::from(masked(i) && stored == sent), count + usize::from(masked(i)));
        }
        // The fill is noise, as the background is: some of it is the same by chance.
        assert!(same * 5 < count, "channel {channel}: {same} of {count} masked samples are as they were");
        for key in keys {
            assert!((key.start..key.end).all(masked), "channel {channel}: {key:?} of {masks:?}, which begins at {begins}");
        }
        // The capture holds each packet once, in its order: the audio of the WAV, events without digits, headers as they were.
        assert_eq!(stored.len(), sent.len(), "channel {channel}");
        let mut at = begins;
        for (stored, sent) in stored.iter().zip(sent) {
            assert_eq!(stored[..12], sent[..12]);
            if stored[1] == 101 {
                assert!(stored[12] == 10 && stored[13..] == sent[13..]);
            } else {
                let samples: Vec<i16> = stored[12..].iter().map(|code| g711::ulaw_to_linear(*code)).collect();
                assert_eq!(samples, wav[at..at + samples.len()]);
                at += samples.len();
            }
        }
    }
}

#[test]
fn a_call_on_the_wire_is_stored_without_its_keys() {
    let folder = tempfile::tempdir().unwrap();
    let (sent, keys) = call();
    let (mut by_signal, mut by_time) = (folder.path().join("signal"), folder.path().join("time"));
    for (out, more) in [(&mut by_signal, &["--no-spoken"][..]), (&mut by_time, &["--seconds", "6"])] {
        let (mut child, mut errors, at) = start(out, more);
        send(&sent, &at);
        if more.len() == 1 {
            let id = child.id().to_string();
            assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        }
        let mut told = String::new();
        errors.read_to_string(&mut told).unwrap();
        let status = child.wait().unwrap();
        assert!(status.success(), "{status}: {told}");
        judge(out, &at, &sent, &keys);
        let keyed = told.lines().filter(|line| line.contains(": key, samples")).count();
        assert!(keyed >= KEYS.len(), "{keyed} keys told: {told}");
    }
}

#[test]
fn nothing_is_written_over_and_what_is_no_rtp_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, mut errors, at) = start(folder.path(), &["--seconds", "1", "--no-spoken"]);
    UdpSocket::bind("127.0.0.1:0").unwrap().send_to(&[1, 2, 3], &at[1]).unwrap();
    let mut told = String::new();
    errors.read_to_string(&mut told).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2), "{told}");
    assert!(told.contains("channel 1: a packet is not taken") && told.contains("stored 0 packets; refused 1"), "{told}");
    let again = Command::new(env!("CARGO_BIN_EXE_recorder"))
        .args(["--listen", "127.0.0.1:0", "--seconds", "1", "--out"])
        .arg(folder.path())
        .output();
    assert_eq!(again.unwrap().status.code(), Some(1));
}
