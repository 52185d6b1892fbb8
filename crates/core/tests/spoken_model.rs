//! Claim: whatever bytes are given as a model, it is refused with what is wrong with it, or it runs; nothing panics, and posteriors are numbers from 0 to 1.
//!
//! A small model is made here, by the description in `model/train/blob.py`; its digest is made right again behind every damage, which then reaches the checks behind it.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic too")]

use cardhush_core::spoken::{Malformed, Params, Spotter, Unsupported};
use cardhush_core::{Isa, Model, ModelError};
use cardhush_testkit::rng::Rng;
use sha2::{Digest, Sha256};

const DIGITS: &[u8] = include_bytes!("../model/digits.bin");
const HEADER: usize = 64;
const ROW: usize = 32;

/// Inputs, outputs, taps, stride and dilation of each layer.
type Shape = [u32; 5];

fn small(channels: u32, dilations: &[u32]) -> Vec<Shape> {
    let blocks = dilations.iter().map(|&dilation| [channels, channels, 3, 1, dilation]);
    [[40, channels, 4, 2, 1]].into_iter().chain(blocks).chain([[channels, 14, 1, 1, 1]]).collect()
}

/// A model with random weights, and scales that keep its outputs moderate.
fn blob(shapes: &[Shape], rng: &mut Rng) -> Vec<u8> {
    let (mut table, mut data) = (Vec::new(), Vec::new());
    let start = HEADER + ROW * shapes.len();
    for [inputs, outputs, taps, stride, dilation] in shapes {
        let mut row = vec![*inputs, *outputs, *taps, *stride, *dilation];
        let weights: Vec<u8> = (0..inputs * outputs * taps).map(|_| rng.below(256) as u8).collect();
        let floats = |scale: f64, rng: &mut Rng| (0..*outputs).flat_map(|_| ((rng.normal() * scale) as f32).to_le_bytes()).collect();
        for part in [weights, floats(1e-3, rng), floats(0.3, rng)] {
            data.resize((start + data.len()).next_multiple_of(16) - start, 0);
            row.push((start + data.len()) as u32);
            data.extend(part);
        }
        table.extend(row.into_iter().flat_map(u32::to_le_bytes));
    }
    let mut bytes = b"CHDIGIT1".to_vec();
    bytes.extend([1, (start + data.len()) as u32, shapes.len() as u32, 40, 14, 3].into_iter().flat_map(u32::to_le_bytes));
    bytes.extend([0; 32]);
    bytes.extend(table);
    bytes.extend(data);
    sealed(bytes)
}

/// The digest put right.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let digest = Sha256::digest(&bytes[HEADER..]);
    bytes[HEADER - 32..HEADER].copy_from_slice(&digest);
    bytes
}

/// Reads it and, if it is taken, lets it hear noise.
fn tried(bytes: Vec<u8>) -> Result<Model, ModelError> {
    let model = Model::from_bytes(bytes.leak())?;
    for isa in [Isa::Portable, Isa::detect()] {
        let (mut rng, mut count) = (Rng::new(7), 0);
        let (params, mut spotter) = (Params::new(isa, model), Spotter::new());
        let noise: Vec<f32> = (0..160 * 70).map(|_| rng.between(-1.0, 1.0) as f32).collect();
        spotter.push(&params, &noise, &mut |slot| {
            assert!((0.0..=1.0).contains(&slot.any) && (0.0..=1.0).contains(&slot.onset), "{slot:?}");
            count += 1;
        });
        assert_eq!(count, 70);
    }
    Ok(model)
}

fn with(bytes: &[u8], at: usize, word: u32) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
    sealed(bytes)
}

#[test]
fn the_model_that_comes_along_is_in_order() {
    let model = Model::from_bytes(DIGITS).unwrap();
    assert_eq!(model, Model::digits());
    assert_eq!(model.shift(), 15);
    assert_eq!(model.hash()[..], Sha256::digest(DIGITS)[..], "the name of the whole blob, its shift included");
    let printed = format!("{model:?}");
    assert!(printed.starts_with("Model { digest: ") && printed.ends_with("bytes: 140216 }") && printed.len() < 120, "{printed}");
}

#[test]
fn every_width_and_depth_within_the_limits_runs() {
    let mut rng = Rng::new(1);
    for channels in [16, 32, 48, 64] {
        for dilations in [&[][..], &[1], &[64], &[3, 5, 7, 49], &[1; 16], &[4; 16]] {
            tried(blob(&small(channels, dilations), &mut rng)).unwrap();
        }
    }
}

#[test]
fn what_is_not_run_is_told_by_its_number() {
    let mut rng = Rng::new(2);
    let mut refused = |shapes: &[Shape]| match tried(blob(shapes, &mut rng)) {
        Err(ModelError::Unsupported(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&small(80, &[])), Unsupported::Channels { found: 80 });
    assert_eq!(refused(&small(24, &[])), Unsupported::Channels { found: 24 });
    assert_eq!(refused(&small(16, &[1; 17])), Unsupported::Layers { found: 19 });
    assert_eq!(refused(&small(16, &[])[..1]), Unsupported::Layers { found: 1 });
    assert_eq!(refused(&small(16, &[32, 33])), Unsupported::Dilation { layer: 2, found: 33 });
    assert_eq!(refused(&small(16, &[0])), Unsupported::Dilation { layer: 1, found: 0 });
    let mut wide = small(32, &[1, 1]);
    wide[2][0] = 16;
    assert_eq!(refused(&wide), Unsupported::Shape { layer: 2, what: "inputs", found: 16, needed: 32 });
    let mut long = small(32, &[1, 1]);
    long[1][2] = 5;
    assert_eq!(refused(&long), Unsupported::Shape { layer: 1, what: "taps", found: 5, needed: 3 });
}

#[test]
fn every_damaged_field_is_found_or_harmless() {
    let mut rng = Rng::new(3);
    let good = blob(&small(16, &[1, 2]), &mut rng);
    tried(good.clone()).unwrap();
    let (mut refused, size) = (0, good.len() as u32);
    for at in (0..32).chain(64..HEADER + 4 * ROW).step_by(4) {
        let now = u32::from_le_bytes(good[at..at + 4].try_into().unwrap());
        for word in [0, 1, now.wrapping_add(1), now.wrapping_sub(1), now ^ 0x8000_0000, size, size - 4, size - 16, 0x7fff_ffff, u32::MAX] {
            if word != now && tried(with(&good, at, word)).is_err() {
                refused += 1;
            }
        }
        for _ in 0..20 {
            let _ = tried(with(&good, at, rng.below(1 << 16) as u32 | (rng.below(1 << 16) as u32) << 16));
        }
    }
    // Of the header all but the shift is fixed by the bytes themselves; of the table all but places and dilations.
    assert!(refused > 300, "{refused}");
    for (at, word) in [(8, 2), (12, size + 1), (16, 0), (20, 41), (24, 13), (28, 49), (16, 4096)] {
        assert!(tried(with(&good, at, word)).is_err(), "{word} at {at}");
    }
    let scales = u32::from_le_bytes(good[HEADER + 24..HEADER + 28].try_into().unwrap()) as usize;
    for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 2e6, f32::MAX] {
        let error = tried(with(&good, scales, number.to_bits())).unwrap_err();
        assert_eq!(error, ModelError::Malformed(Malformed::Number { layer: 0, what: "scales", bits: number.to_bits() }));
    }
    tried(with(&good, scales, 1e6_f32.to_bits())).unwrap();
}

/// Without the digest put right, any byte that differs is found.
#[test]
fn a_digest_finds_every_damage() {
    let good = blob(&small(16, &[1]), &mut Rng::new(4));
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        let result = Model::from_bytes(bytes.leak());
        // The shift alone is not under the digest, and 2 slots are as good as 3.
        assert!(result.is_err() || at == 28, "byte {at}");
    }
    let mut bytes = DIGITS.to_vec();
    bytes[100_000] ^= 0x10;
    assert!(matches!(Model::from_bytes(bytes.leak()), Err(ModelError::Malformed(Malformed::Digest { .. }))));
}

#[test]
fn a_model_that_ends_early_is_refused() {
    for length in (0..DIGITS.len()).step_by(7) {
        let error = Model::from_bytes(&DIGITS[..length]).unwrap_err();
        assert!(matches!(error, ModelError::Malformed(Malformed::Size { given, needed }) if given == length && needed > given), "{error}");
    }
    // And with a size that says so.
    let good = blob(&small(32, &[1, 2]), &mut Rng::new(5));
    for length in (0..good.len()).step_by(7).filter(|&length| length >= HEADER) {
        assert!(tried(with(&good[..length], 12, length as u32)).is_err(), "{length}");
    }
    let longer = [&good[..], &[0]].concat();
    assert!(tried(longer.clone()).is_err());
    tried(with(&longer, 12, longer.len() as u32)).unwrap();
}

/// `f32`s that lie at odd addresses are read all the same.
#[test]
fn a_model_may_lie_anywhere() {
    let good = blob(&small(16, &[1]), &mut Rng::new(6));
    for offset in 0..4 {
        let bytes: &'static [u8] = [&vec![0; offset], &good[..]].concat().leak();
        assert_eq!(Model::from_bytes(&bytes[offset..]).unwrap(), tried(good.clone()).unwrap());
    }
}
