//! Claim: recordings in every coding that is read are scrubbed in it: what is asked for is gone from what they decode to, every byte beside is as it was, and what is told is all that differs; what has nothing to be replaced is copied byte for byte.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's helpers may panic too")]

use cardhush_scrub::{Call, Mask, Settings, Target, stage, verify};
use cardhush_testkit::tone::{self, Tone};
use cardhush_testkit::{rng::Rng, signal};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

fn fixtures() -> Vec<PathBuf> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../codec/tests/data");
    let mut files: Vec<PathBuf> =
        [data.join("blocks"), data].iter().flat_map(|folder| fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ["gsm", "wav", "flac", "mp3", "opus"].iter().any(|one| ending == *one)));
    files.sort();
    files
}

fn settings(masks: &[&str]) -> Settings {
    let mut settings = Settings::default();
    (settings.keyed, settings.spoken) = (false, None);
    settings.masks = masks.iter().map(|mask| mask.parse::<Mask>().unwrap()).collect();
    settings
}

#[test]
fn blocks_are_replaced_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (mut seen, mut watch) = (Vec::new(), |_| ControlFlow::Continue(()));
    for input in fixtures() {
        let name = input.file_name().unwrap().to_string_lossy().into_owned();
        let call = Call::open(&input).unwrap_or_else(|e| panic!("{e}"));
        let (form, bytes) = (call.form(), fs::read(&input).unwrap());
        seen.push(form.coding.to_string());
        // Nothing to be replaced.
        let copy = folder.path().join(format!("copy-{name}"));
        stage(&input, Target::File { path: &copy, replace: false }, &settings(&[]), &mut watch).unwrap().publish().unwrap();
        assert!(fs::read(&copy).unwrap() == bytes, "{name}: copied");
        // A third of it, on the last channel.
        let (from, to) = (form.frames / 3, 2 * form.frames / 3);
        let output = folder.path().join(&name);
        let channel = form.channels - 1;
        let settings = settings(&[&format!("{channel}:@{from}-@{to}")]);
        let staged = stage(&input, Target::File { path: &output, replace: false }, &settings, &mut watch).unwrap_or_else(|e| panic!("{e}"));
        let told: Vec<_> = staged.plan().redactions().collect();
        assert!(told.iter().any(|one| one.channel == channel && one.span.start <= from && one.span.end >= to), "{name}: {told:?}");
        let asked = staged.asked().unwrap().clone();
        assert!(asked.redactions().count() == 1, "{name}");
        staged.publish().unwrap();
        let scrubbed = Call::open(&output).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((scrubbed.form().frames, scrubbed.form().coding), (form.frames, form.coding), "{name}");
        // The check that ran is one that finds what is wrong: a byte that nobody was told of.
        let original = Call::open(&input).unwrap();
        assert!(verify(original, &output, Some(asked.clone()), &settings, &mut watch).unwrap().left.is_empty(), "{name}");
        let mut spoilt = fs::read(&output).unwrap();
        let last = spoilt.len() - 3;
        spoilt[last] ^= 0x10;
        fs::write(&output, spoilt).unwrap();
        assert!(verify(Call::open(&input).unwrap(), &output, Some(asked), &settings, &mut watch).is_err(), "{name}: a changed byte passed");
        // And a copy is not what was asked for.
        let call = Call::open(&input).unwrap();
        let plan = stage(&input, Target::Nowhere, &settings, &mut watch).unwrap().asked().unwrap().clone();
        let silent = verify(call, &copy, Some(plan), &settings, &mut watch);
        assert!(silent.is_err(), "{name}: the original passed for a scrubbed one");
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen, ["FLAC", "GSM 6.10", "IMA ADPCM", "MP3", "MS ADPCM", "Opus"]);
}

/// Six keys of one channel of 8 kHz, and their samples of 16 bits.
fn keyed_call() -> (tone::Dialled, Vec<i16>) {
    let keys = Tone { level_dbm0: -13.0, on_ms: 90.0, off_ms: 110.0, ..Tone::default() };
    let call = tone::dial("41112#", &keys, 8_000, 300.0, &mut Rng::new(2));
    let linear = signal::to_i16(&call.samples);
    (call, linear)
}

#[test]
fn bare_samples_and_au_are_scrubbed_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let (call, linear) = keyed_call();
    let codes: Vec<u8> = linear.iter().map(|sample| cardhush_core::g711::linear_to_ulaw(*sample)).collect();
    let words = [u32::from_be_bytes(*b".snd"), 28, codes.len() as u32, 1, 8_000, 1, u32::from_be_bytes(*b"call")];
    let au: Vec<u8> = words.into_iter().flat_map(u32::to_be_bytes).chain(codes.iter().copied()).collect();
    let files =
        [("a.ulaw", codes, 0, 1), ("a.sln", linear.iter().flat_map(|sample| sample.to_le_bytes()).collect(), 0, 2), ("a.au", au, 28, 1)];
    let mut settings = Settings::default();
    settings.spoken = None;
    for (name, bytes, header, each) in files {
        let path = folder.path().join(name);
        fs::write(&path, &bytes).unwrap();
        let staged = stage(&path, Target::InPlace, &settings, &mut |_| ControlFlow::Continue(())).unwrap();
        let plan = staged.plan().clone();
        staged.publish().unwrap();
        let after = fs::read(&path).unwrap();
        assert_eq!((after.len(), &after[..header]), (bytes.len(), &bytes[..header]), "{name}");
        for (at, (before, after)) in bytes[header..].chunks(each).zip(after[header..].chunks(each)).enumerate() {
            let masked = plan.channel(0).iter().any(|(span, _)| span.contains(at as u64));
            assert!(masked || before == after, "{name}: sample {at}");
        }
        for span in &call.spans {
            let middle = (span.start + span.end) as u64 / 2;
            assert!(plan.channel(0).iter().any(|(one, _)| one.contains(middle)), "{name}: a key at {middle}");
        }
    }
}

/// Writes one sample in a coding.
type Encode = Box<dyn Fn(i16) -> Vec<u8>>;

/// The same samples with the most significant byte first come out as the same samples, and are verified against their original.
#[test]
fn au_of_linear_samples_is_scrubbed_as_bare_ones_are() {
    let folder = tempfile::tempdir().unwrap();
    let (_, linear) = keyed_call();
    let mut settings = Settings::default();
    settings.spoken = None;
    let mut watch = |_| ControlFlow::Continue(());
    let bare = folder.path().join("a.sln");
    fs::write(&bare, linear.iter().flat_map(|sample| sample.to_le_bytes()).collect::<Vec<u8>>()).unwrap();
    let staged = stage(&bare, Target::InPlace, &settings, &mut watch).unwrap();
    let spans: Vec<_> = staged.plan().redactions().collect();
    assert!(spans.len() >= 6);
    staged.publish().unwrap();
    let expected: Vec<i16> = fs::read(&bare).unwrap().as_chunks::<2>().0.iter().map(|two| i16::from_le_bytes(*two)).collect();
    let integer = |bits: u32| move |sample: i16| (i32::from(sample) << (bits - 16)).to_be_bytes()[(4 - bits as usize / 8)..].to_vec();
    let codings: [(u32, usize, Encode); 5] = [
        (3, 2, Box::new(integer(16))),
        (4, 3, Box::new(integer(24))),
        (5, 4, Box::new(integer(32))),
        (6, 4, Box::new(|sample| (f32::from(sample) / 32_768.0).to_be_bytes().to_vec())),
        (7, 8, Box::new(|sample| (f64::from(sample) / 32_768.0).to_be_bytes().to_vec())),
    ];
    for (encoding, each, write) in codings {
        let words = [u32::from_be_bytes(*b".snd"), 24, (linear.len() * each) as u32, encoding, 8_000, 1];
        let of = |samples: &[i16]| {
            words.into_iter().flat_map(u32::to_be_bytes).chain(samples.iter().flat_map(|one| write(*one))).collect::<Vec<u8>>()
        };
        let (path, output) = (folder.path().join("a.au"), folder.path().join("b.au"));
        fs::write(&path, of(&linear)).unwrap();
        let staged = stage(&path, Target::File { path: &output, replace: true }, &settings, &mut watch).unwrap();
        assert_eq!(staged.plan().redactions().collect::<Vec<_>>(), spans, "encoding {encoding}");
        staged.publish().unwrap();
        let (after, same) = (fs::read(&output).unwrap(), of(&expected));
        for (at, (after, (before, same))) in
            after[24..].chunks(each).zip(fs::read(&path).unwrap()[24..].chunks(each).zip(same[24..].chunks(each))).enumerate()
        {
            let masked = spans.iter().any(|one| one.span.contains(at as u64));
            // More bits make finer noise: the two first bytes are what 16 bits would be, or one off where they were rounded up.
            let near =
                |one: &[u8], other: &[u8]| (i16::from_be_bytes([one[0], one[1]]) - i16::from_be_bytes([other[0], other[1]])).abs() <= 1;
            assert!(if masked { encoding > 5 || near(after, same) } else { after == before }, "encoding {encoding}: sample {at}");
        }
        if encoding == 3 {
            assert_eq!(after, same);
        }
        // Of two channels, behind a text, with what is no whole sample at the end.
        let header = [u32::from_be_bytes(*b".snd"), 28, u32::MAX, encoding, 8_000, 2, u32::from_be_bytes(*b"call")];
        let both = linear.iter().flat_map(|sample| [write(*sample), write(0)].concat());
        let stereo: Vec<u8> = header.into_iter().flat_map(u32::to_be_bytes).chain(both).chain([7]).collect();
        let (path, output) = (folder.path().join("c.au"), folder.path().join("d.au"));
        fs::write(&path, &stereo).unwrap();
        let staged = stage(&path, Target::File { path: &output, replace: true }, &settings, &mut watch).unwrap();
        assert!(staged.form().notes.iter().any(|note| note == "the last 1 bytes are no whole sample"), "{:?}", staged.form().notes);
        let plan = staged.plan().clone();
        assert_eq!(plan.channel(0).len(), spans.len(), "encoding {encoding}");
        staged.publish().unwrap();
        let after = fs::read(&output).unwrap();
        assert_eq!((after.len(), &after[..28], after.last()), (stereo.len(), &stereo[..28], Some(&7)));
        for (at, (before, after)) in stereo[28..].chunks_exact(each).zip(after[28..].chunks_exact(each)).enumerate() {
            let masked = plan.channel((at % 2) as u8).iter().any(|(span, _)| span.contains(at as u64 / 2));
            assert!(masked || before == after, "encoding {encoding}: sample {at} of both");
        }
        let (path, output) = (folder.path().join("a.au"), folder.path().join("b.au"));
        let verified = verify(Call::open(&path).unwrap(), &output, None, &settings, &mut watch).unwrap();
        assert!(verified.left.is_empty(), "encoding {encoding}");
    }
}

#[test]
fn an_empty_file_is_no_recording() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.wav", "a.ulaw", "a.sln", "a.au", "a.gsm", "a.mp3"] {
        let path = folder.path().join(name);
        fs::write(&path, []).unwrap();
        let refused = Call::open(&path).unwrap_err().to_string();
        assert!(refused.ends_with(": empty: 0 bytes"), "{refused}");
    }
}

#[test]
fn silence_in_a_law_is_not_taken_for_gsm() {
    let folder = tempfile::tempdir().unwrap();
    // The signature of a frame of GSM is 0xD, and A-law has 0xD5 for silence: a second of it, and then talk.
    let mut codes = vec![0xD5; 8_000];
    codes.extend((0..8_000).map(|at| (at % 251) as u8));
    for name in ["a.alaw", "a.pcma"] {
        let path = folder.path().join(name);
        fs::write(&path, &codes).unwrap();
        let call = Call::open(&path).unwrap();
        assert_eq!((&*call.form().container, call.frames()), ("raw", 16_000), "{name}");
    }
    // What is no bare samples but named so is read as what it is.
    let flac = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../codec/tests/data").join("mono8.flac")).unwrap();
    let path = folder.path().join("b.alaw");
    fs::write(&path, flac).unwrap();
    assert_eq!(Call::open(&path).unwrap().form().container, "FLAC");
}
