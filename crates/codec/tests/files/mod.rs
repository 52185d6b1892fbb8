//! What the tests of every block codec ask: files that were generated (`data/README.md`), read, rewritten and compared.
#![allow(dead_code)]

use std::io::Cursor;
use std::ops::Range;

use cardhush_codec::{CodecError, Coded, open};
use cardhush_testkit::dft;

/// Key 5, from 0.6 to 0.72 s of every fixture.
pub const KEY_HZ: [f64; 2] = [770.0, 1336.0];
/// Key 9, from 0.9 to 1.0 s, where the fixture is as long.
pub const OTHER_KEY_HZ: [f64; 2] = [852.0, 1477.0];

pub fn parse(file: &[u8]) -> Result<Box<dyn Coded>, CodecError> {
    Ok(open(&mut Cursor::new(file))?.expect("a codec knows it"))
}

/// Interleaved samples from `from` to the end.
pub fn decode(coded: &dyn Coded, file: &[u8], from: u64) -> Result<Vec<i16>, CodecError> {
    let mut decoder = coded.decoder(Box::new(Cursor::new(file.to_vec())), from)?;
    let mut samples = Vec::new();
    loop {
        let block = decoder.next()?;
        if block.is_empty() {
            return Ok(samples);
        }
        samples.extend_from_slice(block);
    }
}

/// All of a file, opened and decoded.
pub fn pcm(file: &[u8]) -> Result<Vec<i16>, CodecError> {
    let coded = parse(file)?;
    let samples = decode(&*coded, file, 0)?;
    assert_eq!(samples.len() as u64, coded.form().frames * u64::from(coded.form().channels), "the form tells as many samples as come");
    Ok(samples)
}

pub fn rewrite(coded: &dyn Coded, file: &[u8], spans: &[Vec<Range<u64>>], level: f32) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    coded.rewrite(&mut Cursor::new(file), spans, &mut |_, _| level, &mut out).unwrap();
    out.into_inner()
}

/// The same span on every channel.
pub fn everywhere(coded: &dyn Coded, span: Range<u64>) -> Vec<Vec<Range<u64>>> {
    vec![vec![span]; usize::from(coded.form().channels)]
}

/// That nothing differs outside of what is said to change, and that the lengths fit.
pub fn assert_kept(coded: &dyn Coded, file: &[u8], out: &[u8], spans: &[Vec<Range<u64>>]) {
    let (mut before, mut after) = (0, 0);
    for change in coded.changed(spans) {
        let (b, a) = (change.before.start as usize, change.after.start as usize);
        assert!(b >= before && a >= after, "sorted and disjoint: {change:?}");
        assert!(file[before..b] == out[after..a], "bytes before {change:?} differ");
        (before, after) = (change.before.end as usize, change.after.end as usize);
    }
    assert!(file[before..] == out[after..], "bytes behind the last change differ");
}

/// One channel as numbers.
pub fn channel(samples: &[i16], channels: usize, which: usize) -> Vec<f64> {
    samples.iter().skip(which).step_by(channels).map(|&sample| f64::from(sample)).collect()
}

/// Power of the two tones of a key.
pub fn power(samples: &[f64], hz: [f64; 2], rate_hz: u32) -> f64 {
    hz.iter()
        .map(|&hz| {
            let (re, im) = dft::bin(samples, hz, rate_hz);
            re * re + im * im
        })
        .sum()
}

/// How alike two stretches are, whatever their level.
pub fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let norm = (dot(a, a) * dot(b, b)).sqrt();
    if norm > 0.0 { dot(a, b) / norm } else { 0.0 }
}

/// That a mutated or cut file is an error or samples, and ends; returns whether it was read whole.
pub fn survives(file: &[u8]) -> bool {
    let Ok(Some(coded)) = open(&mut Cursor::new(file)) else { return false };
    let frames = coded.form().frames;
    assert!(frames < 1 << 32);
    let spans = everywhere(&*coded, frames / 3..frames / 2 + 1);
    let _ = coded.changed(&spans);
    let _ = coded.rewrite(&mut Cursor::new(file), &spans, &mut |_, _| 0.01, &mut Cursor::new(Vec::new()));
    decode(&*coded, file, 0).is_ok() && decode(&*coded, file, frames / 2).is_ok()
}

/// That a file that is not the one that was parsed is told as such where it is written anew.
pub fn assert_another_file_is_told(coded: &dyn Coded, file: &[u8]) {
    let spans = everywhere(coded, 0..coded.form().frames);
    let write = |file: &[u8]| coded.rewrite(&mut Cursor::new(file), &spans, &mut |_, _| 0.0, &mut Cursor::new(Vec::new()));
    assert!(write(file).is_ok());
    assert!(matches!(write(&file[1..]), Err(CodecError::Changed)));
    assert!(write(&vec![0; file.len()]).is_err());
    assert!(decode(coded, &file[..file.len() / 2], 0).is_err() && decode(coded, &vec![0; file.len()], 0).is_err());
}
