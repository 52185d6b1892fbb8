//! Ogg Opus files: packets of silence that bring nothing back, pages written anew, and how long a decoder remembers.
#![cfg(feature = "opus")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's helpers may panic too")]

mod files;

use std::ops::Range;

use cardhush_testkit::rng::Rng;
use files::*;

/// Name, file, every 61st sample of what libopus 1.3.1 decodes (channels in turn), channels, and whether all of it is CELT.
type Fixture = (&'static str, &'static [u8], &'static [u8], u8, bool);
const FILES: [Fixture; 5] = [
    ("silk_mono", include_bytes!("data/silk_mono.opus"), include_bytes!("data/silk_mono.golden"), 1, false),
    ("f60_mono", include_bytes!("data/f60_mono.opus"), include_bytes!("data/f60_mono.golden"), 1, false),
    ("hybrid_mono", include_bytes!("data/hybrid_mono.opus"), include_bytes!("data/hybrid_mono.golden"), 1, false),
    ("celt_stereo", include_bytes!("data/celt_stereo.opus"), include_bytes!("data/celt_stereo.golden"), 2, true),
    ("f25_mono", include_bytes!("data/f25_mono.opus"), include_bytes!("data/f25_mono.golden"), 1, true),
];
const FRAMES: u64 = 62_400;
/// 590 to 730 ms, around the key.
const KEY: Range<u64> = 28_320..35_040;

fn crc32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |crc, &byte| {
        (0..8).fold(crc ^ (u32::from(byte) << 24), |crc, _| (crc << 1) ^ if crc & 0x8000_0000 != 0 { 0x04c1_1db7 } else { 0 })
    })
}

/// The packets of a file, by a second reader of pages.
fn packets(file: &[u8]) -> Vec<Vec<u8>> {
    let (mut at, mut packets, mut packet) = (0, vec![], vec![]);
    while at < file.len() {
        let count = usize::from(file[at + 26]);
        let mut body = at + 27 + count;
        for &lace in &file[at + 27..at + 27 + count] {
            packet.extend_from_slice(&file[body..body + usize::from(lace)]);
            body += usize::from(lace);
            if lace < 255 {
                packets.push(std::mem::take(&mut packet));
            }
        }
        at = body;
    }
    assert!(packet.is_empty());
    packets
}

/// Samples of a packet whose frames have the same length; enough for what the encoder makes.
fn lasts(packet: &[u8]) -> u64 {
    let frame = match packet[0] >> 3 {
        config @ 0..12 => [480, 960, 1_920, 2_880][usize::from(config % 4)],
        config @ 12..16 => [480, 960][usize::from(config % 2)],
        config => [120, 240, 480, 960][usize::from(config % 4)],
    };
    frame
        * match packet[0] & 3 {
            0 => 1,
            3 => u64::from(packet[1] & 63),
            _ => 2,
        }
}

/// A file of these packets, headers first, with so many segments a page; the last page's time is `end`.
fn mux(packets: &[Vec<u8>], segments: usize, end: u64) -> Vec<u8> {
    let mut file = vec![];
    let mut number = 0u32;
    let mut page = |flags: u8, granule: u64, laces: &[u8], body: &[u8]| {
        let mut page = [
            b"OggS\0".as_slice(),
            &[flags],
            &granule.to_le_bytes(),
            &7u32.to_le_bytes(),
            &number.to_le_bytes(),
            &[0; 4],
            &[laces.len() as u8],
            laces,
            body,
        ]
        .concat();
        let check = crc32(&page).to_le_bytes();
        page[22..26].copy_from_slice(&check);
        file.extend(page);
        number += 1;
    };
    let lace = |packet: &[u8]| [vec![255; packet.len() / 255], vec![(packet.len() % 255) as u8]].concat();
    page(2, 0, &lace(&packets[0]), &packets[0]);
    page(0, 0, &lace(&packets[1]), &packets[1]);
    // Segments with what they hold and the time at their end, if a packet ends with them.
    let mut all: Vec<(u8, &[u8], Option<u64>)> = vec![];
    let mut time = 0;
    for packet in &packets[2..] {
        time += lasts(packet);
        let laces = lace(packet);
        for (index, &lace) in laces.iter().enumerate() {
            let at = index * 255;
            all.push((lace, &packet[at..at + usize::from(lace)], (index + 1 == laces.len()).then_some(time)));
        }
    }
    let pages = all.chunks(segments).count();
    let mut continued = false;
    for (index, chunk) in all.chunks(segments).enumerate() {
        let last = index + 1 == pages;
        let granule = chunk.iter().rev().find_map(|segment| segment.2).map_or(u64::MAX, |time| if last { end } else { time });
        let laces: Vec<u8> = chunk.iter().map(|segment| segment.0).collect();
        let body: Vec<u8> = chunk.iter().flat_map(|segment| segment.1.iter().copied()).collect();
        page(u8::from(continued) | if last { 4 } else { 0 }, granule, &laces, &body);
        continued = chunk.last().is_some_and(|segment| segment.2.is_none());
    }
    file
}

/// The time that a file ends with.
fn end_of(file: &[u8]) -> u64 {
    let last = file.windows(5).rposition(|five| five == b"OggS\0").unwrap();
    u64::from_le_bytes(file[last + 6..last + 14].try_into().unwrap())
}

#[test]
fn decodes_as_libopus_does() {
    for (name, file, golden, channels, celt) in FILES {
        let coded = parse(file).unwrap();
        assert_eq!(
            (coded.form().rate_hz, coded.form().channels, coded.form().coding, coded.form().frames),
            (48_000, channels, "Opus", FRAMES),
            "{name}"
        );
        let ours = pcm(file).unwrap();
        let golden: Vec<i16> = golden.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
        let at = |index: usize| ours[index * 61 * usize::from(channels) + index % usize::from(channels)];
        let worst = golden.iter().enumerate().map(|(index, sample)| sample.abs_diff(at(index))).max().unwrap();
        println!("{name}: {worst}");
        assert_eq!(golden.len(), (FRAMES as usize).div_ceil(61));
        // SILK is in integers; CELT is in integers here and in floating point there, 70 dB apart: of samples up to 12,000, 12 is twice what 70 dB are.
        assert!(worst <= if name == "silk_mono" { 0 } else { 12 }, "{name} {celt}: {worst}");
    }
}

#[test]
fn from_any_sample_it_is_the_tail() {
    let mut rng = Rng::new(41);
    for (name, file, _, channels, _) in FILES {
        // Longer than what is decoded ahead, by the same packets once more.
        let once = packets(file);
        let long: Vec<_> = once[..2].iter().chain(once[2..].iter().cycle().take(3 * (once.len() - 2))).cloned().collect();
        let end = long[2..].iter().map(|packet| lasts(packet)).sum();
        let file = mux(&long, 40, end);
        let coded = parse(&file).unwrap();
        let frames = coded.form().frames;
        let all = decode(&*coded, &file, 0).unwrap();
        for from in (0..6).map(|_| rng.below(frames as usize) as u64).chain([0, 1, 959, 150_000, frames - 1, frames, u64::MAX]) {
            let tail = decode(&*coded, &file, from).unwrap();
            let due = &all[(from.min(frames) as usize) * usize::from(channels)..];
            assert_eq!(tail.len(), due.len());
            let worst = tail.iter().zip(due).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0);
            // CELT has forgotten; SILK has not, and differs by 30 dB less than the signal (up to 12,000) at most.
            assert!(worst <= if name == "celt_stereo" || name == "f25_mono" { 0 } else { 380 }, "{name} from {from}: {worst}");
        }
    }
}

#[test]
fn without_spans_it_is_the_same_file() {
    for (name, file, ..) in FILES {
        let coded = parse(file).unwrap();
        for spans in [everywhere(&*coded, 5..5), vec![vec![]; 2], everywhere(&*coded, FRAMES..FRAMES + 5)] {
            assert_eq!(rewrite(&*coded, file, &spans, 0.1), file, "{name}");
            assert_eq!(coded.changed(&spans), [], "{name}");
        }
        // The tests' own writer of pages makes what the encoder made of it, but for where pages are cut.
        assert_eq!(packets(&mux(&packets(file), 255, end_of(file))), packets(file));
    }
}

#[test]
fn the_tone_is_gone() {
    for (name, file, _, channels, _) in FILES {
        let coded = parse(file).unwrap();
        let mut asked = vec![vec![]; usize::from(channels)];
        asked[0].push(KEY);
        let out = rewrite(&*coded, file, &asked, 0.01);
        assert_kept(&*coded, file, &out, &asked);
        let (before, after) = (pcm(file).unwrap(), pcm(&out).unwrap());
        assert_eq!(before.len(), after.len());
        for which in 0..usize::from(channels) {
            let cut = |samples: &[i16]| channel(samples, channels.into(), which)[28_800..34_560].to_vec();
            let (was, is) = (cut(&before), cut(&after));
            assert!(power(&is, KEY_HZ, 48_000) < 0.01 * power(&was, KEY_HZ, 48_000), "{name}");
            assert!(correlation(&was, &is).abs() < 0.1, "{name}");
            let loudest = channel(&after, channels.into(), which)[KEY.start as usize..KEY.end as usize]
                .iter()
                .fold(0.0, |max: f64, x| max.max(x.abs()));
            assert!(loudest <= 1.0, "{name}: a sample of {loudest} within the span");
        }
    }
}

#[test]
fn beyond_reach_it_decodes_as_before() {
    for (name, file, _, channels, celt) in FILES {
        let coded = parse(file).unwrap();
        // Early, so that something lies behind reach.
        for span in [4_000..4_100, 9_000..14_400] {
            let spans = everywhere(&*coded, span.clone());
            let out = rewrite(&*coded, file, &spans, 0.0);
            assert_kept(&*coded, file, &out, &spans);
            let reach = coded.reach(0, span.clone());
            assert!(reach.start <= span.start && reach.end >= span.end && reach.end < FRAMES - 10_000, "{name} {reach:?}");
            let (before, after) = (pcm(file).unwrap(), pcm(&out).unwrap());
            let at = |frame: u64| frame as usize * usize::from(channels);
            assert!(before[..at(reach.start)] == after[..at(reach.start)], "{name}: before reach");
            let (was, is) = (&before[at(reach.end)..], &after[at(reach.end)..]);
            let energy = |samples: &mut dyn Iterator<Item = f64>| samples.map(|x| x * x).sum::<f64>();
            let db = 10.0
                * (energy(&mut was.iter().zip(is).map(|(a, b)| f64::from(*a) - f64::from(*b)))
                    / energy(&mut was.iter().map(|a| f64::from(*a))))
                .log10();
            println!("{name} {span:?}: {db:.1} dB behind reach");
            assert!(if celt { was == is } else { db < -30.0 }, "{name} {span:?}: {db:.1} dB behind reach");
        }
    }
}

#[test]
fn replaced_packets_tell_nothing_and_one_behind_them_goes_too() {
    for (name, file, _, channels, _) in FILES {
        let coded = parse(file).unwrap();
        let out = rewrite(&*coded, file, &everywhere(&*coded, KEY), 0.0);
        let (before, after) = (packets(file), packets(&out));
        assert_eq!(before.len(), after.len());
        let (mut start, mut covered, mut last) = (0, 0, 0);
        for (was, is) in before.iter().zip(&after).skip(2) {
            let end = start + lasts(was);
            assert_eq!(lasts(was), lasts(is), "{name}");
            // Time of packets counts the pre-skip of 312.
            if start < KEY.end + 312 && end > KEY.start + 312 {
                covered += 1;
                assert_ne!(was, is);
            }
            if was != is {
                assert_eq!(is[0] & 4 != 0, channels == 2);
                let data = if is[0] & 3 == 3 { 2 } else { 1 };
                assert!(is.len() > data && is[data..].chunks(2).all(|frame| frame == [0xff, 0xfe]), "{name}: {is:?}");
                last = start;
            }
            start = end;
        }
        assert!(covered > 2);
        assert!(last >= KEY.end + 312, "{name}: the packet behind the span, which may hold its end once more, goes too");
        // The same silence for other audio of the same packets' durations.
        let mut other = before.clone();
        for packet in &mut other[2..] {
            packet.truncate(if packet[0] & 3 == 3 { packet.len() } else { 9 });
        }
        let other = mux(&other, 255, end_of(file));
        let other_out = packets(&rewrite(&*parse(&other).unwrap(), &other, &everywhere(&*coded, KEY), 0.0));
        assert!((2..before.len()).filter(|&index| before[index] != after[index]).all(|index| other_out[index] == after[index]), "{name}");
    }
}

#[test]
fn pages_cut_anywhere_hold_the_same_packets() {
    let mut rng = Rng::new(43);
    for (name, file, _, channels, _) in FILES {
        let mut all = packets(file);
        // Packets of more than a segment, so that pages end within them, by padding; one of exactly 255 bytes, and one of a table of contents alone.
        for packet in &mut all[2..] {
            if packet[0] & 3 == 0 && rng.below(3) == 0 {
                let padding = [255, 255 + 255 + 20][rng.below(2)].max(packet.len() + 4) - packet.len() - 3;
                *packet = [
                    &[packet[0] | 3, 0x41][..],
                    &vec![255; padding / 255],
                    &[(padding % 255) as u8],
                    &packet[1..],
                    &vec![0; padding / 255 * 254 + padding % 255],
                ]
                .concat();
            }
        }
        if name == "silk_mono" {
            all[40] = vec![all[40][0] & !3];
        }
        let whole = mux(&all, 255, end_of(file));
        let expected = rewrite(&*parse(&whole).unwrap(), &whole, &everywhere(&*parse(&whole).unwrap(), KEY), 0.0);
        for segments in [1, 3, 17] {
            let file = mux(&all, segments, end_of(file));
            let coded = parse(&file).unwrap();
            assert_eq!(decode(&*coded, &file, 0).unwrap(), pcm(&whole).unwrap());
            assert_eq!(decode(&*coded, &file, 30_000).unwrap(), pcm(&whole).unwrap()[30_000 * usize::from(channels)..]);
            for (index, span) in [KEY, 0..1, 20_000..20_001, FRAMES - 1..FRAMES, 0..FRAMES].into_iter().enumerate() {
                let spans = everywhere(&*coded, span);
                let out = rewrite(&*coded, &file, &spans, 0.0);
                assert_kept(&*coded, &file, &out, &spans);
                assert!(parse(&out).unwrap().form() == coded.form(), "{name}");
                if index == 0 {
                    assert!(packets(&out) == packets(&expected), "{name}: {segments} segments a page");
                }
            }
        }
    }
}

#[test]
fn what_is_cut_or_lies_is_refused() {
    for (name, file, ..) in FILES {
        for len in (4..file.len()).step_by(23) {
            assert!(!survives(&file[..len]), "{name}: {len} of {} bytes", file.len());
        }
        for junk in [&b"x"[..], b"OggS", file] {
            assert!(parse(&[file, junk].concat()).is_err(), "{name}");
        }
        // A page that is missing.
        let one_each = mux(&packets(file), 1, end_of(file));
        let pages: Vec<usize> = one_each.windows(5).enumerate().filter(|(_, five)| *five == b"OggS\0").map(|(at, _)| at).collect();
        assert!(parse(&[&one_each[..pages[9]], &one_each[pages[10]..]].concat()).is_err(), "{name}");
    }
}

#[test]
fn other_codecs_and_mappings_are_named() {
    let mut all = packets(FILES[0].1);
    let refusal = |all: &[Vec<u8>]| parse(&mux(all, 255, 62_712)).err().unwrap().to_string();
    all[0][18] = 1;
    assert!(refusal(&all).contains("mapping family 1"));
    all[0][..7].copy_from_slice(b"\x01vorbis");
    assert!(refusal(&all).contains("Vorbis"));
    let mut all = packets(FILES[0].1);
    // Padding of two bytes that are not 0.
    all[9] = [&[all[9][0] | 3, 0x41, 2][..], &all[9][1..], &[0x03, 0x01]].concat();
    assert!(refusal(&all).contains("padding"));
}

#[test]
fn mutated_files_do_no_harm() {
    let mut rng = Rng::new(44);
    for (name, file, ..) in FILES {
        for _ in 0..40 {
            let mut bad = file.to_vec();
            for _ in 0..=rng.below(3) {
                let at = rng.below(bad.len());
                bad[at] = rng.below(256) as u8;
            }
            assert!(bad == file || !survives(&bad), "{name}: a page's check covers every byte");
        }
        // Hidden from the checks, so that it reaches the decoder.
        for _ in 0..25 {
            let mut all = packets(file);
            for _ in 0..1 + rng.below(8) {
                let index = rng.below(all.len());
                let packet = &mut all[index];
                let at = rng.below(packet.len());
                match rng.below(3) {
                    0 => packet.truncate(at.max(1)),
                    1 => packet.push(rng.below(256) as u8),
                    _ => packet[at] = rng.below(256) as u8,
                }
            }
            if all[2..].iter().all(|packet| packet.len() > 1) {
                survives(&mux(&all, 1 + rng.below(255), end_of(file)));
            }
        }
    }
}

#[test]
fn another_file_is_told() {
    for (_, file, ..) in FILES {
        assert_another_file_is_told(&*parse(file).unwrap(), file);
    }
}
