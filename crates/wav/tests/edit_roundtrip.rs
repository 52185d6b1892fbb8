//! Claim: an edit changes the samples it was asked to change and no other byte, whatever the file.
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

use std::io::Cursor;
use std::ops::Range;

use cardhush_testkit::wav::{ALAW, FLOAT, PCM, ULAW, WavFile, fmt, fmt_extensible};
use cardhush_wav::Wav;
use proptest::collection::vec;
use proptest::prelude::*;

const CODINGS: [(u16, u16); 8] = [(PCM, 8), (PCM, 16), (PCM, 24), (PCM, 32), (FLOAT, 32), (FLOAT, 64), (ALAW, 8), (ULAW, 8)];

/// Any file that is in order or was streamed, with chunks of any length on both sides.
fn any_file() -> impl Strategy<Value = WavFile> {
    let chunk = || (prop::sample::select(vec![*b"bext", *b"LIST", *b"vndr"]), vec(0x80_u8.., 0..40));
    let form = prop::sample::select(vec![*b"RIFF", *b"RF64", *b"BW64"]);
    let coding = prop::sample::select(&CODINGS[..]);
    (form, coding, 1..=8_u16, any::<bool>(), vec(any::<u8>(), 1..2_000), vec(chunk(), 0..3), vec(chunk(), 0..3), any::<bool>()).prop_map(
        |(form, (tag, bits), channels, extensible, data, before, after, streamed)| {
            let fmt = if extensible { fmt_extensible(tag, channels, 8_000, bits, bits) } else { fmt(tag, channels, 8_000, bits) };
            let file = WavFile { form, before, ..WavFile::new(fmt, data) };
            if streamed { WavFile { data_len: Some(u32::MAX), ds64_data: Some(u64::MAX), ..file } } else { WavFile { after, ..file } }
        },
    )
}

/// What a sample is overwritten with: never zero, different from its neighbours.
fn mark(sample: u64, byte: usize) -> u8 {
    (sample * 7 + byte as u64) as u8 | 1
}

/// Edits the file and, beside it, the bytes where the samples must be by the format's definition.
fn check(file: &WavFile, edits: &[(u16, Range<u64>)]) {
    let mut expected = file.to_bytes();
    let channels = usize::from(file.fmt[2]);
    let frame_bytes = usize::from(file.fmt[12]);
    let sample_bytes = frame_bytes / channels;
    let mut edited = Cursor::new(expected.clone());
    let wav = Wav::parse(&mut edited).unwrap();
    for (channel, samples) in edits {
        wav.overwrite(&mut edited, *channel, samples.clone(), |sample, bytes| {
            assert!(bytes.iter().all(|byte| *byte == 0), "the fill has seen what it replaces");
            bytes.iter_mut().enumerate().for_each(|(byte, to)| *to = mark(sample, byte));
        })
        .unwrap();
        for sample in samples.clone() {
            let at = file.data_at() + sample as usize * frame_bytes + usize::from(*channel) * sample_bytes;
            (0..sample_bytes).for_each(|byte| expected[at + byte] = mark(sample, byte));
        }
    }
    let edited = edited.into_inner();
    assert!(edited == expected, "an edit has changed what it should not have, or not all of what it should have");
    let again = Wav::parse(&mut Cursor::new(&edited)).unwrap();
    assert_eq!((again.chunks(), again.notes(), again.data()), (wav.chunks(), wav.notes(), wav.data()));
}

proptest! {
    #[test]
    fn nothing_else_changes(file in any_file(), edits in vec((0..8_u16, any::<u64>(), any::<u64>()), 1..4)) {
        let channels = u16::from(file.fmt[2]);
        let frames = (file.data.len() / usize::from(file.fmt[12])) as u64;
        let edits: Vec<_> = edits.into_iter().map(|(channel, start, len)| {
            let start = start % (frames + 1);
            (channel % channels, start..start + len % (frames - start + 1))
        }).collect();
        check(&file, &edits);
    }
}

#[test]
fn longer_than_any_buffer() {
    for (tag, bits) in CODINGS {
        let file = WavFile::new(fmt(tag, 3, 8_000, bits), vec![0xEE; 3 * 8 * 20_000]);
        check(&file, &[(2, 1..19_999), (0, 5..6)]);
    }
}

#[test]
fn samples_that_are_not_there_change_nothing() {
    let bytes = WavFile::new(fmt(PCM, 2, 8_000, 16), vec![0xEE; 40]).to_bytes();
    let mut file = Cursor::new(bytes.clone());
    let wav = Wav::parse(&mut file).unwrap();
    let table = [
        (2, Range { start: 0, end: 1 }, "samples 0..1 of channel 2: the file has 10 samples in 2 channels"),
        (0, Range { start: 0, end: 11 }, "samples 0..11 of channel 0: the file has 10 samples in 2 channels"),
        (0, Range { start: 5, end: 4 }, "samples 5..4 of channel 0: the file has 10 samples in 2 channels"),
    ];
    for (channel, samples, message) in table {
        let error = wav.overwrite(&mut file, channel, samples, |_, bytes| bytes.fill(1)).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    assert_eq!(file.into_inner(), bytes);
}
