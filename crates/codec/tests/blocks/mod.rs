//! What the tests of codecs with fixed blocks share: a recording to code, WAVE headers, and calls of the library on bytes in memory.
#![allow(dead_code, clippy::expect_used, clippy::panic, reason = "each test takes what it needs, and a test's helpers may panic too")]

use std::io::{Cursor, Write};
use std::ops::Range;
use std::process::{Command, Stdio};

use cardhush_codec::{CodecError, Coded};
use cardhush_testkit::{line, rng::Rng, signal, speech, tone};

pub const RATE_HZ: u32 = 8_000;
/// Keys of the recording: each of another row and column.
pub const KEYS: [char; 4] = ['1', '5', '9', '#'];

/// The recording that `tests/data/blocks` holds, in all codings: speech-like sound with keys over it, clipping, hiss and silence; with where each key
/// sounds.
pub fn recording() -> (Vec<i16>, Vec<Range<usize>>) {
    let mut rng = Rng::new(20_401);
    let mut x = speech::babble(16_000, -24.0, 0.3, RATE_HZ, &mut rng);
    let mut spans = Vec::new();
    let keyed = tone::Tone { level_dbm0: -9.0, on_ms: 70.0, ..tone::Tone::default() };
    for (number, key) in KEYS.into_iter().enumerate() {
        let start = 1_500 + 3_700 * number;
        let samples = keyed.render(key, RATE_HZ, (0.4, 1.3));
        spans.push(start..start + samples.len());
        x[start..start + samples.len()].iter_mut().zip(samples).for_each(|(x, key)| *x = *x * 0.05 + key);
    }
    let mut loud = vec![0.0; 1_600];
    line::add_sine(&mut loud, 440.0, 9.0, RATE_HZ);
    line::add_white_noise(&mut loud, -10.0, &mut rng);
    x.extend(loud);
    x.extend([0.0; 800]);
    let mut hiss = vec![0.0; 1_500];
    line::add_white_noise(&mut hiss, -60.0, &mut rng);
    x.extend(hiss);
    (signal::to_i16(&x), spans)
}

/// One of the committed files.
pub fn data(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/blocks").join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{name}: {e}"))
}

pub fn open(bytes: &[u8]) -> Result<Option<Box<dyn Coded>>, CodecError> {
    cardhush_codec::open(&mut Cursor::new(bytes))
}

pub fn opened(bytes: &[u8]) -> Box<dyn Coded> {
    open(bytes).expect("read").expect("known")
}

pub fn decode(coded: &dyn Coded, bytes: &[u8], from: u64) -> Result<Vec<i16>, CodecError> {
    let mut decoder = coded.decoder(Box::new(Cursor::new(bytes)), from)?;
    let mut all = Vec::new();
    loop {
        let part = decoder.next()?;
        if part.is_empty() {
            return Ok(all);
        }
        all.extend_from_slice(part);
    }
}

pub fn rewrite(coded: &dyn Coded, bytes: &[u8], spans: &[Vec<Range<u64>>], rms: f32) -> Vec<u8> {
    let mut to = Cursor::new(Vec::new());
    coded.rewrite(&mut Cursor::new(bytes), spans, &mut |_, _| rms, &mut to).expect("written");
    to.into_inner()
}

/// Sorted, disjoint spans of a channel.
pub fn random_spans(frames: u64, rng: &mut Rng) -> Vec<Range<u64>> {
    let mut cuts: Vec<u64> = (0..2 * (1 + rng.below(4))).map(|_| rng.below(frames as usize + 1) as u64).collect();
    cuts.sort_unstable();
    cuts.chunks(2).map(|pair| pair[0]..pair[1]).filter(|span| !span.is_empty()).collect()
}

/// Checks of a rewritten file what holds for every codec here: the same length, and no byte differs but where it says.
pub fn only_blocks_changed(bytes: &[u8], spans: &[Vec<Range<u64>>], out: &[u8], coded: &dyn Coded) {
    assert_eq!(out.len(), bytes.len());
    let mut inside = vec![false; bytes.len()];
    let mut end = 0;
    for change in coded.changed(spans) {
        assert_eq!(change.before, change.after);
        assert!(change.before.start >= end && change.before.start < change.before.end, "sorted, disjoint, not empty");
        end = change.before.end;
        inside[change.before.start as usize..change.before.end as usize].fill(true);
    }
    let outside = |i: &usize| !inside[*i] && bytes[*i] != out[*i];
    assert_eq!((0..bytes.len()).find(outside), None, "a byte outside of the changes differs");
}

/// A WAVE file of one `fmt `, `fact` where given, and `data`.
pub struct Wave {
    pub tag: u16,
    pub channels: u16,
    pub rate_hz: u32,
    pub block: u16,
    pub bits: u16,
    pub extra: Vec<u8>,
    pub fact: Option<u32>,
    pub data: Vec<u8>,
}

impl Wave {
    pub fn bytes(&self) -> Vec<u8> {
        let mut fmt = Vec::new();
        fmt.extend(self.tag.to_le_bytes());
        fmt.extend(self.channels.to_le_bytes());
        fmt.extend(self.rate_hz.to_le_bytes());
        fmt.extend(4_055u32.to_le_bytes());
        fmt.extend(self.block.to_le_bytes());
        fmt.extend(self.bits.to_le_bytes());
        fmt.extend((self.extra.len() as u16).to_le_bytes());
        fmt.extend(&self.extra);
        let mut body = b"WAVE".to_vec();
        let mut chunk = |id: &[u8; 4], content: &[u8]| {
            body.extend(id);
            body.extend((content.len() as u32).to_le_bytes());
            body.extend(content);
            if content.len() % 2 == 1 {
                body.push(0);
            }
        };
        chunk(b"fmt ", &fmt);
        if let Some(fact) = self.fact {
            chunk(b"fact", &fact.to_le_bytes());
        }
        chunk(b"data", &self.data);
        let mut all = b"RIFF".to_vec();
        all.extend((body.len() as u32).to_le_bytes());
        all.extend(body);
        all
    }
}

/// Correlation of two signals, -1 to 1.
pub fn correlation(a: &[i16], b: &[i16]) -> f64 {
    let mean = |x: &[i16]| x.iter().map(|x| f64::from(*x)).sum::<f64>() / x.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(a, b)| f(f64::from(*a) - mean_a, f64::from(*b) - mean_b)).sum::<f64>();
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt().max(1e-9)
}

pub fn unit(samples: &[i16]) -> Vec<f64> {
    samples.iter().map(|x| f64::from(*x) / 32_768.0).collect()
}

/// FNV-1a of the samples, little-endian.
pub fn digest(samples: &[i16]) -> u64 {
    samples
        .iter()
        .flat_map(|x| x.to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// What `sox -D` with these arguments makes of `input`; `-` stands for pipes.
pub fn sox(arguments: &[&str], input: Vec<u8>) -> Vec<u8> {
    let mut child = Command::new("sox").arg("-D").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("sox");
    let mut stdin = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("sox");
    // SoX may stop reading before the end.
    let _ = writer.join().expect("no panic");
    assert!(output.status.success());
    output.stdout
}

pub fn to_bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|x| x.to_le_bytes()).collect()
}

pub fn to_samples(bytes: &[u8]) -> Vec<i16> {
    bytes.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect()
}

/// Opens, decodes and rewrites whatever it is: no panic, and what was accepted decodes to as many samples as it said.
pub fn survives(bytes: &[u8], rng: &mut Rng) -> bool {
    let Ok(Some(coded)) = open(bytes) else { return false };
    let form = coded.form().clone();
    let all = decode(&*coded, bytes, 0).expect("what was parsed can be decoded");
    assert_eq!(all.len() as u64, form.frames * u64::from(form.channels));
    let spans: Vec<_> = (0..form.channels).map(|_| random_spans(form.frames, rng)).collect();
    let out = rewrite(&*coded, bytes, &spans, 0.01);
    only_blocks_changed(bytes, &spans, &out, &*coded);
    true
}

/// `bytes` with a few bytes set, removed, put in, doubled or cut off.
pub fn mutated(bytes: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..1 + rng.below(2) {
        // Mostly in the headers.
        let within = if rng.below(3) == 0 { out.len() } else { out.len().min(120) };
        let at = rng.below(within);
        if out.len() < 16 {
            break;
        }
        match rng.below(6) {
            0 => out.truncate(at),
            1 => drop(out.remove(at)),
            2 => out.insert(at, rng.bits() as u8),
            3 => out[at] = [0, 1, 0x7f, 0x80, 0xff][rng.below(5)],
            4 => out[at] ^= 1 << rng.below(8),
            _ => out.extend_from_within(at..),
        }
    }
    out
}
