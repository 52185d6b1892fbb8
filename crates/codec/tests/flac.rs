//! FLAC files: read to the sample, masked to the sample, and every other frame kept.
#![cfg(feature = "flac")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's helpers may panic too")]

mod files;

use std::io::Cursor;
use std::ops::Range;

use cardhush_testkit::rng::Rng;
use files::*;

const FILES: [(&str, &[u8], u8, u32); 5] = [
    ("mono16", include_bytes!("data/mono16.flac"), 1, 16),
    ("stereo16", include_bytes!("data/stereo16.flac"), 2, 16),
    ("stereo24", include_bytes!("data/stereo24.flac"), 2, 24),
    ("quad16", include_bytes!("data/quad16.flac"), 4, 16),
    ("mono8", include_bytes!("data/mono8.flac"), 1, 8),
];

/// A second decoder's samples, in the file's own width, interleaved, with its verdict over checks.
fn foreign(file: &[u8]) -> Vec<i32> {
    claxon::FlacReader::new(Cursor::new(file)).unwrap().samples().map(|sample| sample.unwrap()).collect()
}

fn md5_of(file: &[u8]) -> &[u8] {
    &file[8 + 18..8 + 34]
}

/// The digest of the samples of a file of 16 bits, by the standard's words.
fn md5(samples: &[i32], bits: u32) -> Vec<u8> {
    use md5::Digest;
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()[..bits.div_ceil(8) as usize].to_vec()).collect();
    md5::Md5::digest(&bytes).to_vec()
}

#[test]
fn decodes_as_a_foreign_decoder_does() {
    for (name, file, channels, bits) in FILES {
        let coded = parse(file).unwrap();
        assert_eq!((coded.form().channels, coded.form().rate_hz, coded.form().coding), (channels, 8_000, "FLAC"), "{name}");
        let ours = pcm(file).unwrap();
        let theirs = foreign(file);
        let to_i16 = |&sample: &i32| if bits >= 16 { (sample >> (bits - 16)) as i16 } else { (sample << (16 - bits)) as i16 };
        assert_eq!(ours, theirs.iter().map(to_i16).collect::<Vec<_>>(), "{name}");
        assert_eq!(md5_of(file), md5(&theirs, bits), "{name}: the fixture's own digest");
    }
}

#[test]
fn from_any_sample_it_is_the_tail() {
    for (name, file, channels, _) in FILES {
        let coded = parse(file).unwrap();
        let all = decode(&*coded, file, 0).unwrap();
        let frames = coded.form().frames;
        for from in [0, 1, 255, 256, 575, 576, 577, 3_000, frames - 1, frames, frames + 1, u64::MAX] {
            let tail = decode(&*coded, file, from).unwrap();
            assert_eq!(tail, all[(from.min(frames) as usize) * usize::from(channels)..], "{name} from {from}");
        }
    }
}

#[test]
fn without_spans_it_is_the_same_file() {
    for (name, file, channels, _) in FILES {
        let coded = parse(file).unwrap();
        let none = vec![vec![]; usize::from(channels)];
        assert_eq!(rewrite(&*coded, file, &none, 0.1), file, "{name}");
        assert_eq!(coded.changed(&none), [], "{name}");
        let empty = everywhere(&*coded, 77..77);
        assert_eq!(rewrite(&*coded, file, &empty, 0.1), file, "{name}");
        assert_eq!(coded.changed(&empty), [], "{name}");
    }
}

#[test]
fn masked_to_the_sample_on_its_channel_alone() {
    let mut rng = Rng::new(8);
    for (name, file, channels, bits) in FILES {
        let coded = parse(file).unwrap();
        let before = foreign(file);
        let frames = coded.form().frames;
        for round in 0..12 {
            let spans: Vec<Vec<Range<u64>>> = (0..channels)
                .map(|_| {
                    let mut cuts: Vec<u64> = (0..2 * rng.below(3)).map(|_| rng.below(frames as usize + 1) as u64).collect();
                    cuts.sort_unstable();
                    cuts.dedup();
                    cuts.chunks_exact(2).map(|cut| cut[0]..cut[1]).collect()
                })
                .collect();
            let level = [0.0, 0.003][round % 2];
            let out = rewrite(&*coded, file, &spans, level);
            assert_kept(&*coded, file, &out, &spans);
            let after = foreign(&out);
            assert_eq!(after.len(), before.len());
            for (index, (&was, &is)) in before.iter().zip(&after).enumerate() {
                let (sample, channel) = ((index / usize::from(channels)) as u64, index % usize::from(channels));
                if !spans[channel].iter().any(|span| span.contains(&sample)) {
                    assert_eq!(is, was, "{name} round {round}: sample {sample} of channel {channel} {spans:?}");
                } else if level == 0.0 {
                    assert_eq!(is, 0, "{name} round {round}: sample {sample} of channel {channel}");
                }
            }
            assert_eq!(md5_of(&out), md5(&after, bits), "{name}: the new digest");
            assert_eq!(pcm(&out).unwrap().len(), before.len(), "{name}: we read it too");
        }
    }
}

#[test]
fn the_tone_is_gone() {
    for (name, file, channels, _) in FILES {
        let coded = parse(file).unwrap();
        let span = 4_700..5_800;
        for level in [0.0, 0.003] {
            let out = rewrite(&*coded, file, &everywhere(&*coded, span.clone()), level);
            let (before, after) = (pcm(file).unwrap(), pcm(&out).unwrap());
            for which in 0..usize::from(channels) {
                let was = &channel(&before, channels.into(), which)[4_800..5_760];
                let is = &channel(&after, channels.into(), which)[4_800..5_760];
                assert!(power(is, KEY_HZ, 8_000) < 0.01 * power(was, KEY_HZ, 8_000), "{name} channel {which}");
                assert!(correlation(was, is).abs() < 0.1, "{name} channel {which}: {}", correlation(was, is));
                if level > 0.0 {
                    let rms = (is.iter().map(|sample| sample * sample).sum::<f64>() / is.len() as f64).sqrt() / 32_768.0;
                    // Of 960 squares the mean lies within 9 % at three sigmas; a step of 8 bits adds its own noise, 1/128/sqrt(12).
                    let step = if name == "mono8" { 1.0 / 128.0 / 12f64.sqrt() } else { 0.0 };
                    let due = f64::from(level).hypot(step);
                    assert!((rms / due - 1.0).abs() < 0.25, "{name} channel {which}: {rms} for {due}");
                }
            }
        }
    }
}

#[test]
fn seek_points_lead_to_the_same_samples() {
    let (_, file, ..) = FILES[0];
    let coded = parse(file).unwrap();
    let out = rewrite(&*coded, file, &[vec![1_000..1_100, 6_000..6_001]], 0.0);
    assert!(out.len() > file.len());
    // STREAMINFO is followed by the seek table in this file.
    assert_eq!(file[42] & 0x7f, 3);
    let len = usize::from(file[45]);
    let points = |file: &[u8]| -> Vec<(u64, u64)> {
        file[46..46 + len]
            .chunks(18)
            .map(|point| (u64::from_be_bytes(point[..8].try_into().unwrap()), u64::from_be_bytes(point[8..16].try_into().unwrap())))
            .collect()
    };
    let audio = |file: &[u8]| file.windows(2).skip(46 + len).position(|two| two == [0xff, 0xf8]).unwrap() + 46 + len;
    let mut moved = 0;
    for ((sample, was), (same, is)) in points(file).into_iter().zip(points(&out)) {
        assert_eq!(sample, same);
        let (was, is) = (audio(file) + was as usize, audio(&out) + is as usize);
        // Sync code, sizes and the frame's number stand at both places.
        assert_eq!((&file[was..was + 3], file[was + 4]), (&out[is..is + 3], out[is + 4]), "sample {sample}");
        assert_eq!(u64::from(out[is + 4]) * 1_152, sample);
        moved += usize::from(was != is);
    }
    assert!(moved >= 2);
}

#[test]
fn a_digest_that_did_not_fit_is_not_made_to() {
    let mut file = FILES[0].1.to_vec();
    file[8 + 20] ^= 1;
    let coded = parse(&file).unwrap();
    let out = rewrite(&*coded, &file, &everywhere(&*coded, 10..20), 0.0);
    assert_eq!(md5_of(&out), [0; 16]);
}

#[test]
fn tags_before_and_behind_are_kept() {
    let audio = FILES[0].1;
    let before = [b"ID3\x04\0\0\0\0\0\x05".as_slice(), b"title"].concat();
    let behind = [b"TAG".as_slice(), &[b'x'; 125]].concat();
    let file = [&before[..], audio, &behind].concat();
    let coded = parse(&file).unwrap();
    assert_eq!(coded.form().notes.len(), 2);
    let spans = everywhere(&*coded, 2_000..2_100);
    let out = rewrite(&*coded, &file, &spans, 0.0);
    assert_kept(&*coded, &file, &out, &spans);
    assert_eq!(pcm(&file).unwrap(), pcm(audio).unwrap());
    assert!(out.starts_with(&before) && out.ends_with(&behind));
    // What is no tag is not read past.
    for junk in [&b"x"[..], &behind[..100], &[0; 40]] {
        assert!(parse(&[audio, junk].concat()).is_err());
    }
}

#[test]
fn what_is_cut_or_lies_is_refused() {
    for (name, file, ..) in FILES {
        for len in (4..file.len()).step_by(41).chain(file.len() - 20..file.len()) {
            assert!(!survives(&file[..len]), "{name}: {len} of {} bytes", file.len());
        }
        // STREAMINFO's number of samples, one more and one less.
        for by in [1, 0xff] {
            let mut lying = file.to_vec();
            lying[8 + 17] = lying[8 + 17].wrapping_add(by);
            assert!(!survives(&lying), "{name}");
        }
    }
}

#[test]
fn mutated_files_do_no_harm() {
    let mut rng = Rng::new(77);
    for (name, file, ..) in FILES {
        let mut whole = 0;
        for _ in 0..100 {
            let mut bad = file.to_vec();
            for _ in 0..=rng.below(3) {
                let at = rng.below(bad.len());
                bad[at] = rng.below(256) as u8;
            }
            whole += usize::from(survives(&bad));
        }
        // Tags and unused fields are not covered by a check; frames are.
        assert!(whole < 20, "{name}: {whole} of 100 were read whole");
    }
}

#[test]
fn broken_frames_with_right_checks_do_no_harm() {
    // The mutation is hidden from the checks, so that it reaches the decoder.
    let mut rng = Rng::new(78);
    let file = include_bytes!("data/mono8.flac");
    let first = file.windows(2).position(|two| two == [0xff, 0xf8]).unwrap();
    let second = first + file[first + 2..].windows(2).position(|two| two == [0xff, 0xf8]).unwrap() + 2;
    let crc16 = |bytes: &[u8]| {
        bytes.iter().fold(0u16, |crc, &byte| {
            (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| (crc << 1) ^ if crc & 0x8000 != 0 { 0x8005 } else { 0 })
        })
    };
    assert_eq!(crc16(&file[first..second]), 0);
    for _ in 0..1_000 {
        let mut bad = file.to_vec();
        for _ in 0..=rng.below(4) {
            let at = first + 7 + rng.below(second - first - 9);
            bad[at] = rng.below(256) as u8;
        }
        let check = crc16(&bad[first..second - 2]).to_be_bytes();
        bad[second - 2..second].copy_from_slice(&check);
        survives(&bad);
    }
}

#[test]
fn another_file_is_told() {
    for (_, file, ..) in FILES {
        assert_another_file_is_told(&*parse(file).unwrap(), file);
    }
}
