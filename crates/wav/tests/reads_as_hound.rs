//! Claim: every format reads as hound reads it, where hound reads it; the others read as they were written.
#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

use std::io::Cursor;

use cardhush_testkit::rng::Rng;
use cardhush_testkit::wav::{ALAW, FLOAT, PCM, ULAW, WavFile, fmt, fmt_extensible};
use cardhush_wav::{Blocks, SampleCoding, Wav};

fn random_bytes(rng: &mut Rng, len: usize) -> Vec<u8> {
    (0..len).map(|_| rng.bits() as u8).collect()
}

/// All frames, read through a buffer that fits no frame evenly.
fn read(bytes: &[u8]) -> (Wav, Vec<u8>) {
    let mut file = Cursor::new(bytes);
    let wav = Wav::parse(&mut file).unwrap();
    let mut blocks = Blocks::new(&wav, &mut file, 0..wav.frames()).unwrap();
    let (mut buffer, mut read) = ([0; 97], Vec::new());
    while let Some(block) = blocks.next_block(&mut buffer).unwrap() {
        read.extend_from_slice(block);
    }
    (wav, read)
}

/// Linear samples of any width as integers, from the definition: 8 bits unsigned, wider ones in two's complement.
fn linear(bytes: &[u8], width: usize) -> Vec<i32> {
    let sample = |bytes: &[u8]| match bytes {
        [byte] => i32::from(*byte) - 128,
        _ => bytes
            .iter()
            .rev()
            .enumerate()
            .fold(0, |sum, (i, byte)| if i == 0 { i32::from(*byte as i8) } else { sum << 8 | i32::from(*byte) }),
    };
    bytes.chunks_exact(width).map(sample).collect()
}

#[test]
fn linear_as_hound() {
    let mut rng = Rng::new(1);
    for (bits, coding) in
        [(8, SampleCoding::Linear8), (16, SampleCoding::Linear16), (24, SampleCoding::Linear24), (32, SampleCoding::Linear32)]
    {
        for channels in 1..=8 {
            for rate_hz in [6_000, 8_000, 44_100, 192_000] {
                let data = random_bytes(&mut rng, 50 * usize::from(channels * bits / 8));
                for fmt in [fmt(PCM, channels, rate_hz, bits), fmt_extensible(PCM, channels, rate_hz, bits, bits)] {
                    let bytes = WavFile::new(fmt, data.clone()).to_bytes();
                    let (wav, ours) = read(&bytes);
                    let mut hound = hound::WavReader::new(Cursor::new(&bytes)).unwrap();
                    let spec = hound.spec();
                    assert_eq!((wav.format().coding, wav.format().valid_bits), (coding, bits));
                    assert_eq!((wav.format().channels, wav.format().rate_hz), (spec.channels, spec.sample_rate));
                    assert_eq!(wav.frames(), u64::from(hound.duration()));
                    assert_eq!(linear(&ours, usize::from(bits / 8)), hound.samples::<i32>().map(Result::unwrap).collect::<Vec<_>>());
                    assert_eq!(wav.notes(), []);
                }
            }
        }
    }
}

#[test]
fn float_as_hound() {
    let mut rng = Rng::new(2);
    for channels in 1..=8 {
        let data = random_bytes(&mut rng, 50 * usize::from(channels * 4));
        for fmt in [fmt(FLOAT, channels, 16_000, 32), fmt_extensible(FLOAT, channels, 16_000, 32, 32)] {
            let bytes = WavFile::new(fmt, data.clone()).to_bytes();
            let (wav, ours) = read(&bytes);
            assert_eq!((wav.format().coding, wav.format().valid_bits), (SampleCoding::Float32, 32));
            let hound = hound::WavReader::new(Cursor::new(&bytes)).unwrap().into_samples::<f32>();
            let hound: Vec<u32> = hound.map(|sample| sample.unwrap().to_bits()).collect();
            let ours: Vec<u32> = ours.chunks_exact(4).map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap())).collect();
            assert_eq!(ours, hound);
        }
    }
}

#[test]
fn what_hound_refuses_as_it_was_written() {
    let mut rng = Rng::new(3);
    for (tag, bits, coding) in [(ALAW, 8, SampleCoding::Alaw), (ULAW, 8, SampleCoding::Ulaw), (FLOAT, 64, SampleCoding::Float64)] {
        for channels in 1..=8 {
            let data = random_bytes(&mut rng, 50 * usize::from(channels * bits / 8));
            for fmt in [fmt(tag, channels, 8_000, bits), fmt_extensible(tag, channels, 8_000, bits, bits)] {
                let (wav, ours) = read(&WavFile::new(fmt, data.clone()).to_bytes());
                assert_eq!((wav.format().coding, wav.format().channels, wav.frames()), (coding, channels, 50));
                assert_eq!(ours, data);
            }
        }
    }
}

#[test]
fn fewer_valid_bits_than_the_container_has() {
    for (fmt, coding, valid_bits) in [
        (fmt(PCM, 1, 8_000, 12), SampleCoding::Linear16, 12),
        (fmt(PCM, 1, 8_000, 20), SampleCoding::Linear24, 20),
        (fmt_extensible(PCM, 1, 8_000, 16, 13), SampleCoding::Linear16, 13),
        (fmt_extensible(PCM, 1, 8_000, 32, 24), SampleCoding::Linear32, 24),
    ] {
        let (wav, _) = read(&WavFile::new(fmt, vec![0; 24]).to_bytes());
        assert_eq!((wav.format().coding, wav.format().valid_bits), (coding, valid_bits));
    }
}

#[test]
fn every_sample_is_where_it_is_said_to_be() {
    let file = WavFile::new(fmt(PCM, 3, 8_000, 24), (0..90).collect());
    let bytes = file.to_bytes();
    let wav = Wav::parse(&mut Cursor::new(&bytes)).unwrap();
    for sample in 0..10 {
        for channel in 0..3 {
            let at = wav.offset_of(channel, sample).unwrap() as usize;
            assert_eq!(u64::from(bytes[at]), sample * 9 + u64::from(channel) * 3);
        }
    }
    assert_eq!((wav.offset_of(3, 0), wav.offset_of(0, 10), wav.offset_of(u16::MAX, u64::MAX)), (None, None, None));
}
