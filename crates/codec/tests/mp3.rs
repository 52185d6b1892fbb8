//! MP3 files: frames emptied, the bit reservoir of all others kept, and what is told of reach measured.
#![cfg(feature = "mp3")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's helpers may panic too")]

mod files;

use cardhush_testkit::rng::Rng;
use files::*;

const FILES: [(&str, &[u8], u32, u8); 6] = [
    ("mono44_crc", include_bytes!("data/mono44_crc.mp3"), 44_100, 1),
    ("stereo44_vbr", include_bytes!("data/stereo44_vbr.mp3"), 44_100, 2),
    ("mono32", include_bytes!("data/mono32.mp3"), 32_000, 1),
    ("stereo22", include_bytes!("data/stereo22.mp3"), 22_050, 2),
    ("mono16", include_bytes!("data/mono16.mp3"), 16_000, 1),
    ("mono8", include_bytes!("data/mono8.mp3"), 8_000, 1),
];

/// A second decoder's samples, which leaves out delay and padding too, but for frames with checks, whose tag it decodes.
fn foreign(file: &[u8]) -> Vec<i16> {
    let samples = nanomp3::decode_all::<i16>(file).samples;
    if file.starts_with(&[0xff, 0xfa]) { samples[1_152 + 576 + 529..][..57_330].to_vec() } else { samples }
}

fn frames_of(ms: std::ops::Range<u64>, rate_hz: u32) -> std::ops::Range<u64> {
    ms.start * u64::from(rate_hz) / 1_000..ms.end * u64::from(rate_hz) / 1_000
}

#[test]
fn decodes_as_a_foreign_decoder_does() {
    for (name, file, rate_hz, channels) in FILES {
        let coded = parse(file).unwrap();
        assert_eq!((coded.form().rate_hz, coded.form().channels, coded.form().coding), (rate_hz, channels, "MP3"), "{name}");
        let (ours, theirs) = (pcm(file).unwrap(), foreign(file));
        assert_eq!(ours.len(), theirs.len(), "{name}");
        // Both decode in floating point and round once: their sums differ by far less than a step, so samples by one at most.
        let worst = ours.iter().zip(&theirs).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(1), "{name}: {worst:?}");
    }
}

#[test]
fn from_any_sample_it_is_the_tail() {
    let mut rng = Rng::new(31);
    for (name, file, _, channels) in FILES {
        let coded = parse(file).unwrap();
        let all = decode(&*coded, file, 0).unwrap();
        let frames = coded.form().frames;
        let any: Vec<u64> = (0..20).map(|_| rng.below(frames as usize) as u64).collect();
        for from in any.into_iter().chain([0, 1, 575, 576, 1_152, frames - 1, frames, u64::MAX]) {
            let tail = decode(&*coded, file, from).unwrap();
            assert_eq!(tail, all[(from.min(frames) as usize) * usize::from(channels)..], "{name} from {from}");
        }
    }
}

#[test]
fn without_spans_it_is_the_same_file() {
    for (name, file, ..) in FILES {
        let coded = parse(file).unwrap();
        for spans in [everywhere(&*coded, 5..5), vec![vec![]; 2]] {
            assert_eq!(rewrite(&*coded, file, &spans, 0.1), file, "{name}");
            assert_eq!(coded.changed(&spans), [], "{name}");
        }
        assert_eq!(coded.reach(0, 700..700), 700..700, "{name}");
    }
}

#[test]
fn the_tone_is_gone_and_nothing_beyond_reach_differs() {
    let mut rng = Rng::new(32);
    for (name, file, rate_hz, channels) in FILES {
        let coded = parse(file).unwrap();
        let end = coded.form().frames;
        let key = frames_of(590..730, rate_hz);
        let mut spans = vec![key.clone(), 0..1, end - 1..end, 0..end];
        for _ in 0..5 {
            let at = rng.below(end as usize) as u64;
            spans.push(at..(at + 1 + rng.below(4_000) as u64).min(end));
        }
        for span in spans {
            // One channel is asked for, and all are masked.
            let mut asked = vec![vec![]; usize::from(channels)];
            asked[usize::from(channels) - 1].push(span.clone());
            let out = rewrite(&*coded, file, &asked, 0.01);
            assert_eq!(out.len(), file.len());
            assert_kept(&*coded, file, &out, &asked);
            // Headers stay, main data is gone, not just passed over.
            for change in coded.changed(&asked).iter().filter(|change| change.before.start > 200) {
                let range = change.after.start as usize..change.after.end as usize;
                assert!(out[range.clone()].starts_with(&[0xff]) || out[range].iter().all(|&byte| byte == 0), "{name} {change:?}");
            }
            let reach = coded.reach(0, span.clone());
            assert!(reach.start <= span.start && reach.end >= span.end, "{name} {span:?} {reach:?}");
            for (who, before, after) in [("ours", pcm(file).unwrap(), pcm(&out).unwrap()), ("theirs", foreign(file), foreign(&out))] {
                assert_eq!(before.len(), after.len());
                for (index, (was, is)) in before.iter().zip(&after).enumerate() {
                    let sample = (index / usize::from(channels)) as u64;
                    assert!(was == is || reach.contains(&sample), "{name} {span:?} {who}: sample {sample} beyond {reach:?}");
                    assert!(*is == 0 || !span.contains(&sample), "{name} {span:?} {who}: sample {sample} is {is}");
                }
                if span == key {
                    for which in 0..usize::from(channels) {
                        let tone = frames_of(600..720, rate_hz);
                        let cut =
                            |samples: &[i16]| channel(samples, channels.into(), which)[tone.start as usize..tone.end as usize].to_vec();
                        let (was, is) = (cut(&before), cut(&after));
                        assert!(power(&is, KEY_HZ, rate_hz) < 0.01 * power(&was, KEY_HZ, rate_hz), "{name} {who}");
                        assert!(correlation(&was, &is).abs() < 0.1, "{name} {who}");
                    }
                }
            }
        }
    }
}

#[test]
fn reach_is_no_longer_than_it_must_be() {
    // The last sample of reach differs somewhere, or the one before: the numbers are of the codec, not a guess at them.
    for (name, file, rate_hz, channels) in FILES {
        let coded = parse(file).unwrap();
        let span = frames_of(640..641, rate_hz);
        let out = rewrite(&*coded, file, &everywhere(&*coded, span.clone()), 0.0);
        let reach = coded.reach(0, span);
        let (before, after) = (pcm(file).unwrap(), pcm(&out).unwrap());
        let differ: Vec<u64> = before
            .iter()
            .zip(&after)
            .enumerate()
            .filter(|(_, (was, is))| was != is)
            .map(|(index, _)| (index / usize::from(channels)) as u64)
            .collect();
        let (first, last) = (differ[0], differ[differ.len() - 1]);
        // Windows begin and end softly, and less than half a step is no difference.
        assert!(first - reach.start < 300 && reach.end - last < 300, "{name}: {first}..{last} of {reach:?}");
    }
}

#[test]
fn the_reservoir_of_the_fixtures_is_in_use() {
    // Or else nothing here would test it: main data of some emptied frame lies before its header.
    for (name, file, rate_hz, _) in FILES {
        let coded = parse(file).unwrap();
        let changes = coded.changed(&everywhere(&*coded, frames_of(650..651, rate_hz)));
        assert!(file[changes[0].before.start as usize] != 0xff, "{name}: {changes:?}");
    }
}

#[test]
fn lame_checks_are_made_anew() {
    let arc = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0u16, |crc, &byte| (0..8).fold(crc ^ u16::from(byte), |crc, _| (crc >> 1) ^ if crc & 1 != 0 { 0xa001 } else { 0 }))
    };
    for (name, file, ..) in FILES {
        let Some(lame) = file.windows(4).position(|four| four == b"LAME").filter(|&at| at < 200) else { continue };
        let coded = parse(file).unwrap();
        let spans = everywhere(&*coded, 9_000..9_500);
        let out = rewrite(&*coded, file, &spans, 0.0);
        // Length and checks of the music, and the check of the tag: 28, 32 and 34 bytes behind its name.
        let check = |file: &[u8]| {
            let at = |at: usize| u16::from_be_bytes([file[lame + at], file[lame + at + 1]]);
            let tag_len = coded.changed(&everywhere(&*coded, 0..1))[1].before.start as usize;
            (at(32) == arc(&file[tag_len..]), at(34) == arc(&file[..lame + 34]))
        };
        assert_eq!((check(file), check(&out)), ((true, true), (true, true)), "{name}");
    }
}

#[test]
fn tags_before_and_behind_are_kept() {
    let (_, audio, ..) = FILES[5];
    let before = [b"ID3\x04\0\0\0\0\0\x05".as_slice(), b"title"].concat();
    let behind = [b"TAG".as_slice(), &[b'x'; 125]].concat();
    let file = [&before[..], audio, &behind].concat();
    let coded = parse(&file).unwrap();
    let spans = everywhere(&*coded, 2_000..2_100);
    let out = rewrite(&*coded, &file, &spans, 0.0);
    assert_kept(&*coded, &file, &out, &spans);
    assert_eq!(pcm(&file).unwrap(), pcm(audio).unwrap());
    assert!(out.starts_with(&before) && out.ends_with(&behind));
    for junk in [&b"x"[..], &behind[..100], &[0; 40], &[0xff; 40]] {
        assert!(!survives(&[audio, junk].concat()));
    }
}

#[test]
fn what_is_cut_or_lies_is_refused() {
    for (name, file, ..) in FILES {
        let coded = parse(file).unwrap();
        let tagged = file.windows(4).take(200).any(|four| four == b"LAME" || four == b"Info" || four == b"Xing");
        // Frames follow each other: their first bytes are where changes begin that hold a sync word.
        let starts: Vec<u64> = coded
            .changed(&everywhere(&*coded, 0..u64::MAX))
            .iter()
            .map(|change| change.before.start)
            .filter(|&at| file[at as usize..].starts_with(&[0xff]))
            .collect();
        for len in (4..file.len()).step_by(7) {
            // Without a tag, a file of whole frames is a whole file.
            if tagged || !starts.contains(&(len as u64)) {
                assert!(!survives(&file[..len]), "{name}: {len} of {} bytes", file.len());
            }
        }
    }
}

#[test]
fn mutated_files_do_no_harm() {
    let mut rng = Rng::new(33);
    for (name, file, ..) in FILES {
        let mut refused = 0;
        for _ in 0..30 {
            let mut bad = file.to_vec();
            for _ in 0..=rng.below(4) {
                let at = rng.below(bad.len());
                bad[at] = rng.below(256) as u8;
            }
            refused += usize::from(!survives(&bad));
        }
        println!("{name}: {refused} of 30 refused");
    }
}

#[test]
fn other_layers_and_free_formats_are_named() {
    let (_, file, ..) = FILES[5];
    let mut free = file.to_vec();
    free[2] &= 0x0f;
    let tagged = |audio: &[u8]| [b"ID3\x04\0\0\0\0\0\0".as_slice(), audio].concat();
    assert!(parse(&free).err().unwrap().to_string().contains("free-format"));
    let layer2 = tagged(&[&[0xff, 0xfd, 0x90, 0x00][..], &[0; 600]].concat());
    assert!(parse(&layer2).err().unwrap().to_string().contains("layer II"));
}

#[test]
fn another_file_is_told() {
    for (_, file, ..) in FILES {
        assert_another_file_is_told(&*parse(file).unwrap(), file);
    }
}
