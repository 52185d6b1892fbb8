//! Every stage boundary against `model/golden.bin`, frame by frame: what the training code makes of 1.2 s of tones, clicks and noise (`model/train/golden.py`).
//! The gate is left out, since the training code has none. Errors are printed, and asserted against tolerances that are derived here.

use super::mel::{Frame, Level, Mel, SPAN};
use super::model::{BANDS, Layer, Model};
use super::net::{Layers, Net, STEP};
use super::{ANY, LEAD, ONSET, SLOT, sigmoid};
use crate::config::Isa;
use std::vec::Vec;
use std::{format, println, vec};

/// Energies: the reference's and our transform are both of f32. A rounding errs by at most 2^-24 of what it rounds; on the way to a bin lie about ten, window, eight steps
/// and power; their errors are at most as large as the frame's whole amplitude, so that a band errs by at most 2 * 10 * 2^-24 of the geometric mean
/// of its own and the frame's energy (the larger of the two frames that go together) per bin and implementation. Bands have at most 8 bins.
const ENERGY: f64 = 2.0 * 10.0 / 16_777_216.0 * 2.0 * 8.0;
/// Levels and features: logarithms of about 2^4 at most, sums and products of a few such, each rounded to 2^-24 of itself; plus what the energies err by, relative to the floor
/// of 1e-6 beside them at least.
const LOG: f64 = 8.0 * 16.0 / 16_777_216.0;
/// What a layer gives may err by so many standard deviations, see [`Spread`]; there are 41,000 numbers, of which 1e-5 may lie beyond 4.4.
const DEVIATIONS: f64 = 6.0;

/// Sections of the golden file, as f64 rows.
struct Golden(Vec<Vec<Vec<f64>>>);

impl Golden {
    fn read() -> Self {
        let bytes = include_bytes!("../../model/golden.bin");
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!(&bytes[..8], b"CHGOLD01");
        let mut at = 12;
        let sections = (0..word(8)).map(|_| {
            let (wide, rows, columns) = (word(at) == 1, word(at + 4), word(at + 8));
            let (start, size) = (at + 12, if wide { 4 } else { 2 });
            at = start + (rows * columns * size).next_multiple_of(4);
            let number = |i: usize| {
                let at = start + i * size;
                if wide { f64::from(f32::from_bits(word(at) as u32)) } else { f64::from(i16::from_le_bytes([bytes[at], bytes[at + 1]])) }
            };
            (0..rows).map(|row| (0..columns).map(|column| number(row * columns + column)).collect()).collect()
        });
        Self(sections.collect())
    }

    fn samples(&self) -> Vec<f32> {
        self.0[0][0].iter().map(|x| (x / 32_768.0) as f32).collect()
    }
}

/// Largest difference, printed.
fn worst(what: &str, pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut worst, mut square, mut count) = (0.0_f64, 0.0, 0.0);
    for (ours, golden) in pairs {
        worst = worst.max((ours - golden).abs());
        square += (ours - golden).powi(2);
        count += 1.0;
    }
    println!("{what:>12}: worst {worst:.2e}, rms {:.2e}", f64::sqrt(square / count));
    worst
}

/// What our front end makes of the golden sound, without the gate: energies, frames.
fn heard(samples: &[f32]) -> (Vec<[f32; BANDS]>, Vec<Frame>) {
    let (mel, mut level) = (Mel::new(), Level::new());
    let padded: Vec<f32> = vec![0.0; LEAD].into_iter().chain(samples.iter().copied()).collect();
    let slots = (0..samples.len() / SLOT).map(|n| *padded[n * SLOT..].first_chunk::<SPAN>().unwrap());
    let energies: Vec<_> = slots.flat_map(|x| mel.energies(&x)).collect();
    let frames = energies.iter().map(|e| level.push(e)).collect();
    (energies, frames)
}

#[test]
fn energies_levels_and_features_are_those_of_the_training() {
    let golden = Golden::read();
    let (energies, frames) = heard(&golden.samples());
    assert_eq!((energies.len(), frames.len()), (golden.0[1].len(), golden.0[3].len()));
    let whole: Vec<f64> = golden.0[1].iter().map(|e| e.iter().sum()).collect();
    let mut most = 0.0_f64;
    for (t, (ours, golden)) in energies.iter().zip(&golden.0[1]).enumerate() {
        let pair = whole[t & !1].max(whole[t | 1]);
        for (b, (ours, golden)) in ours.iter().zip(golden).enumerate() {
            let share = (f64::from(*ours) - golden).abs() / (golden * pair).sqrt().max(1e-12);
            assert!(share < ENERGY, "frame {t}, band {b}: {ours}, golden {golden}");
            most = most.max(share);
        }
    }
    println!("    energies: worst {most:.2e} of the geometric mean of band and frame");
    // From the golden energies on, so that what is left is the logarithm and the level alone.
    let mut level = Level::new();
    let frames: Vec<(Frame, f64)> = golden.0[1]
        .iter()
        .map(|e| {
            let e: Vec<f32> = e.iter().map(|&e| e as f32).collect();
            let frame = level.push(e.first_chunk().unwrap());
            (frame, f64::from(e.iter().sum::<f32>() + 1e-6).ln() - f64::from(frame.above))
        })
        .collect();
    assert!(worst("level", frames.iter().map(|f| f.1).zip(golden.0[2].iter().map(|l| l[0]))) < LOG);
    let ours = frames.iter().flat_map(|f| f.0.features.map(f64::from));
    assert!(worst("features", ours.zip(golden.0[3].iter().flatten().copied())) < LOG);
}

/// Variance of the errors of each channel. A layer's inputs are rounded: an error that is even over one step has a twelfth of its square. It adds, times the
/// squares of the weights, to what the inputs erred by already; a rectifier makes no error larger.
struct Spread(Vec<f64>);

impl Spread {
    fn through(&mut self, layer: &Layer, adds: bool) {
        let inputs = layer.weights.len() / layer.scales.len();
        let rounding = f64::from(STEP).powi(2) / 12.0;
        let out = layer.weights.chunks_exact(inputs).zip(layer.scales).enumerate().map(|(o, (row, scale))| {
            let weight = |w: u8| (f64::from(w as i8) * f64::from(f32::from_le_bytes(*scale))).powi(2);
            let sum: f64 = row.iter().enumerate().map(|(i, &w)| weight(w) * (rounding + self.0[i % self.0.len()])).sum();
            sum + if adds { self.0[o] } else { 0.0 }
        });
        self.0 = out.collect();
    }
}

/// From the golden features on, each layer's output.
#[test]
fn every_layer_gives_what_the_training_code_gives() {
    let (golden, model) = (Golden::read(), Model::digits());
    let (layers, mut net) = (Layers::new(&model), Net::new());
    let head = model.blocks() + 1;
    let mut outputs = vec![Vec::new(); head + 1];
    for pair in golden.0[3].as_chunks::<2>().0 {
        let pair = pair.each_ref().map(|row| Frame { features: core::array::from_fn(|b| row[b] as f32), loudness: 0.0, above: 0.0 });
        let logits = net.push(Isa::detect(), &layers, &pair, |layer, h| outputs[layer].push(h.to_vec()));
        outputs[head].push(logits.to_vec());
    }
    let mut spread = Spread(vec![0.0; BANDS]);
    for (i, ours) in outputs.iter().enumerate() {
        spread.through(&model.layer(i), (1..head).contains(&i));
        let (ours, golden) = (ours.concat(), golden.0[4 + i].concat());
        assert_eq!(ours.len(), golden.len());
        let ours = ours.into_iter().map(f64::from);
        worst(&format!("layer {i}"), ours.clone().zip(golden.iter().copied()));
        let deviations =
            ours.zip(golden).zip(spread.0.iter().cycle()).map(|((ours, golden), variance)| (ours - golden).abs() / variance.sqrt());
        let most = deviations.fold(0.0, f64::max);
        println!("              at most {most:.2} standard deviations, {:.2e}", spread.0.iter().fold(0.0, |a, &b| f64::max(a, b)).sqrt());
        assert!(most < DEVIATIONS, "layer {i}: {most}");
    }
}

/// From the samples on, the posteriors that leave the stage. A logit's spread is 0.03 by the estimate above, which takes all of an error as passed on; a sigmoid
/// makes a quarter of it at most.
#[test]
fn posteriors_are_those_of_the_training() {
    let golden = Golden::read();
    let (layers, mut net) = (Layers::new(&Model::digits()), Net::new());
    let (_, frames) = heard(&golden.samples());
    let logits: Vec<_> = frames.as_chunks::<2>().0.iter().map(|pair| net.push(Isa::detect(), &layers, pair, |_, _| {})).collect();
    let posteriors = golden.0.last().unwrap();
    assert_eq!(logits.len(), posteriors.len());
    for output in [ANY, ONSET] {
        let ours = logits.iter().map(|logits| f64::from(sigmoid(logits[output])));
        assert!(worst(&format!("output {output}"), ours.zip(posteriors.iter().map(|row| row[output]))) < DEVIATIONS * 0.03 / 4.0);
    }
}
