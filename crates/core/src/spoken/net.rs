//! The network: features -> 14 logits per slot of 20 ms.
//!
//! Where: behind [`mel`](super::mel). In: two frames of features a slot. Out: what `model/train/net.py` calls logits, of which the last two are any
//! digit and onset. A first layer over four frames, then residual blocks `h += W relu(h)` over three slots each, then the head. Source: `model/train/blob.py`.
//!
//! Weights are the model's i8. What goes into a layer is rounded to i16 in steps of [`STEP`]; sums are exact i32, so that every instruction set and
//! every order gives the same bits; `h` itself is kept in f32. A channel remembers, of each block, its inputs at the last two dilations of slots.

use super::mel::Frame;
use super::model::{BANDS, FIRST_TAPS, Layer, MAX_BLOCKS, MAX_CHANNELS, MAX_HISTORY, Model, OUTPUTS, TAPS};
use super::simd;
use crate::config::Isa;
use crate::wipe::wipe;

/// Value of one step of a layer's input, which so holds +-32: features stay within +-6, and in half an hour of speech at levels over a range of 38 dB no layer
/// gave more than 14.3. What it costs is in the test against the golden vectors: 2e-4 of a posterior.
pub const STEP: f32 = 1.0 / 1024.0;
/// The longest input of a layer. 192 products of at most 128 * 32,768 make 8.1e8: sums do not overflow.
pub const INPUTS: usize = TAPS * MAX_CHANNELS;
const _: () = assert!(FIRST_TAPS * BANDS <= INPUTS && INPUTS * 128 * 32_768 < i32::MAX as usize);

/// What a layer takes of one slot.
type Row = [i16; MAX_CHANNELS];

/// The layers of a model, laid out.
#[derive(Clone, Debug)]
pub struct Layers {
    channels: usize,
    first: Layer,
    blocks: [Layer; MAX_BLOCKS],
    count: usize,
    head: Layer,
}

impl Layers {
    /// Looks the layers up.
    pub fn new(model: &Model) -> Self {
        let count = model.blocks().min(MAX_BLOCKS);
        let mut blocks = [Layer::NONE; MAX_BLOCKS];
        for (i, block) in blocks.iter_mut().enumerate().take(count) {
            *block = model.layer(1 + i);
        }
        Self { channels: model.channels(), first: model.layer(0), blocks, count, head: model.layer(1 + count) }
    }
}

/// What the layers remember of one channel.
#[derive(Clone)]
pub struct Net {
    /// The newest frames of features, the oldest first.
    frames: [[i16; BANDS]; FIRST_TAPS],
    /// Of each block in turn, its inputs at the last `2 * dilation` slots: a ring.
    history: [Row; MAX_HISTORY],
    /// Where in its ring each block has its oldest slot.
    oldest: [u8; MAX_BLOCKS],
}

impl Net {
    /// Nothing heard yet.
    pub const fn new() -> Self {
        Self { frames: [[0; BANDS]; FIRST_TAPS], history: [[0; MAX_CHANNELS]; MAX_HISTORY], oldest: [0; MAX_BLOCKS] }
    }

    /// Overwrites what was heard; as new.
    pub fn wipe(&mut self) {
        wipe(&mut self.frames, [0; BANDS]);
        wipe(&mut self.history, [0; MAX_CHANNELS]);
        wipe(&mut self.oldest, 0);
    }

    /// Takes the two frames of a slot and gives its logits. `keep` is shown the index and the output of each layer but the head.
    pub fn push(&mut self, isa: Isa, layers: &Layers, frames: &[Frame; 2], mut keep: impl FnMut(usize, &[f32])) -> [f32; OUTPUTS] {
        self.frames.copy_within(2.., 0);
        for (row, frame) in self.frames.iter_mut().skip(2).zip(frames) {
            for (x, feature) in row.iter_mut().zip(&frame.features) {
                *x = quantised(*feature, -32_768.0);
            }
        }
        let mut h = [0.0; MAX_CHANNELS];
        affine(isa, &layers.first, self.frames.as_flattened(), &mut h);
        keep(0, &h);
        let mut base = 0;
        for (i, (block, oldest)) in layers.blocks.iter().zip(&mut self.oldest).take(layers.count).enumerate() {
            let (newest, ring) = (rectified(&h), (TAPS - 1) * block.dilation);
            let at = usize::from(*oldest);
            let middle = if at < block.dilation { at + block.dilation } else { at - block.dilation };
            let slots = [&self.history[(base + at) % MAX_HISTORY], &self.history[(base + middle) % MAX_HISTORY], &newest];
            let mut x = [0; INPUTS];
            // Side by side, without what lies behind the last channel.
            for (to, from) in x.chunks_exact_mut(layers.channels.max(1)).zip(slots) {
                to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
            }
            affine(isa, block, x.get(..TAPS * layers.channels).unwrap_or(&[]), &mut h);
            self.history[(base + at) % MAX_HISTORY] = newest;
            *oldest = if at + 1 < ring { (at + 1) as u8 } else { 0 };
            base += ring;
            keep(1 + i, &h);
        }
        let mut logits = [0.0; OUTPUTS];
        affine(isa, &layers.head, rectified(&h).get(..layers.channels).unwrap_or(&[]), &mut logits);
        logits
    }
}

/// Adds a layer's output for the input `x`.
#[inline(always)]
fn affine(isa: Isa, layer: &Layer, x: &[i16], h: &mut [f32]) {
    let mut sums = [0; MAX_CHANNELS];
    simd::products(isa, layer.weights, x, &mut sums);
    for (((h, sum), scale), bias) in h.iter_mut().zip(sums).zip(layer.scales).zip(layer.biases) {
        *h += f32::from_le_bytes(*bias) + f32::from_le_bytes(*scale) * (sum as f32 * STEP);
    }
}

/// `sums[o]` = the sum of `weights[o][i] * x[i]`: the scalar twin of [`simd`]. At most 192 inputs, a multiple of 16.
#[inline(always)]
pub fn products(weights: &[u8], x: &[i16], sums: &mut [i32]) {
    for (row, sum) in weights.chunks_exact(x.len().max(1)).zip(sums) {
        *sum = row.iter().zip(x).map(|(&w, &x)| i32::from(w as i8) * i32::from(x)).sum();
    }
}

#[inline(always)]
fn rectified(h: &[f32; MAX_CHANNELS]) -> Row {
    let mut row = [0; MAX_CHANNELS];
    for (x, h) in row.iter_mut().zip(h) {
        *x = quantised(*h, 0.0);
    }
    row
}

/// The nearest whole number of steps, at least `least` and at most 32,767 of them.
#[inline(always)]
fn quantised(value: f32, least: f32) -> i16 {
    let steps = value * (1.0 / STEP);
    let steps = if steps > least { steps } else { least };
    let steps = if steps < 32_767.0 { steps } else { 32_767.0 };
    // Added to a number of this size, a fraction is rounded away, and the integer stands in the low bits.
    (steps + 12_582_912.0).to_bits() as i16
}

#[cfg(test)]
impl Net {
    /// Whether nothing of a call is left in it.
    pub fn is_blank(&self) -> bool {
        self.frames.as_flattened().iter().chain(self.history.as_flattened()).all(|x| *x == 0) && self.oldest.iter().all(|at| *at == 0)
    }
}
