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

#[test]
fn bare_samples_and_au_are_scrubbed_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Tone { level_dbm0: -13.0, on_ms: 90.0, off_ms: 110.0, ..Tone::default() };
    let call = tone::dial("41112#", &keys, 8_000, 300.0, &mut Rng::new(2));
    let linear = signal::to_i16(&call.samples);
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
